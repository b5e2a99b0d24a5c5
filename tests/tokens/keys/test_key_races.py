"""Rotations of signing keys at the same moment retire each key once; in turns on SQLite."""

import pytest

from ssoconsole.platform.eventlog.models import Event
from tests.support.at_once import at_once
from tokens.keys.services import ensure_signing_key, rotate_signing_key
from tokens.models import SigningKey

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 6


def test_many_rotations_at_once_retire_each_key_once(by):
    ensure_signing_key(alg="ES256", by=by)
    found = at_once(lambda _: rotate_signing_key(alg="ES256", by=by).kid, MANY)
    keys = SigningKey.objects.filter(alg="ES256")
    assert keys.signing().get().kid in found
    rotations = list(Event.objects.filter(action="signing_key_rotated"))
    retired = keys.filter(retired_at__isnull=False).values_list("kid", flat=True)
    assert sorted(event.before["kid"] for event in rotations) == sorted(retired)
    assert {event.after["kid"] for event in rotations} == set(found)
