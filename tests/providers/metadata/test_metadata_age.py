"""An administrator can see how old the copies are, and until when they serve."""

from datetime import timedelta

import pytest
from django.utils import timezone

from providers.admin.panels import metadata_panel
from providers.metadata import MetadataAge, metadata_age
from tests.providers.registrations import somewhere

NOW = timezone.now()
NEVER = MetadataAge(discovery=None, keys=None, keys_serve_until=None, keys_are_fresh=False, keys_serve=False)


def copied(**ago):
    then = NOW - timedelta(**ago)
    return somewhere(discovery={}, discovery_fetched_at=then, jwks={"keys": []}, jwks_fetched_at=then)


def test_what_was_never_fetched_has_no_age():
    assert metadata_age(somewhere(), NOW) == NEVER


def test_keys_that_went_with_another_jwks_uri_have_none_either():
    provider = copied(hours=1)
    provider.jwks = None
    assert metadata_age(provider, NOW).keys is None


@pytest.mark.parametrize(
    ("ago", "fresh", "serves"),
    [
        ({"minutes": 1}, True, True),
        ({"minutes": 60}, True, True),
        ({"minutes": 61}, False, True),
        ({"hours": 24}, False, True),
        ({"hours": 24, "seconds": 1}, False, False),
    ],
)
def test_keys_serve_for_a_day(ago, fresh, serves):
    age = metadata_age(copied(**ago), NOW)
    assert (age.keys_are_fresh, age.keys_serve) == (fresh, serves)
    assert age.keys == age.discovery == timedelta(**ago)
    assert age.keys_serve_until == NOW - timedelta(**ago) + timedelta(days=1)


def test_the_panel_says_until_when():
    assert "used until" in metadata_panel(copied(hours=2))
    assert "too old to be used before the provider answers again" in metadata_panel(copied(hours=30))
