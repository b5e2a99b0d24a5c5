"""Answers by a posted form: the first leg knows no browser, the second one must be the right one."""

import datetime
from urllib.parse import urlencode

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from providers.models import SignInAttempt
from tests.providers.signin.journey import (
    Browser,
    assert_refused,
    hop_of,
    outcome_of,
    query_of,
    register,
    trace_of,
)
from tests.support.leaks import assert_without


@pytest.fixture
def implicit(op):
    op.client.response_types = ["id_token"]
    op.id_token.claims.update(email="alice@corp.example", groups=["staff"])
    return register(op, response_type="id_token")


@pytest.fixture
def posting(op):
    return register(op, extra_params={"response_mode": "form_post"})


def post(callback, **extra):
    return Client(**extra).post(callback.path, callback.form)


def test_an_id_token_by_form_signs_in(op, implicit, visitor):
    url = visitor.leave(next="/account")
    params = query_of(url)
    assert (params["response_type"], params["response_mode"]) == ("id_token", "form_post")
    assert "code_challenge" not in params
    assert visitor.arrive(op.visit(url))["Location"] == "/account"
    assert visitor.is_signed_in()
    assert op.requests_to("token") == op.requests_to("userinfo") == []
    assert op.violations == []


def test_a_code_by_form_signs_in(op, posting, visitor):
    assert visitor.sign_in(op).status_code == 302
    assert visitor.is_signed_in()
    assert op.violations == []


def test_an_error_by_form_is_told_as_one_by_redirect(op, posting, visitor):
    op.refuse("access_denied", "the person said no")
    response = visitor.sign_in(op)
    assert_refused(response, "provider_error", 403)
    assert trace_of(response).received == "access_denied: the person said no"


@pytest.mark.parametrize(("iss", "outcome"), [("https://attacker.example", "mismatch"), (None, "missing")])
def test_iss_is_checked_of_a_form_alike(op, posting, visitor, iss, outcome):
    op.callback_params["iss"] = iss
    assert_refused(visitor.sign_in(op), f"iss_parameter_{outcome}", 400)
    assert op.requests_to("token") == []


def test_the_first_leg_touches_no_session_and_leads_back_by_get(op, posting, visitor):
    callback = op.visit(visitor.leave())
    response = post(callback)
    assert hop_of(response) == "/callback/corp?" + urlencode({"state": callback.form["state"], "leg": "2"})
    assert not response.cookies
    assert Session.objects.count() == 0
    assert (response["Cache-Control"], response["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert_without(response.content.decode(), callback.form["code"])


def test_what_was_posted_is_encrypted_and_gone_afterwards(op, posting, visitor):
    callback = op.visit(visitor.leave())
    response = post(callback)
    assert_without(str(SignInAttempt.objects.values().get()), callback.form["code"])
    visitor.client.get(hop_of(response))
    assert SignInAttempt.objects.get().posted_answer is None


def test_the_second_leg_needs_the_browser_that_left(op, implicit, visitor):
    response = post(op.visit(visitor.leave()))
    assert_refused(Browser().client.get(hop_of(response)), "browser_mismatch", 400)
    assert visitor.client.get(hop_of(response)).status_code == 302


def test_a_second_post_is_refused_and_changes_nothing(op, posting, visitor):
    callback = op.visit(visitor.leave())
    response = post(callback)
    callback.form["code"] = "injected"
    assert_refused(post(callback), "state_used", 400)
    assert visitor.client.get(hop_of(response)).status_code == 302


def test_the_second_leg_is_for_once(op, posting, visitor):
    response = post(op.visit(visitor.leave()))
    visitor.client.get(hop_of(response))
    assert outcome_of(visitor.client.get(hop_of(response))) == "state_used"


def test_a_second_leg_without_a_first_is_refused(op, implicit, visitor):
    op.discovery.drop("authorization_response_iss_parameter_supported")
    state = query_of(visitor.leave())["state"]
    assert_refused(visitor.client.get(f"/callback/corp?state={state}&leg=2"), "answer_incomplete", 400)


def test_an_id_token_names_its_issuer_where_the_parameter_is_left_out(op, implicit, visitor):
    op.callback_params["iss"] = None
    assert visitor.sign_in(op).status_code == 302
    assert visitor.is_signed_in()


@pytest.mark.parametrize(("iss", "outcome"), [("https://attacker.example", "mismatch"), (None, "missing")])
def test_an_error_names_its_issuer_where_it_would_be_an_id_token(op, implicit, visitor, iss, outcome):
    op.refuse("access_denied")
    op.callback_params["iss"] = iss
    assert_refused(visitor.sign_in(op), f"iss_parameter_{outcome}", 400)


def test_an_id_token_in_the_address_line_is_not_taken_instead_of_the_posted_one(op, implicit, visitor):
    callback = op.visit(visitor.leave())
    callback.form.pop("id_token")
    assert_refused(visitor.client.get(f"{hop_of(post(callback))}&id_token=x"), "answer_incomplete", 400)


def test_a_post_is_refused_where_a_redirect_was_asked_for(op, provider, visitor):
    state = query_of(visitor.leave())["state"]
    assert_refused(
        Client().post("/callback/corp", {"state": state, "code": "x"}), "response_mode_mismatch", 400
    )


def test_a_post_with_an_unknown_state_is_refused(posting, visitor):
    assert_refused(Client().post("/callback/corp", {"state": "x", "code": "y"}), "state_unknown", 400)


def test_a_post_needs_no_csrf_token(op, posting, visitor):
    assert post(op.visit(visitor.leave()), enforce_csrf_checks=True).status_code == 200


def test_a_form_that_is_too_long_is_refused(op, posting, visitor):
    callback = op.visit(visitor.leave())
    callback.form["code"] = "x" * 82_000
    assert_refused(post(callback), "answer_refused", 400)
    assert SignInAttempt.objects.get(outcome="answer_refused").expected == "up to 81920 characters"


def test_a_late_form_is_refused_and_not_kept(op, posting, visitor):
    callback = op.visit(visitor.leave())
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=10, seconds=1)):
        assert_refused(post(callback), "attempt_expired", 400)
    assert [attempt.posted_answer for attempt in SignInAttempt.objects.all()] == [None, None]


def test_unknown_fields_are_not_kept(op, posting, visitor):
    callback = op.visit(visitor.leave())
    callback.form["anything"] = "else"
    post(callback)
    assert "anything" not in SignInAttempt.objects.get().posted_answer


def test_an_error_by_form_is_shown(op, posting, visitor):
    op.refuse("login_required", "please")
    assert_refused(visitor.sign_in(op), "provider_error", 403)


FORGERIES = {
    "issuer": (lambda op: op.id_token.append("iss"), "issuer_mismatch"),
    "nonce": (lambda op: op.id_token.append("nonce"), "nonce_mismatch"),
    "subject": (lambda op: op.id_token.remove("sub"), "missing_claim"),
    "audience": (lambda op: op.id_token.append("aud"), "audience_mismatch"),
    "issue time": (lambda op: op.id_token.remove("iat"), "missing_claim"),
    "signature": (lambda op: op.id_token.break_signature(), "signature_invalid"),
}


@pytest.mark.parametrize(("forge", "outcome"), FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_id_token_by_form_is_refused(op, implicit, visitor, forge, outcome):
    forge(op)
    assert_refused(visitor.sign_in(op), outcome, 400)
    assert op.requests_to("token") == op.requests_to("userinfo") == []
