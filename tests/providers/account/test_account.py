"""What a person sees of herself, and that it is only of herself."""

import uuid

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client

from providers.models import ConsoleSession, Identity
from ssoconsole.platform.eventlog.models import Event
from tests.providers.signin.journey import Browser, register


@pytest.fixture
def alice(op, provider, visitor):
    visitor.sign_in(op)
    return visitor


@pytest.fixture
def mallory(op, alice):
    op.person |= {"sub": "subject-m", "email": "mallory@corp.example"}
    visitor = Browser()
    visitor.sign_in(op)
    return visitor


def sessions_of(name):
    return ConsoleSession.objects.filter(user__username=f"{name}@corp.example", ended_at=None)


def test_a_stranger_is_sent_to_sign_in_and_brought_back(db):
    response = Client().get("/account")
    assert (response.status_code, response["Location"]) == (302, "/signin?next=/account")


def test_the_page_shows_identities_and_sessions(op, alice):
    Browser().sign_in(op)
    response = alice.client.get("/account")
    first, second = response.context["sessions"]
    assert (first["is_current"], second["is_current"]) == (False, True)
    assert second["provider"] == "Corp SSO"
    assert second["address"] == "127.0.0.1"
    assert (second["browser"], second["user_agent"]) == ("Unknown browser", "Test browser")
    assert [identity["sub"] for identity in response.context["identities"]] == ["subject-1"]
    assert second["end_url"] in response.content.decode()


def test_nobody_elses_are_shown(alice, mallory):
    response = mallory.client.get("/account")
    assert [identity["sub"] for identity in response.context["identities"]] == ["subject-m"]
    assert len(response.context["sessions"]) == 1


def test_ended_sessions_are_not_shown(op, alice):
    Browser().sign_in(op)
    ConsoleSession.objects.filter(pk=sessions_of("alice").latest("started_at").pk).update(
        expires_at="2020-01-01T00:00Z"
    )
    assert len(alice.client.get("/account").context["sessions"]) == 1


def test_another_session_of_mine_can_be_ended(op, alice):
    other = Browser()
    other.sign_in(op)
    row = sessions_of("alice").latest("started_at")
    assert alice.client.post(f"/account/sessions/{row.pk}/end")["Location"] == "/account"
    assert not other.is_signed_in()
    assert alice.is_signed_in()


def test_ending_the_session_of_this_browser_signs_out(alice):
    row = sessions_of("alice").get()
    assert alice.client.post(f"/account/sessions/{row.pk}/end")["Location"] == "/signed-out"
    assert not alice.is_signed_in()


def test_somebody_elses_session_is_not_found_and_lives_on(alice, mallory):
    theirs = sessions_of("alice").get().pk
    unknown = mallory.client.post(f"/account/sessions/{uuid.uuid4()}/end")
    assert unknown.status_code == mallory.client.post(f"/account/sessions/{theirs}/end").status_code == 404
    assert alice.is_signed_in()


def test_a_session_that_has_ended_is_not_found(op, alice):
    Browser().sign_in(op)
    row = sessions_of("alice").latest("started_at")
    alice.client.post(f"/account/sessions/{row.pk}/end")
    assert alice.client.post(f"/account/sessions/{row.pk}/end").status_code == 404


def test_another_site_cannot_end_a_session(op, provider):
    visitor = Browser(enforce_csrf_checks=True)
    visitor.sign_in(op)
    row = sessions_of("alice").get()
    assert visitor.client.post(f"/account/sessions/{row.pk}/end").status_code == 403
    assert visitor.client.get(f"/account/sessions/{row.pk}/end").status_code == 405
    assert visitor.is_signed_in()


def test_a_stranger_ends_nothing(alice):
    row = sessions_of("alice").get()
    assert Client().post(f"/account/sessions/{row.pk}/end").status_code == 302
    assert alice.is_signed_in()


def test_all_others_are_ended_and_this_one_stays(op, alice, mallory):
    others = [Browser(), Browser()]
    op.person |= {"sub": "subject-1", "email": "alice@corp.example"}
    for browser in others:
        browser.sign_in(op)
    response = alice.client.post("/account/sessions/end-all", {"which": "others"}, follow=True)
    assert "This is your only session now." in response.content.decode()
    assert [browser.is_signed_in() for browser in (alice, *others)] == [True, False, False]
    assert mallory.is_signed_in()
    event = Event.objects.get(action="sessions_ended")
    assert (event.actor, event.after) == ("user:alice@corp.example", {"sessions": 2})


def test_there_may_be_no_other(alice):
    response = alice.client.post("/account/sessions/end-all", {"which": "others"}, follow=True)
    assert "There was no other session." in response.content.decode()


def test_signing_out_everywhere_ends_this_one_too(op, alice, mallory):
    op.person |= {"sub": "subject-1", "email": "alice@corp.example"}
    other = Browser()
    other.sign_in(op)
    assert alice.client.post("/account/sessions/end-all", {"which": "all"})["Location"] == "/signed-out"
    assert [alice.is_signed_in(), other.is_signed_in(), mallory.is_signed_in()] == [False, False, True]


def test_who_is_signed_in_by_password_can_end_what_began_at_a_provider(op, alice):
    client = Client()
    user = get_user_model().objects.get(username="alice@corp.example")
    client.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    shown = client.get("/account").context
    assert [row["is_current"] for row in (*shown["sessions"], *shown["identities"])] == [False, False]
    assert client.post("/account/sessions/end-all", {"which": "others"})["Location"] == "/account"
    assert not alice.is_signed_in()
    assert client.post("/account/sessions/end-all", {"which": "all"})["Location"] == "/signed-out"
    assert Session.objects.count() == 0


def test_what_is_checked_says_when(op, provider, alice):
    assert alice.client.get("/account").context["sessions"][0]["checked_at"] is None
    type(provider).objects.update(session_refresh="prompt_none")
    response = alice.client.get("/account")
    assert response.context["sessions"][0]["checked_at"] == sessions_of("alice").get().checked_at
    assert "last confirmed by Corp SSO" in response.content.decode()


class DisconnectTests:
    @pytest.fixture
    def first(self, alice):
        return Identity.objects.get(sub="subject-1")

    @pytest.fixture
    def second(self, op, first):
        register(op, slug="other")
        return Identity.objects.create(provider=register(op, slug="third"), sub="subject-3", user=first.user)

    def post(self, browser, identity):
        return browser.client.post(f"/account/identities/{identity.pk}/unlink")

    def test_another_account_of_mine_can_go(self, alice, second):
        assert self.post(alice, second)["Location"] == "/account"
        assert "Third SSO is disconnected." in alice.client.get("/account").content.decode()
        assert not Identity.objects.filter(pk=second.pk).exists()

    def test_the_one_of_this_session_signs_out(self, alice, first, second):
        assert self.post(alice, first)["Location"] == "/signed-out"
        assert not alice.is_signed_in()
        assert Identity.objects.get() == second

    def test_a_second_one_at_the_provider_of_this_session_is_another(self, provider, alice, first):
        twin = Identity.objects.create(provider=provider, sub="subject-2", user=first.user)
        shown = alice.client.get("/account").context["identities"]
        current = {identity["sub"]: identity["is_current"] for identity in shown}
        assert current == {"subject-1": True, "subject-2": False}
        assert self.post(alice, twin)["Location"] == "/account"
        assert alice.is_signed_in()

    def test_the_only_one_stays_and_has_no_button(self, alice, first):
        assert self.post(alice, first)["Location"] == "/account"
        page = alice.client.get("/account").content.decode()
        assert "is your only way in, so it stays connected" in page
        assert f"/account/identities/{first.pk}/unlink" not in page
        assert Identity.objects.get() == first

    def test_who_is_signed_in_by_password_disconnects_and_stays(self, first, second):
        client = Client()
        client.force_login(first.user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
        assert client.post(f"/account/identities/{first.pk}/unlink")["Location"] == "/account"
        assert Identity.objects.get() == second
        assert client.get("/account").status_code == 200

    def test_somebody_elses_is_not_found(self, alice, mallory, second):
        assert self.post(mallory, second).status_code == 404
        assert mallory.client.post("/account/identities/999999/unlink").status_code == 404
        assert Identity.objects.filter(pk=second.pk).exists()

    def test_a_stranger_disconnects_nothing(self, second):
        response = Client().post(f"/account/identities/{second.pk}/unlink")
        assert response["Location"].startswith("/signin")
        assert Identity.objects.filter(pk=second.pk).exists()


@pytest.mark.parametrize("path", ["/account/sessions/end-all", "/account/identities/1/unlink"])
def test_another_site_ends_and_disconnects_nothing(op, provider, path):
    visitor = Browser(enforce_csrf_checks=True)
    visitor.sign_in(op)
    assert visitor.client.post(path, {"which": "all"}).status_code == 403
    assert visitor.client.get(path).status_code == 405
    assert visitor.is_signed_in()
