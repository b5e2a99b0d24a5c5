"""
How much anybody may send, how often he may try, and how long anything counts: in numbers, as operators read them.

Whoever changes one decides about what a stranger costs or for how long a thief has time, and says so here too.
"""

from datetime import timedelta
from importlib import import_module

import pytest

from ssoconsole.platform.outbound.response import DEFAULT_LIMITS

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
KIB = 1024

NUMBERS = {
    "providers": {
        # How long something counts.
        "models.attempt.ATTEMPT_LIFETIME": 10 * MINUTE,
        "models.attempt.REHEARSAL_LIFETIME": 30 * MINUTE,
        "models.session.SEEN_EVERY": MINUTE,
        "client_keys.OVERLAP": DAY,
        "client_keys.MAX_AGE": 300,
        "metadata.FRESH_FOR": HOUR,
        "metadata.SERVES_FOR": DAY,
        "protocol.client_assertion.LIFETIME": 60,
        "protocol.id_token.LONGEST_SINCE_ISSUED": 86_400,
        "protocol.logout_token.LONGEST_LIFE": 600,
        "refresh.services.CLAIM_LASTS": 30 * SECOND,
        "refresh.services.LONGEST_GRACE": HOUR,
        "refresh.door.WAIT_FOR_ANOTHER": 5.0,
        "retention.SPENT_TOKENS_STAY": HOUR,
        "signin.cookies.BINDING_LASTS": 900,
        "signin.cookies.STAY_HERE_LASTS": 600,
        # How much and how often.
        "protocol.mapping.LONGEST_EMAIL": 254,
        "protocol.mapping.LONGEST_NAME": 255,
        "protocol.mapping.LONGEST_PRINCIPAL": 255,
        "protocol.credentials_json.LARGEST": 64 * KIB,
        "models.session.LONGEST_HINT": 4096,
        "sessions.store.KEY_LENGTH": 32,
        "signin.callback.LONGEST_FORM": 80 * KIB,
        "signin.redirects.LONGEST": 2000,
        "signin.leaving.LONGEST_HINT": 255,
        "signout.RECORDED_PER_MINUTE": 20,
        "registration.shapes.MOST_MEMBERS": 200,
    },
    "tokens": {
        "credentials.own_keys.STAYS": HOUR,
        "credentials.services.LAST_USED_EVERY": MINUTE,
        "keys.services.IN_FLIGHT": HOUR,
        "keys.services.KEYS_AHEAD": 2,
        "keys.services.PUBLISHED_AHEAD": 360 * SECOND,
        "protocol.client_authentication.LEEWAY": 30,
        "protocol.client_authentication.LONGEST_LIFE": 600,
        "protocol.workload_token.LEEWAY": 30,
        "protocol.workload_token.LONGEST_LIFE": 86_400,
        "protocol.access_token.LONGEST": 36_525 * DAY,
        "protocol.retirement.QUIET_FOR": 7 * DAY,
        "records.services.LONG_LIVED": DAY,
        "remote_keys.FRESH_FOR": HOUR,
        "remote_keys.SERVES_FOR": DAY,
        "repeats.KEPT": DAY,
        "status.services.KEPT": 5,
        "status.published.KEPT_AFTER_THE_END": DAY,
        "status.published.LIFETIME": 900,
        "status.published.TTL": 60,
        "credentials.authentication.MOST_PER_ADDRESS": 60,
        "credentials.authentication.MOST_PER_NAME": 20,
        "credentials.authentication.WINDOW": 60,
        "credentials.services.LONGEST_UNUSED_DAYS": 3_650,
        "refusals.services.ALTOGETHER": 300,
        "refusals.services.PER_ADDRESS": 30,
        "refusals.services.PER_CLIENT": 20,
        "protocol.client_authentication.LONGEST_HEADER": 8 * KIB,
        "protocol.client_authentication.RANDOM_BYTES": 32,
        "protocol.client_authentication.SHORTEST": 32,
        "protocol.client_authentication.LONGEST": 512,
        "protocol.client_authentication.LEAST_BITS": 90,
        "protocol.federation.LONGEST": 512,
        "protocol.federation.MOST_ASTERISKS": 3,
        "protocol.form.MOST_BYTES": 64 * KIB,
        "protocol.form.MOST_PARAMETERS": 200,
        "protocol.key_file.LARGEST_FILE": 64 * KIB,
        "protocol.scopes.LONGEST_SCOPE": 2_000,
        "records.services.COUNTED_FOR": MINUTE,
        "records.services.LEAST_PART": 100,
        "repeats.LONGEST_KEY": 255,
        "status.services.SEED_BYTES": 32,
    },
    "ssoconsole": {
        "platform.accounts.passwords.ADDRESS_WAITS": MINUTE,
        "platform.accounts.passwords.FAILURES_OF_AN_ADDRESS": 20,
        "platform.accounts.passwords.KEEP": DAY,
        "platform.accounts.services.BREAK_GLASS_LIFETIME": DAY,
        "platform.accounts.shown_once.LIFETIME": 5 * MINUTE,
        "settings.AXES_COOLOFF_TIME": 15 * MINUTE,
        "settings.AXES_FAILURE_LIMIT": 10,
        "settings.DATA_UPLOAD_MAX_MEMORY_SIZE": 2 * KIB * KIB,
        "settings.DATA_UPLOAD_MAX_NUMBER_FIELDS": 2_000,
        "console.backup.archive.LARGEST_MANIFEST": 1_000_000,
        "checks.MIN_SECRET_KEY": 50,
        "console.configuration.apply.LARGEST_SECRET": 64 * KIB,
        "platform.encryption.keyring.KEY_BYTES": 32,
        "platform.encryption.keyring.NONCE_BYTES": 12,
        "platform.encryption.keyring.TAG_BYTES": 16,
        "platform.http.bounds.LONGEST_PATH": 1_000,
        "platform.http.bounds.LONGEST_QUERY": 16 * KIB,
        "platform.http.forwarding.LONGEST": 4096,
        "platform.jose.keys.MOST_KEYS": 100,
        "platform.jose.algorithms.SHORTEST_SECRET_BYTES": 32,
        "platform.jose.material.SMALLEST_RSA_BITS": 2048,
        "platform.jose.material.LARGEST_RSA_BITS": 16_384,
        "platform.jose.material.SMALLEST_EXPONENT": 65_537,
        "platform.jose.material.LARGEST_EXPONENT_BITS": 64,
        "platform.jose.verify.MAX_BYTES": 64 * KIB,
        "platform.jose.claims.LONGEST_IDENTIFIER": 255,
        "platform.jose.claims.MOST_AUDIENCES": 100,
        "platform.jose.strict_json.LONGEST_NUMBER": 64,
        "platform.limits.TRIES": 3,
        "platform.limits.WINDOW": 60,
        "platform.yaml.DEEPEST": 20,
        "platform.yaml.LARGEST_FILE": KIB * KIB,
    },
}


@pytest.mark.parametrize(
    ("name", "number"),
    [(f"{app}.{name}", number) for app, numbers in NUMBERS.items() for name, number in numbers.items()],
)
def test_a_number_is_what_it_was_decided_to_be(name, number):
    module, _, constant = name.rpartition(".")
    assert getattr(import_module(module), constant) == number


def test_what_a_peer_may_take_and_send():
    names = ("connect", "idle", "total", "head_bytes", "body_bytes")
    assert [getattr(DEFAULT_LIMITS, name) for name in names] == [3.0, 8.0, 15.0, 64 * KIB, 512 * KIB]
