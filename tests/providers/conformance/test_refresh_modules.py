"""The modules of the refresh token plan: a check of the session is due, and the provider answers it."""

from datetime import timedelta

import pytest

from providers.models import ConsoleSession, Provider, SignInAttempt
from tests.providers.conformance.registry import module

CHECK_EVERY = 900


@pytest.fixture
def page_after_the_check(run):
    """Sign in with a refresh token, let a check come due, and ask for a page."""

    def ask():
        run.fields |= {
            "scopes": ["openid", "email", "profile", "offline_access"],
            "session_refresh": Provider.Refresh.REFRESH_TOKEN,
            "session_check_every": CHECK_EVERY,
        }
        run.sign_in()
        assert run.seen("token", "userinfo") == ["token", "userinfo"]
        ago = timedelta(seconds=CHECK_EVERY + 60)
        session = ConsoleSession.objects.get()
        ConsoleSession.objects.update(checked_at=session.checked_at - ago)
        run.op.requests.clear()
        page = run.browser.client.get("/account")
        run.judge_requests()
        [request] = run.op.requests_to("token")
        assert request.form["grant_type"] == "refresh_token"
        return page

    return ask


@module(does="the session goes on with the new tokens, and its rules are applied again")
def test_oidcc_client_test_refresh_token(run, page_after_the_check):
    page = page_after_the_check()
    assert page.status_code == 200
    [grant] = run.op.grants  # whose tokens are the renewed ones
    assert ConsoleSession.objects.get(ended_at=None).refresh_token == grant.refresh_token
    [request] = run.op.requests_to("userinfo")
    assert request.headers["authorization"] == f"Bearer {grant.access_token}"


def judge_the_refusal(run, page):
    """The ID token is looked at first: no userinfo is asked for, and the session is over."""
    assert run.seen("userinfo") == []
    assert page.status_code in {302, 401, 403}
    assert not run.browser.is_signed_in()
    session = ConsoleSession.objects.get()
    assert session.ended_at is not None
    assert (session.id_token, session.refresh_token) == (None, None)
    trace = SignInAttempt.objects.get(purpose=SignInAttempt.Purpose.REFRESH)
    assert trace.outcome == run.case.module.refuses


@module(refuses="issuer_mismatch", does="the session ends")
def test_oidcc_client_test_refresh_token_invalid_issuer(run, page_after_the_check):
    run.op.refreshed_id_token.append("iss")
    judge_the_refusal(run, page_after_the_check())


@module(refuses="subject_mismatch", does="the session ends")
def test_oidcc_client_test_refresh_token_invalid_sub(run, page_after_the_check):
    run.op.refreshed_id_token.append("sub")
    judge_the_refusal(run, page_after_the_check())
