"""Alice administers through corp; Mallory may sign in there and owns nothing."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from providers.models import Provider
from providers.registration import services
from providers.registration.secret import set_client_secret
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import BOB
from tests.providers.signin.journey import Browser, register

HOUR = timedelta(hours=1)


@pytest.fixture
def corp(op):
    """Registered, with metadata, at a provider where Alice is an administrator."""
    register(op, admin_principals=["alice@corp.example"])
    Browser().leave()
    return Provider.objects.get()


@pytest.fixture
def change(corp):
    """Save changes of the stored row, on trial if `trial` says so; the sentences that Bob is told."""

    def save(*, trial=None, by=BOB, **changes):
        row = Provider.objects.get(pk=corp.pk)
        for name, value in changes.items():
            setattr(row, name, value)
        if "issuer" in changes:
            set_client_secret(row, row.client_secret)  # it knows the same one
        return services.save_provider(provider=row, by=by, fetch_metadata=False, trial=trial, anyway=True)

    return save


@pytest.fixture
def trial(change):
    """The prompt of corp is on trial for an hour; before there was none."""
    return SimpleNamespace(told=change(prompt="login", trial=HOUR))


def run_out(slug="corp"):
    """Let the time of a trial be over."""
    assert Provider.objects.filter(slug=slug, trial_ends_at__isnull=False).update(
        trial_ends_at=timezone.now()
    )


def mallory(op):
    op.person.update(sub="subject-2", name="Mallory", email="mallory@corp.example", preferred_username="m")
    return Browser()


def stored():
    return Provider.objects.get(slug="corp")


def happened(*actions):
    """The events of a trial, the oldest first."""
    ends = (
        "provider_rolled_back",
        "provider_trial_confirmed",
        "provider_trial_started",
        "provider_trial_ended",
    )
    return list(Event.objects.filter(action__in=actions or ends).order_by("id"))


def names(events):
    return [event.action.removeprefix("provider_") for event in events]


def on_trial():
    return stored().trial_ends_at is not None
