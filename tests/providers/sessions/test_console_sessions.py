"""A signed-in browser stays so exactly as long as its row is good."""

import datetime

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from providers.models import ConsoleSession
from providers.sessions import services
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.providers.signin.journey import Browser, register
from tests.support.leaks import assert_without

BY = Actor("user", "bob")
User = get_user_model()
WITH_REFRESH_TOKEN = ["openid", "email", "profile", "offline_access"]


@pytest.fixture
def signed_in(op, provider, visitor):
    op.sid = "sid-1"
    visitor.sign_in(op)
    return visitor


def test_the_row_knows_who_through_whom_and_from_where(signed_in, provider):
    session = ConsoleSession.objects.get()
    assert (session.user.username, session.provider) == ("alice@corp.example", provider)
    assert (session.sub, session.sid) == ("subject-1", "sid-1")
    assert (session.address, session.user_agent) == ("127.0.0.1", "Test browser")
    assert session.expires_at - session.started_at == datetime.timedelta(hours=8)


def test_the_tokens_are_encrypted_in_the_row_and_not_in_the_browsers_session(signed_in, op):
    [token] = op.issued_tokens
    assert ConsoleSession.objects.get().id_token == token
    assert_without(str(ConsoleSession.objects.values().get()), token)
    assert_without(str(dict(signed_in.client.session)), token)


ENDS = {
    "it was ended": lambda s: services.end_session(session=s, by=BY),
    "all of the user's were": lambda s: services.end_sessions_of_user(user=s.user, by=BY),
    "all of the provider's were": lambda s: services.end_sessions_of_provider(provider=s.provider, by=BY),
    "the user is disabled": lambda s: User.objects.update(is_active=False),
    "the provider is disabled": lambda s: type(s.provider).objects.update(enabled=False),
    "its time is over": lambda s: ConsoleSession.objects.update(expires_at=timezone.now()),
    "the row is gone": lambda s: s.delete(),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_the_browser_is_a_stranger_at_the_next_request(signed_in, end):
    end(ConsoleSession.objects.get())
    response = signed_in.client.get("/account")
    assert (response.status_code, response["Location"]) == (302, "/signin?next=/account")
    assert Session.objects.count() == 0
    assert "session" not in {name for name, c in signed_in.client.cookies.items() if c.value}


def test_a_session_without_the_name_of_a_row_is_nobodys(signed_in):
    for name in (None, "not-a-uuid", ""):
        session = signed_in.client.session
        session["console_session"] = name
        session.save()
        assert not signed_in.is_signed_in()


def test_a_session_that_names_anothers_row_is_nobodys(op, signed_in):
    op.person |= {"sub": "subject-2", "email": "bob@corp.example"}
    other = Browser()
    other.sign_in(op)
    session = signed_in.client.session
    session["console_session"] = other.client.session["console_session"]
    session.save()
    assert not signed_in.is_signed_in()
    assert other.is_signed_in()


def test_ending_counts_once_and_drops_the_tokens(op, visitor):
    register(op, session_refresh="refresh_token", scopes=WITH_REFRESH_TOKEN)
    visitor.sign_in(op)
    session = ConsoleSession.objects.get()
    assert (bool(session.id_token), bool(session.refresh_token)) == (True, True)
    assert services.end_session(session=session, by=BY) is True
    assert services.end_session(session=session, by=Actor("user", "mallory")) is False
    session.refresh_from_db()
    assert (session.ended_by, session.id_token, session.refresh_token) == ("user:bob", None, None)
    assert Event.objects.filter(action="session_ended").count() == 1


def test_only_the_sessions_of_that_person_or_provider_end(op, another_scripted_provider, signed_in, provider):
    register(another_scripted_provider, slug="other")
    another_scripted_provider.person |= {"email": "other@corp.example"}
    elsewhere = Browser()
    elsewhere.sign_in(another_scripted_provider, slug="other")
    assert services.end_sessions_of_provider(provider=provider, by=BY) == 1
    assert services.end_sessions_of_provider(provider=provider, by=BY) == 0
    assert elsewhere.is_signed_in()
    user = User.objects.get(username="other@corp.example")
    assert services.end_sessions_of_user(user=user, by=BY) == 1
    assert services.end_sessions_of_user(user=user, by=BY) == 0
    assert not elsewhere.is_signed_in()
    assert list(Event.objects.filter(action="sessions_ended").values_list("target", flat=True)) == [
        "other@corp.example",
        "corp",
    ]


def test_a_page_of_a_signed_in_person_costs_three_queries_for_knowing_her(
    signed_in, django_assert_num_queries
):
    # browser session, session row with provider, user; sessions, identities, providers to connect
    with django_assert_num_queries(6):
        signed_in.client.get("/account")


def test_a_stranger_costs_no_query(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Client().get("/signed-out").status_code == 200


def test_last_seen_moves_once_a_minute(signed_in):
    first = ConsoleSession.objects.get().last_seen_at
    signed_in.client.get("/account")
    assert ConsoleSession.objects.get().last_seen_at == first
    with time_machine.travel(first + datetime.timedelta(seconds=61)):
        signed_in.client.get("/account")
    assert ConsoleSession.objects.get().last_seen_at >= first + datetime.timedelta(seconds=61)


def test_of_two_requests_at_once_one_moves_it(signed_in):
    first, second = ConsoleSession.objects.get(), ConsoleSession.objects.get()
    later = first.last_seen_at + datetime.timedelta(minutes=2)
    services.note_seen(session=first, at=later)
    services.note_seen(session=second, at=later + datetime.timedelta(seconds=1))
    assert ConsoleSession.objects.get().last_seen_at == later


def test_pages_of_signed_in_people_are_not_kept(signed_in):
    assert signed_in.client.get("/account")["Cache-Control"] == "no-store"
    assert "no-store" in signed_in.client.get("/")["Cache-Control"]


def test_an_administrator_by_password_has_no_row_and_is_let_alone(db):
    client = Client()
    User.objects.create_superuser("root", password="x" * 20)
    client.login(username="root", password="x" * 20)
    response = client.get("/account")
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert ConsoleSession.objects.count() == 0


@pytest.mark.parametrize("sid", ["x" * 255, None])
def test_a_session_id_of_the_provider_is_kept_where_there_is_one(op, provider, visitor, sid):
    op.sid = sid
    visitor.sign_in(op)
    assert ConsoleSession.objects.get().sid == (sid or "")


@pytest.mark.parametrize("sid", ["sid-1", None])
def test_userinfo_does_not_say_which_session_it_is(op, provider, visitor, sid):
    """A person may write into what userinfo says of her, and would be signed out with somebody else's session."""
    op.sid = sid
    op.userinfo.claims["sid"] = "sid-2"
    visitor.sign_in(op)
    assert ConsoleSession.objects.get().sid == (sid or "")


@pytest.mark.parametrize(("refresh", "kept"), [("refresh_token", True), ("none", False)])
def test_a_refresh_token_is_kept_only_where_it_will_be_used(op, visitor, refresh, kept):
    register(op, session_refresh=refresh, scopes=WITH_REFRESH_TOKEN)
    visitor.sign_in(op)
    session = ConsoleSession.objects.get()
    assert session.refresh_token == (op.grants[0].refresh_token if kept else None)
