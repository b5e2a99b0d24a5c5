"""Who did what, from where: every event of a sign-in, in the order in which they happen."""

from urllib.parse import urlencode

import pytest
from django.test import Client

from providers.models import ConsoleSession
from ssoconsole.platform.eventlog.models import Event
from tests.providers.signin.journey import Browser, hop_of, register_read

ALICE = "alice@corp.example"
FROM = "203.0.113.9"
HERSELF, PROVIDER = f"user:{ALICE}", "provider:corp"


@pytest.fixture
def alice(op):
    register_read(op, group_rules=[{"claim_value": "staff", "group": "Staff"}])
    browser = Browser(REMOTE_ADDR=FROM)
    browser.sign_in(op)
    return browser


@pytest.fixture
def told(alice):
    """What has been recorded since the sign-in."""
    last = Event.objects.order_by("-pk").first().pk

    def told():
        new = Event.objects.filter(pk__gt=last).order_by("pk")
        assert set(new.values_list("address", flat=True)) <= {FROM}
        return list(new.values_list("action", "actor", "target", "outcome"))

    return told


def session():
    return str(ConsoleSession.objects.latest("started_at").pk)


def test_a_first_sign_in(alice):
    new = Event.objects.filter(address=FROM).order_by("pk")
    assert list(new.values_list("action", "actor", "target", "outcome")) == [
        ("user_created", PROVIDER, ALICE, "ok"),
        ("identity_created", PROVIDER, ALICE, "ok"),
        ("session_started", HERSELF, session(), "ok"),
        ("signin", HERSELF, "corp", "ok"),
    ]


def test_another_sign_in_with_another_name(op, alice, told):
    before = session()
    op.person["name"] = "A. Example"
    alice.sign_in(op)
    assert told() == [
        ("user_changed", PROVIDER, ALICE, "ok"),
        ("session_ended", HERSELF, before, "ok"),
        ("session_started", HERSELF, session(), "ok"),
        ("signin", HERSELF, "corp", "ok"),
    ]


def test_a_sign_in_that_is_refused(op, alice, told):
    op.id_token.append("nonce")
    alice.sign_in(op)
    alice.client.get("/callback/corp?state=x")
    assert told() == [
        ("signin_refused", "stranger", "corp", "nonce_mismatch"),
        ("signin_refused", "stranger", "", "state_unknown"),
    ]


def test_signing_out(alice, told):
    before = session()
    alice.client.post("/signout")
    assert told() == [("session_ended", HERSELF, before, "ok")]


def test_a_session_past_the_limit(op, alice, told, settings):
    settings.SESSIONS_PER_USER = 1
    before = session()
    Browser(REMOTE_ADDR=FROM).sign_in(op)
    assert ("session_ended", HERSELF, before, "ok") in told()


@pytest.mark.parametrize(
    ("changes", "actor", "action", "outcome"),
    [
        ({}, PROVIDER, "backchannel_logout", "ok"),
        ({"aud": "another"}, "stranger", "backchannel_logout_refused", "audience_mismatch"),
    ],
)
def test_a_logout_by_the_provider(op, alice, told, changes, actor, action, outcome):
    op.logout_token.claims.update(changes)
    form = urlencode({"logout_token": op.make_logout_token(sub="subject-1")})
    path, content_type = "/backchannel-logout/corp", "application/x-www-form-urlencoded"
    Client(REMOTE_ADDR=FROM).generic("POST", path, form, content_type=content_type)
    assert told() == [(action, actor, "corp", outcome)]


def test_connecting_and_disconnecting_an_account(op, alice, told):
    op.person |= {"sub": "subject-b", "email": "alice2@corp.example"}
    alice.arrive(op.visit(hop_of(alice.client.post("/account/connect/corp"))))
    assert told() == [("identity_linked", HERSELF, ALICE, "ok"), ("link", HERSELF, "corp", "ok")]
