"""One request of a session asks, whatever the number of requests and processes; the others do not lose by it."""

import datetime

import pytest
from django.db import connection
from django.utils import timezone

from providers.errors import SessionEnded
from providers.models import ConsoleSession
from providers.refresh import door, services
from providers.refresh.services import claim_check, confirm_check, keep_refresh_token
from providers.sessions.services import end_session
from ssoconsole.platform.actors import Actor
from tests.providers.refresh.checked_sessions import (
    DUE,
    OVER,
    SCRIPT,
    WINDOW,
    by_token,
    is_live,
    later,
    refreshes,
    the_session,
)
from tests.providers.signin.journey import Browser
from tests.providers.signin.test_sign_in_races import MANY
from tests.support.at_once import at_once

BOB = Actor("user", "bob")


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(door, "WAIT_FOR_ANOTHER", 0.05)
    monkeypatch.setattr(door, "LOOK_EVERY", 0.01)


def another_tab(visitor):
    """The same browser with another connection; the session comes along."""
    tab = Browser()
    for name in ("session", "signin"):
        tab.client.cookies[name] = visitor.client.cookies[name].value
    return tab


class ManyAtOnceTests:
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("elapsed", [DUE, OVER], ids=["within the grace", "after it"])
    def test_six_requests_stay_signed_in_and_the_provider_sees_one_refresh(
        self, scripted_provider, visitor, elapsed
    ):
        by_token(scripted_provider)
        visitor.sign_in(scripted_provider)
        scripted_provider.delay("token", 0.3)
        tabs = [another_tab(visitor) for _ in range(MANY)]
        for _ in range(2):
            with later(elapsed):
                assert at_once(lambda n: tabs[n].client.get("/account").status_code, MANY) == [200] * MANY
        assert len(refreshes(scripted_provider)) == 2
        assert scripted_provider.violations == []
        assert is_live()

    @pytest.mark.django_db(transaction=True)
    def test_a_no_is_heard_by_all_of_them(self, scripted_provider, visitor):
        by_token(scripted_provider)
        visitor.sign_in(scripted_provider)
        scripted_provider.token.respond(400, {"error": "invalid_grant"}).delay(0.3)
        tabs = [another_tab(visitor) for _ in range(MANY)]
        with later(OVER):
            assert at_once(lambda n: tabs[n].client.get("/account").status_code, MANY) == [302] * MANY
        assert len(refreshes(scripted_provider)) == 1
        assert not is_live()


class InterleavingTests:
    """The same, made explicit: what one request finds while another is under way."""

    @pytest.fixture
    def signed_in(self, op, visitor):
        by_token(op)
        visitor.sign_in(op)
        return visitor

    def claim(self, seconds):
        """Somebody else has begun that many seconds after the last check."""
        session = the_session()
        at = session.checked_at + datetime.timedelta(seconds=seconds)
        assert claim_check(session=session, at=at)

    def test_of_two_who_have_read_the_same_row_one_asks(self, signed_in):
        first, second, now = the_session(), the_session(), timezone.now()
        assert claim_check(session=first, at=now) is True
        assert claim_check(session=second, at=now) is False

    def test_who_has_read_an_old_row_never_asks_with_an_old_token(self, op, signed_in):
        slow = the_session()
        with later(DUE):
            signed_in.client.get("/account")
        assert claim_check(session=slow, at=timezone.now() + datetime.timedelta(days=1)) is False

    def test_who_has_read_before_a_failed_check_never_asks_with_an_old_token(self, op, signed_in):
        slow = the_session()
        op.userinfo.respond(503)
        with later(DUE):
            signed_in.client.get("/account")
        assert claim_check(session=slow, at=timezone.now() + datetime.timedelta(days=1)) is False

    def test_nobody_checks_a_session_that_has_ended(self, signed_in):
        read = the_session()
        end_session(session=the_session(), by=BOB)
        assert claim_check(session=read, at=timezone.now()) is False

    def test_within_the_grace_the_others_go_on(self, op, signed_in):
        self.claim(DUE)
        with later(DUE + 1):
            assert signed_in.client.get("/account").status_code == 200
        assert refreshes(op) == []

    def test_after_it_they_are_refused_for_a_moment(self, op, signed_in, impatient):
        self.claim(OVER)
        with later(OVER + 1):
            page = signed_in.client.get("/account?tab=2", headers=WINDOW)
            script = signed_in.client.post("/account", headers=SCRIPT)
            form = signed_in.client.post("/account", headers=WINDOW)
        assert [page.status_code, script.status_code, form.status_code] == [503, 503, 503]
        assert (page["Retry-After"], page["Cache-Control"]) == ("5", "no-store")
        assert 'href="/account?tab=2"' in page.content.decode()
        assert "Nothing of what you sent has been done." not in page.content.decode()
        assert "Nothing of what you sent has been done." in form.content.decode()
        assert script.json() == {"error": "temporarily_unavailable"}
        assert (refreshes(op), is_live()) == ([], True)

    def test_a_claim_whose_process_died_is_free_again(self, op, signed_in):
        self.claim(OVER)
        with later(OVER + 31):
            assert signed_in.client.get("/account").status_code == 200
        assert len(refreshes(op)) == 1

    def test_who_loses_the_check_at_its_end_has_changed_nobody(self, op, signed_in, monkeypatch):
        renew = services.renew_person

        def renew_and_lose(**known):
            renewed = renew(**known)
            ConsoleSession.objects.update(check_started_at=timezone.now() + datetime.timedelta(seconds=1))
            return renewed

        monkeypatch.setattr(services, "renew_person", renew_and_lose)
        op.person["name"] = "Somebody Else"
        with later(DUE):
            assert signed_in.client.get("/account").status_code == 200
        assert len(refreshes(op)) == 1
        assert the_session().user.name == "Alice Example"

    def test_a_check_that_another_has_finished_meanwhile_counts_for_both(self, op, signed_in, monkeypatch):
        self.claim(OVER)

        def finish(seconds):
            ConsoleSession.objects.update(checked_at=timezone.now(), check_started_at=None)

        monkeypatch.setattr(door.time, "sleep", finish)
        with later(OVER + 1):
            assert signed_in.client.get("/account").status_code == 200
        assert refreshes(op) == []

    def test_a_session_that_another_has_ended_meanwhile_is_over_for_both(self, op, signed_in, monkeypatch):
        self.claim(OVER)

        def finish(seconds):
            end_session(session=the_session(), by=BOB)

        monkeypatch.setattr(door.time, "sleep", finish)
        with later(OVER + 1):
            assert signed_in.client.get("/account").status_code == 302

    def test_no_write_of_a_check_reaches_a_session_that_has_ended(self, signed_in):
        session = the_session()
        claim_check(session=session, at=timezone.now())
        end_session(session=the_session(), by=BOB)
        for write in (
            lambda: keep_refresh_token(session=session, refresh_token="new"),
            lambda: confirm_check(session=session, claims={}),
        ):
            with pytest.raises(SessionEnded):
                write()
        assert (the_session().refresh_token, the_session().ended_by) == (None, "user:bob")

    def test_a_session_that_is_ended_while_its_provider_is_asked_stays_so(self, op, signed_in, monkeypatch):
        original = services.fetch_userinfo

        def ended_first(*args, **kwargs):
            end_session(session=the_session(), by=BOB)
            return original(*args, **kwargs)

        monkeypatch.setattr(services, "fetch_userinfo", ended_first)
        with later(DUE):
            assert signed_in.client.get("/account").status_code == 302
        assert (the_session().ended_by, the_session().refresh_token) == ("user:bob", None)

    @pytest.mark.parametrize(("elapsed", "status"), [(DUE, 200), (OVER, 503)])
    def test_who_was_overtaken_while_asking_leaves_the_session_to_the_other(
        self, op, signed_in, monkeypatch, elapsed, status
    ):
        original = services.refresh_tokens

        def overtaken(*args, **kwargs):
            ConsoleSession.objects.update(check_started_at=timezone.now())
            return original(*args, **kwargs)

        monkeypatch.setattr(services, "refresh_tokens", overtaken)
        before = the_session()
        with later(elapsed):
            assert signed_in.client.get("/account").status_code == status
            assert is_live()
        assert the_session().checked_at == before.checked_at
        assert the_session().refresh_token == before.refresh_token


def test_no_transaction_is_open_while_a_provider_is_asked(db, op, visitor, monkeypatch):
    """On SQLite an open write would lock everybody out for as long as the provider takes."""
    by_token(op)
    visitor.sign_in(op)
    depth = len(connection.savepoint_ids)
    seen = []
    original = services.refresh_tokens

    def look(*args, **kwargs):
        seen.append(len(connection.savepoint_ids))
        return original(*args, **kwargs)

    monkeypatch.setattr(services, "refresh_tokens", look)
    with later(DUE):
        visitor.client.get("/account")
    assert seen == [depth]
