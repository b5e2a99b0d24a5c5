"""A registration knows when its client secret ends, and the event log says who changed that."""

from datetime import UTC, datetime

import pytest

from providers.models import Provider
from tests.providers.registrations import provider_events

pytestmark = pytest.mark.django_db
END = datetime(2027, 1, 31, 12, 30, 5, tzinfo=UTC)


@pytest.fixture
def save(bob, form, corp):
    page = f"/admin/providers/provider/{corp.pk}/change/"
    return lambda **changes: bob.post(page, form | {"client_secret": "", "anyway": "on"} | changes)


def stored():
    return Provider.objects.get().client_secret_expires_at


@pytest.mark.parametrize("typed", ["2027-01-31T12:30:05", "2027-01-31 12:30:05"])
def test_it_is_typed_in_utc_and_shown_as_it_is_kept(save, bob, corp, typed):
    save(client_secret_expires_at=typed)
    assert stored() == END
    page = bob.get(f"/admin/providers/provider/{corp.pk}/change/").content.decode()
    assert 'value="2027-01-31T12:30:05"' in page
    event = provider_events().filter(action="provider_changed").first()
    assert (event.actor, event.after["client_secret_expires_at"]) == ("user:bob", str(END))


def test_it_can_be_left_empty(save):
    save(client_secret_expires_at="2027-01-31T12:30:05")
    save(client_secret_expires_at="")
    assert stored() is None


@pytest.mark.parametrize("typed", ["tomorrow", "2027-02-30T00:00", "2027-01-31T25:00"])
def test_what_is_no_moment_is_refused(save, typed):
    response = save(client_secret_expires_at=typed)
    assert list(response.context["adminform"].form.errors) == ["client_secret_expires_at"]
    assert stored() is None
