"""Not told is not none: a provider that leaves the groups out and says so takes no group away."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from providers.models import GivenRight, SignInAttempt
from providers.protocol.mapping import untold_groups
from tests.providers.refresh.checked_sessions import DUE, SCOPES, by_token, later
from tests.providers.signin.journey import register_read
from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password

RULES = [{"claim_value": "staff", "group": "Staff"}, {"claim_value": "late", "group": "Late"}]
ELSEWHERE = {
    "_claim_names": {"groups": "src1"},
    "_claim_sources": {"src1": {"endpoint": "https://graph.example/me/getMemberObjects"}},
}
UNTOLD = {"in another place": ELSEWHERE, "only that there are some": {"hasgroups": True}}
User = get_user_model()


def groups():
    return sorted(User.objects.get(username="alice@corp.example").groups.values_list("name", flat=True))


def leave_groups_out(op, **instead):
    del op.person["groups"]
    for token in (op.id_token, op.refreshed_id_token):
        token.claims.update(instead)


@pytest.fixture
def alice(op, visitor):
    register_read(op, group_rules=RULES, scopes=SCOPES[:-1])
    visitor.sign_in(op)
    assert groups() == ["Staff"]
    return visitor


@pytest.mark.parametrize("instead", UNTOLD.values(), ids=UNTOLD.keys())
def test_who_is_in_too_many_groups_one_day_keeps_what_he_has(op, alice, instead):
    leave_groups_out(op, **instead)
    alice.sign_in(op)
    assert groups() == ["Staff"]
    assert GivenRight.objects.get().reason == "staff"
    assert SignInAttempt.objects.first().groups_untold == ["groups"]


def test_and_loses_it_when_the_provider_tells_again(op, alice):
    leave_groups_out(op, **ELSEWHERE)
    alice.sign_in(op)
    op.id_token.claims.clear()
    op.person["groups"] = ["late"]
    alice.sign_in(op)
    assert groups() == ["Late"]
    assert SignInAttempt.objects.first().groups_untold == []


def test_a_group_from_another_claim_still_comes(op, provider, visitor):
    provider.group_rules, provider.mapping = RULES, {"groups": "groups, roles"}
    provider.scopes = SCOPES[:-1]
    provider.save()
    visitor.sign_in(op)
    leave_groups_out(op, roles=["late"], **ELSEWHERE)
    visitor.sign_in(op)
    assert groups() == ["Late", "Staff"]


def test_groups_that_are_simply_absent_are_taken_away(op, alice):
    leave_groups_out(op, hasgroups=False)
    alice.sign_in(op)
    assert groups() == []
    assert not GivenRight.objects.exists()


def test_a_newcomer_gets_none_for_it(op, visitor):
    register_read(op, group_rules=RULES)
    leave_groups_out(op, **ELSEWHERE)
    visitor.sign_in(op)
    assert groups() == []


def test_what_no_rule_gives_any_more_goes_all_the_same(op, alice):
    provider = SignInAttempt.objects.first().provider
    provider.group_rules = RULES[1:]
    provider.save()
    leave_groups_out(op, **ELSEWHERE)
    alice.sign_in(op)
    assert groups() == []


def test_a_check_of_the_session_takes_nothing_away_either(op, visitor):
    by_token(op, group_rules=RULES)
    visitor.sign_in(op)
    leave_groups_out(op, **ELSEWHERE)
    with later(DUE):
        assert visitor.client.get("/account").status_code == 200
    assert groups() == ["Staff"]


def test_the_page_and_the_api_say_why(op, alice, client):
    leave_groups_out(op, **ELSEWHERE)
    alice.sign_in(op)
    attempt = SignInAttempt.objects.first()
    come_in_by_password(client, administrator("bob"))
    page = client.get(f"/admin/providers/signinattempt/{attempt.pk}/change/").content.decode()
    assert "No group was taken away" in page
    assert client.get(f"/api/v1/signin-attempts/{attempt.reference}").json()["groups_untold"] == ["groups"]


@pytest.mark.parametrize(
    ("claims", "path", "untold"),
    [
        ({}, "groups", ()),
        (ELSEWHERE, "groups", ("groups",)),
        (ELSEWHERE | {"groups": ["a"]}, "groups", ()),
        (ELSEWHERE | {"groups": []}, "groups", ("groups",)),
        (ELSEWHERE | {"groups": ""}, "groups", ("groups",)),
        (ELSEWHERE | {"groups": None}, "groups", ("groups",)),
        ({"groups": [], "hasgroups": 1}, "groups", ("groups",)),
        ({"groups": []}, "groups", ()),
        (ELSEWHERE, "roles", ()),
        (ELSEWHERE, "roles, groups", ("groups",)),
        (ELSEWHERE, "groups.name", ("groups.name",)),
        ({"_claim_names": {"a.b": "x"}}, "a.b.c", ("a.b.c",)),
        ({"_claim_names": ["groups"]}, "groups", ()),
        ({"_claim_names": None}, "groups", ()),
        ({"hasgroups": "true"}, "groups", ("groups",)),
        ({"hasgroups": False}, "groups", ()),
        ({"hasgroups": True}, "roles", ()),
        (ELSEWHERE, "", ()),
    ],
)
def test_a_path_is_untold_where_the_provider_says_so_and_nothing_is_there(claims, path, untold):
    assert untold_groups(claims, {"groups": path}) == untold


def test_groups_by_hand_that_a_rule_names_stay_too(op, alice):
    User.objects.get(username="alice@corp.example").groups.add(Group.objects.create(name="Late"))
    leave_groups_out(op, **ELSEWHERE)
    alice.sign_in(op)
    assert groups() == ["Late", "Staff"]
