"""What a person sees of herself, and that it is only of herself."""

import uuid

import pytest
from django.test import Client

from providers.models import ConsoleSession
from tests.providers.signin.journey import Browser


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
    assert second["user_agent"] == "Test browser"
    assert [identity.sub for identity in response.context["identities"]] == ["subject-1"]
    assert second["end_url"] in response.content.decode()


def test_nobody_elses_are_shown(alice, mallory):
    response = mallory.client.get("/account")
    assert [identity.sub for identity in response.context["identities"]] == ["subject-m"]
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
