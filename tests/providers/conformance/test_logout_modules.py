"""
The modules of both logout plans.

In those of the back-channel plan the person signs out in one browser, and the provider then posts a logout
token for its session, in which a second browser is still signed in.
"""

from urllib.parse import urlencode

import pytest
from django.test import Client

from providers.models import ConsoleSession
from ssoconsole.platform.eventlog.models import Event
from tests.providers.conformance.registry import module
from tests.providers.signin.journey import Browser


def signed_out_through_the_provider(run):
    """Sign in, sign out, come back; return the last page and the logout request as the provider got it."""
    run.sign_in()
    assert run.browser.is_signed_in()
    page = run.sign_out()
    [request] = run.op.requests_to("end_session")
    run.judge_requests()  # the ID token hint is one of this run, and the return address is registered
    assert request.query["id_token_hint"] == run.op.issued_tokens[-1]
    assert request.query["post_logout_redirect_uri"] in run.op.client.post_logout_redirect_uris
    return page, request


def judge_the_return(run, page):
    assert page.status_code == 200
    assert "signed out" in page.content.decode()
    assert not run.browser.is_signed_in()
    assert ConsoleSession.objects.filter(ended_at=None).count() == 0
    assert Event.objects.exclude(outcome="ok").count() == 0


@module(does="ID token hint, registered return address, `state`")
def test_oidcc_client_test_rp_init_logout(run):
    page, request = signed_out_through_the_provider(run)
    assert page.request["QUERY_STRING"] == f"state={request.query['state']}"
    judge_the_return(run, page)


@module(does="nothing is decided by the `state` that comes back")
def test_oidcc_client_test_rp_init_logout_other_state(run):
    run.op.signout_params["state"] = "another"
    judge_the_return(run, signed_out_through_the_provider(run)[0])


@module(does="nothing is decided by the `state` that comes back")
def test_oidcc_client_test_rp_init_logout_no_state(run):
    run.op.signout_params["state"] = None
    judge_the_return(run, signed_out_through_the_provider(run)[0])


@pytest.fixture
def second_browser():
    return Browser()


@pytest.fixture
def logged_out(run, second_browser):
    """The console's answer to the logout token, and whether the second browser is still signed in."""

    def post():
        run.op.sid = "session-1"
        run.sign_in()
        run.sign_in(second_browser)
        run.sign_out()
        assert second_browser.is_signed_in()
        token = run.op.make_logout_token(sub=run.op.person["sub"])
        form = urlencode({"logout_token": token})
        response = Client().post("/backchannel-logout/corp", form, "application/x-www-form-urlencoded")
        run.judge_requests()
        assert "no-store" in response.headers["Cache-Control"]
        assert not response.cookies
        return response

    return post


@module(does="200, and every browser of that session is signed out")
def test_oidcc_client_test_rp_backchannel_rpinitlogout(run, logged_out, second_browser):
    assert logged_out().status_code == 200
    assert not second_browser.is_signed_in()
    assert Event.objects.get(action="backchannel_logout").after["sessions"] == 1


def judge_the_refusal(run, response, second_browser):
    assert response.status_code == 400
    assert second_browser.is_signed_in()
    assert Event.objects.get(action="backchannel_logout_refused").outcome == run.case.module.refuses


@module(refuses="algorithm_refused", does="400, nobody is signed out")
def test_oidcc_client_test_rp_backchannel_rpinitlogout_alg_none(run, logged_out, second_browser):
    run.op.logout_token.alg_none()
    judge_the_refusal(run, logged_out(), second_browser)


@module(refuses="logout_event_missing", does="400, nobody is signed out")
def test_oidcc_client_test_rp_backchannel_rpinitlogout_no_event(run, logged_out, second_browser):
    run.op.logout_token.remove("events")
    judge_the_refusal(run, logged_out(), second_browser)


@module(refuses="logout_event_missing", does="400, nobody is signed out")
def test_oidcc_client_test_rp_backchannel_rpinitlogout_wrong_event(run, logged_out, second_browser):
    run.op.logout_token.claims["events"] = {"http://schemas.openid.net/event/foobar": {}}
    judge_the_refusal(run, logged_out(), second_browser)


@module(refuses="nonce_forbidden", does="400, nobody is signed out")
def test_oidcc_client_test_rp_backchannel_rpinitlogout_with_nonce(run, logged_out, second_browser):
    run.op.logout_token.claims["nonce"] = "n"
    judge_the_refusal(run, logged_out(), second_browser)


@module(refuses="algorithm_refused", does="400, nobody is signed out, although the key is published")
def test_oidcc_client_test_rp_backchannel_rpinitlogout_wrong_alg(run, logged_out, second_browser):
    run.op.logout_token.sign_with(alg="ES256")
    judge_the_refusal(run, logged_out(), second_browser)


@module(refuses="audience_mismatch", does="400, nobody is signed out")
def test_oidcc_client_test_rp_backchannel_rpinitlogout_wrong_aud(run, logged_out, second_browser):
    run.op.logout_token.append("aud", "INVALID")
    judge_the_refusal(run, logged_out(), second_browser)


@module(refuses="issuer_mismatch", does="400, nobody is signed out")
def test_oidcc_client_test_rp_backchannel_rpinitlogout_wrong_iss(run, logged_out, second_browser):
    run.op.logout_token.append("iss", "INVALID")
    judge_the_refusal(run, logged_out(), second_browser)
