"""Rotations at the same moment leave one key that signs and one that waits; in turns on SQLite."""

import pytest

from providers.client_keys import ensure_client_key, replace_client_keys, rotate_client_key
from providers.models import ClientKey
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import BOB, somewhere
from tests.support.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 6


@pytest.fixture
def corp():
    provider = somewhere(token_endpoint_auth_method="private_key_jwt", client_secret=None)
    provider.discovery = {"token_endpoint_auth_signing_alg_values_supported": ["ES256"]}
    provider.save()
    return provider


def test_many_that_make_the_first_key_get_the_same_one(corp):
    found = at_once(lambda _: ensure_client_key(provider=corp, by=BOB).kid, MANY)
    assert found == [ClientKey.objects.signing().get().kid] * MANY
    assert ClientKey.objects.count() == 2
    assert Event.objects.filter(action="client_key_created").count() == 2


def test_many_rotations_retire_each_key_once(corp):
    ensure_client_key(provider=corp, by=BOB)
    found = at_once(lambda _: rotate_client_key(provider=corp, by=BOB).kid, MANY)
    assert len(found) == MANY
    rotations = list(Event.objects.filter(action="client_key_rotated"))
    retired = ClientKey.objects.filter(retired_at__isnull=False)
    assert sorted(event.before["kid"] for event in rotations) == sorted(retired.values_list("kid", flat=True))
    assert {event.after["kid"] for event in rotations} == set(found)
    assert ClientKey.objects.signing().count() == 1
    assert ClientKey.objects.filter(signing_from=None, retired_at=None).count() == 1


def test_many_that_replace_the_keys_leave_one_that_signs_and_each_gets_a_new_one(corp):
    early = ensure_client_key(provider=corp, by=BOB).kid
    found = at_once(lambda _: replace_client_keys(provider=corp, by=BOB).kid, MANY)
    assert len(set(found)) == MANY
    assert early not in found
    assert ClientKey.objects.signing().get().kid in found
    assert ClientKey.objects.filter(signing_from=None, retired_at=None).count() == 1
    assert ClientKey.objects.count() == 2
