"""Whose answer is it? State, browser, age, callback and issuer, before a code is spent."""

import datetime

import pytest
import time_machine
from django.contrib.sessions.models import Session

from providers.models import ConsoleSession, SignInAttempt
from tests.providers.signin.journey import (
    Browser,
    assert_refused,
    outcome_of,
    query_of,
    register,
    trace_of,
)


def nothing_was_spent(op):
    return op.requests_to("token") == [] and op.requests_to("userinfo") == []


def test_an_unknown_state_is_refused(op, provider, visitor):
    assert_refused(visitor.client.get("/callback/corp?code=x&state=y"), "state_unknown", 400)
    assert nothing_was_spent(op)


@pytest.mark.parametrize("query", ["", "?code=x", "?state=", "?state=%00&code=x", "?state=%ff%fe", "?error="])
def test_an_answer_without_a_state_is_refused(provider, visitor, query):
    assert_refused(visitor.client.get(f"/callback/corp{query}"), "state_unknown", 400)


@pytest.mark.parametrize("name", ["state", "code", "iss", "id_token", "error", "error_description"])
def test_a_parameter_that_comes_twice_is_refused(op, provider, visitor, name):
    callback = op.visit(visitor.leave())
    response = visitor.client.get(f"{callback.path}&{name}=again&{name}=again")
    assert_refused(response, "answer_refused", 400)
    assert trace_of(response).expected == f"{name} once"
    assert nothing_was_spent(op)


def test_a_second_use_is_refused(op, provider, visitor):
    callback = op.visit(visitor.leave())
    visitor.arrive(callback)
    sessions = ConsoleSession.objects.count()
    response = visitor.arrive(callback)
    assert (outcome_of(response), response.status_code) == ("state_used", 400)
    assert ConsoleSession.objects.count() == sessions
    assert len(op.requests_to("token")) == 1
    assert visitor.is_signed_in()


def test_a_replay_leaves_the_first_trace_alone(op, provider, visitor):
    callback = op.visit(visitor.leave())
    visitor.arrive(callback)
    replay = trace_of(visitor.arrive(callback))
    first = SignInAttempt.objects.exclude(pk=replay.pk).get()
    assert (first.outcome, replay.outcome, replay.provider) == ("ok", "state_used", provider)


def test_a_victim_is_not_signed_in_by_an_attackers_answer(op, provider, visitor):
    callback = op.visit(Browser().leave())  # Mallory's, who sends its link to Alice
    assert_refused(visitor.arrive(callback), "browser_mismatch", 400)
    assert nothing_was_spent(op)


def test_another_browser_of_the_same_person_is_refused_too(op, provider, visitor):
    callback = op.visit(visitor.leave())
    other = Browser()
    other.leave()
    assert outcome_of(other.arrive(callback)) == "browser_mismatch"


@pytest.mark.parametrize("place", [0, 31, 63])
def test_a_binding_that_differs_in_one_place_is_another_browsers(op, provider, visitor, place):
    callback = op.visit(visitor.leave())
    attempt = SignInAttempt.objects.get()
    kept = attempt.binding_hash
    attempt.binding_hash = kept[:place] + ("0" if kept[place] != "0" else "1") + kept[place + 1 :]
    attempt.save()
    assert_refused(visitor.arrive(callback), "browser_mismatch", 400)


def test_a_foreign_browser_neither_finishes_nor_spoils_an_attempt(op, provider, visitor):
    callback = op.visit(visitor.leave())
    Browser().arrive(callback)
    assert visitor.arrive(callback).status_code == 302


def test_a_late_answer_is_refused(op, provider, visitor):
    callback = op.visit(visitor.leave())
    started = SignInAttempt.objects.get().started_at
    with time_machine.travel(started + datetime.timedelta(minutes=10, seconds=1)):
        response = visitor.arrive(callback)
        assert_refused(response, "attempt_expired", 400)
    assert nothing_was_spent(op)
    trace, until = trace_of(response), started + datetime.timedelta(minutes=10)
    assert trace.expected == f"an answer until {until:%Y-%m-%d %H:%M:%S} UTC"
    assert trace.received == f"started {started:%Y-%m-%d %H:%M:%S} UTC, 10 minutes ago"


def test_a_provider_that_was_disabled_meanwhile_is_refused(op, provider, visitor):
    callback = op.visit(visitor.leave())
    provider.enabled = False
    provider.save()
    assert_refused(visitor.arrive(callback), "provider_disabled", 403)
    assert nothing_was_spent(op)


@pytest.mark.parametrize("issuer", ["https://elsewhere.example", "{}/more", "{}/"])
def test_a_provider_that_was_pointed_elsewhere_meanwhile_is_refused(op, provider, visitor, issuer):
    callback = op.visit(visitor.leave())
    provider.issuer = issuer.format(provider.issuer)
    provider.save()
    assert_refused(visitor.arrive(callback), "provider_changed", 400)
    assert nothing_was_spent(op)


@pytest.mark.parametrize("path", ["/callback", "/callback/other", "/callback/cor", "/callback/corp2"])
def test_an_answer_at_another_callback_is_refused(op, provider, visitor, path):
    register(op, slug="other")
    callback = op.visit(visitor.leave())
    response = visitor.client.get(callback.path.replace("/callback/corp", path))
    assert_refused(response, "callback_mismatch", 400)
    assert nothing_was_spent(op)


def test_the_shared_callback_serves_a_provider_that_chose_it(op, visitor):
    register(op, callback="shared")
    url = visitor.leave()
    assert query_of(url)["redirect_uri"] == "http://localhost:8000/callback"
    assert visitor.arrive(op.visit(url)).status_code == 302


@pytest.mark.parametrize("path", ["/callback/corp", "/callback/other", "/callback/corp2"])
def test_an_answer_for_the_shared_callback_is_refused_at_another(op, visitor, path):
    register(op, callback="shared")
    register(op, slug="other")
    callback = op.visit(visitor.leave())
    response = visitor.client.get(callback.path.replace("/callback", path))
    assert_refused(response, "callback_mismatch", 400)
    assert nothing_was_spent(op)


@pytest.mark.parametrize("iss", ["https://attacker.example", ""])
def test_an_answer_of_another_issuer_is_refused_before_the_code_is_sent(op, provider, visitor, iss):
    op.callback_params["iss"] = iss
    assert_refused(visitor.sign_in(op), "iss_parameter_mismatch", 400)
    assert nothing_was_spent(op)


def test_a_missing_iss_is_refused_where_the_provider_announces_it(op, provider, visitor):
    op.callback_params["iss"] = None
    assert_refused(visitor.sign_in(op), "iss_parameter_missing", 400)
    assert nothing_was_spent(op)


def test_an_id_token_beside_the_code_does_not_stand_for_it(op, provider, visitor):
    """Nobody looks at that one: only where the answer is the ID token does it name the issuer."""
    op.callback_params["iss"] = None
    callback = op.visit(visitor.leave())
    response = visitor.client.get(f"{callback.path}&id_token=eyJ.eyJ.x")
    assert_refused(response, "iss_parameter_missing", 400)
    assert nothing_was_spent(op)


def test_a_missing_iss_is_fine_where_the_provider_does_not_announce_it(op, unread, visitor):
    op.discovery.drop("authorization_response_iss_parameter_supported")
    assert visitor.sign_in(op).status_code == 302


@pytest.mark.parametrize(("iss", "outcome"), [("https://attacker.example", "mismatch"), (None, "missing")])
def test_iss_is_checked_on_errors_alike(op, provider, visitor, iss, outcome):
    op.refuse()
    op.callback_params["iss"] = iss
    assert_refused(visitor.sign_in(op), f"iss_parameter_{outcome}", 400)


def test_an_error_of_the_provider_is_told_to_the_administrator_only(op, provider, visitor):
    op.refuse("access_denied", "the person said <b>no</b>")
    response = visitor.sign_in(op)
    assert_refused(response, "provider_error", 403)
    assert "said" not in response.content.decode()
    assert trace_of(response).received == "access_denied: the person said <b>no</b>"


def test_an_answer_without_a_code_is_refused(op, provider, visitor):
    op.callback_params["code"] = None
    assert_refused(visitor.sign_in(op), "answer_incomplete", 400)


@pytest.mark.parametrize(
    ("query", "outcome"),
    [
        ("?error=access_denied", "provider_error"),
        ("?error=x&state=forged", "provider_error"),
        ("?state=x&code=y", "state_unknown"),
    ],
)
def test_a_forged_answer_signs_nobody_out(op, provider, visitor, query, outcome):
    visitor.sign_in(op)
    assert outcome_of(visitor.client.get(f"/callback/corp{query}")) == outcome
    assert visitor.is_signed_in()


def test_a_refused_second_sign_in_leaves_the_first_session_alone(op, provider, visitor):
    visitor.sign_in(op)
    key = visitor.client.cookies["session"].value
    op.id_token.append("nonce")
    assert outcome_of(visitor.sign_in(op)) == "nonce_mismatch"
    assert visitor.is_signed_in()
    assert visitor.client.cookies["session"].value == key
    assert Session.objects.count() == 1


def test_other_methods_are_not_served(provider, visitor):
    for method in ("put", "delete", "head", "patch"):
        assert getattr(visitor.client, method)("/callback/corp").status_code == 405


def test_a_code_is_redeemed_with_the_redirect_uri_that_was_sent(op, provider, visitor, settings):
    callback = op.visit(visitor.leave())
    settings.BASE_URL = "https://renamed.example"
    visitor.client.cookies["__Host-signin"] = visitor.client.cookies["signin"].value
    visitor.arrive(callback)
    [request] = op.requests_to("token")
    assert request.form["redirect_uri"] == "http://localhost:8000/callback/corp"
