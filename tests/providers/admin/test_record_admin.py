"""What the console has written down is shown, searched and never edited."""

import pytest
from django.utils import timezone

from providers.models import ConsoleSession, Identity, SignInAttempt
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.eventlog.models import Event
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
BASE = "/admin/providers/"


@pytest.fixture
def alice():
    return User.objects.create(username="alice")


@pytest.fixture
def session(corp, alice):
    now = timezone.now()
    times = {"started_at": now, "expires_at": now, "checked_at": now, "last_seen_at": now}
    return ConsoleSession.objects.create(
        user=alice, provider=corp, sub="subject-1", id_token="s3cret-id-token", **times
    )


@pytest.fixture
def attempt(corp):
    return SignInAttempt.objects.create(
        provider=corp,
        reference="brave-green-lamp",
        outcome="nonce_mismatch",
        nonce="s3cret-nonce",
        code_verifier="s3cret-verifier",
        claims='{"sub": "subject-1", "access_token": "s3cret-access-token"}',
        started_at=timezone.now(),
    )


@pytest.fixture
def identity(corp, alice):
    return Identity.objects.create(provider=corp, sub="subject-1", user=alice, email="alice@corp.example")


@pytest.mark.parametrize(
    ("kind", "search", "shown"),
    [
        ("identity", "alice@corp", "subject-1"),
        ("signinattempt", "Brave green lamp", "nonce_mismatch"),
        ("consolesession", "alice", "Corp SSO"),
    ],
)
class RecordTests:
    @pytest.fixture
    def record(self, kind, identity, attempt, session):
        return {"identity": identity, "signinattempt": attempt, "consolesession": session}[kind]

    def test_it_is_listed_found_and_shown_without_secrets(self, bob, kind, search, shown, record):
        assert shown in bob.get(f"{BASE}{kind}/", {"q": search}).content.decode()
        assert record.__class__.objects.count() == 1
        page = bob.get(f"{BASE}{kind}/{record.pk}/change/").content.decode()
        assert shown in page
        assert_without(page, "s3cret")

    def test_it_is_not_found_by_anything_else(self, bob, kind, search, shown, record):
        page = bob.get(f"{BASE}{kind}/", {"q": "mallory"}).content.decode()
        assert f"{BASE}{kind}/{record.pk}/change/" not in page

    def test_it_is_neither_added_changed_nor_deleted(self, bob, kind, search, shown, record):
        before = record.__class__.objects.values().get()
        assert bob.get(f"{BASE}{kind}/add/").status_code == 403
        assert bob.post(f"{BASE}{kind}/{record.pk}/change/", {"sub": "mallory"}).status_code == 403
        assert bob.post(f"{BASE}{kind}/{record.pk}/delete/", {"post": "yes"}).status_code == 403
        assert record.__class__.objects.values().get() == before


def test_attempts_are_filtered_by_outcome(bob, attempt):
    url = f"{BASE}signinattempt/"
    assert attempt.reference in bob.get(url, {"outcome": "nonce_mismatch"}).content.decode()
    assert attempt.reference not in bob.get(url, {"outcome": "expired"}).content.decode()


def test_a_session_is_ended_once_and_on_record(bob, session):
    data = {"action": "end_sessions", "confirmed": "yes", "_selected_action": [str(session.pk)]}
    assert "Sessions ended: 1." in bob.post(f"{BASE}consolesession/", data, follow=True).content.decode()
    session.refresh_from_db()
    assert (session.ended_by, session.id_token) == ("user:bob", None)
    assert "Sessions ended: 0." in bob.post(f"{BASE}consolesession/", data, follow=True).content.decode()
    assert Event.objects.filter(action="session_ended", actor="user:bob").count() == 1


def test_who_may_only_look_ends_no_session(client, session):
    from django.contrib.auth.models import Permission

    viewer = User.objects.create(username="viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_consolesession"))
    client.force_login(viewer, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    data = {"action": "end_sessions", "confirmed": "yes", "_selected_action": [str(session.pk)]}
    assert client.get(f"{BASE}consolesession/").status_code == 200
    client.post(f"{BASE}consolesession/", data)
    session.refresh_from_db()
    assert session.ended_at is None
