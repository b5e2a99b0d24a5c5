"""How old the copies are of what a provider publishes, and how long they still serve."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from providers.metadata.keys import FRESH_FOR, SERVES_FOR
from providers.models import Provider


@dataclass(frozen=True)
class MetadataAge:
    """
    Times since the last fetch; None for what has never been fetched.

    The discovery document is fetched again on request only and never runs out. Keys are fetched again by the
    first sign-in after they are no longer `fresh`; while the provider does not answer, the copy serves until
    `keys_serve_until`, and after that nobody signs in through it.
    """

    discovery: timedelta | None
    keys: timedelta | None
    keys_serve_until: datetime | None
    keys_are_fresh: bool
    keys_serve: bool


def metadata_age(provider: Provider, at: datetime) -> MetadataAge:
    """Return the ages at the moment `at`; without a query or a request."""
    fetched_at = provider.jwks_fetched_at if provider.jwks else None
    keys = at - fetched_at if fetched_at else None
    return MetadataAge(
        discovery=at - provider.discovery_fetched_at if provider.discovery_fetched_at else None,
        keys=keys,
        keys_serve_until=fetched_at + SERVES_FOR if fetched_at else None,
        keys_are_fresh=keys is not None and keys <= FRESH_FOR,
        keys_serve=keys is not None and keys <= SERVES_FOR,
    )
