"""A person in hundreds of groups has a token of many thousand bytes, and signs in with it."""

import pytest
from django.contrib.auth import get_user_model

from providers.models import ConsoleSession, Provider, SignInAttempt
from tests.providers.refresh.checked_sessions import DUE, by_token, is_live, later
from tests.providers.signin.journey import assert_refused, register
from tests.support.leaks import assert_without

LIMIT = 65_536


def groups(count):
    return ["staff", *(f"{number:036}" for number in range(count - 1))]


def signed_in_groups():
    return [group.name for group in get_user_model().objects.get().groups.all()]


RULES = [{"claim_value": "staff", "group": "Staff"}]


@pytest.mark.parametrize("count", [300, 1000])
def test_an_id_token_with_many_groups_signs_in(op, visitor, count):
    register(op, group_rules=RULES)
    op.userinfo.remove("groups")
    op.id_token.claims["groups"] = groups(count)
    visitor.sign_in(op)
    assert visitor.is_signed_in()
    assert signed_in_groups() == ["Staff"]
    assert 16_000 < len(op.issued_tokens[0]) <= LIMIT
    assert ConsoleSession.objects.get().id_token == op.issued_tokens[0]
    assert len(SignInAttempt.objects.get().claims_shown["groups"]) == count


def test_so_it_does_by_a_posted_form(op, visitor):
    op.client.response_types = ["id_token"]
    op.id_token.claims.update(email="alice@corp.example", groups=groups(1200))
    register(op, response_type="id_token", group_rules=RULES)
    visitor.sign_in(op)
    assert visitor.is_signed_in()
    assert 60_000 < len(op.issued_tokens[0]) <= LIMIT


def test_signed_userinfo_may_be_as_large(op, visitor):
    register(op, group_rules=RULES)
    op.userinfo.signed().claims["groups"] = groups(500)
    visitor.sign_in(op)
    assert signed_in_groups() == ["Staff"]


def test_a_session_with_such_a_token_is_checked_again(op, visitor):
    by_token(op, group_rules=RULES)
    for token in (op.id_token, op.refreshed_id_token):
        token.claims["groups"] = groups(500)
    visitor.sign_in(op)
    with later(DUE):
        assert visitor.client.get("/account").status_code == 200
    assert is_live()


def test_beyond_the_limit_the_refusal_says_size_and_limit(op, provider, visitor):
    op.id_token.claims["groups"] = groups(2000)
    assert_refused(visitor.sign_in(op), "token_too_large", 400)
    attempt = SignInAttempt.objects.get()
    size = len(op.issued_tokens[0])
    assert (attempt.expected, attempt.received) == (f"at most {LIMIT} bytes", f"{size} bytes")
    assert Provider.objects.get() == provider
    assert_without(str(SignInAttempt.objects.values().get()), op.issued_tokens[0])
