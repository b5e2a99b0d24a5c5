"""The key ring of this deployment, as `FIELD_ENCRYPTION_KEYS` gives it."""

from functools import lru_cache

from django.conf import settings

from ssoconsole.encryption.keyring import KeyRing


def key_ring() -> KeyRing:
    """Return the ring of the current settings. Raises KeyRingInvalid."""
    return _ring(tuple(settings.FIELD_ENCRYPTION_KEYS))


# By value, so that a test that overrides the setting gets its own ring; nothing is derived twice.
@lru_cache(maxsize=4)
def _ring(keys: tuple[str, ...]) -> KeyRing:
    return KeyRing.from_settings_value(keys)
