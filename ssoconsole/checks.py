"""
System checks that keep production from starting unsafely.

E001, E002 and E003 (a required variable is missing) are raised by `settings.py` itself, because nothing else can
be loaded without them.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks

from ssoconsole.platform.encryption.keyring import KeyRing, KeyRingInvalid
from ssoconsole.platform.outbound.errors import OutboundError
from ssoconsole.platform.outbound.targets import parse
from ssoconsole.platform.values import host_of
from ssoconsole.startup import several_processes, uses_local_cache

LOOPBACK = ("localhost", "127.0.0.1", "::1")
MIN_SECRET_KEY = 50
# SHA-256 of keys that stand in public documentation or images; whoever reads those has them.
KNOWN_KEYS = frozenset(
    {
        # the Fernet key in OpenMetadata's published configuration, in both base64 alphabets
        hashlib.sha256(b"jJ/9sz0g0OHxsfxOoSfdFdmk3ysNmPRnH3TUAbz3IHA=").hexdigest(),
        hashlib.sha256(b"jJ_9sz0g0OHxsfxOoSfdFdmk3ysNmPRnH3TUAbz3IHA=").hexdigest(),
        hashlib.sha256(b"jJ_9sz0g0OHxsfxOoSfdFdmk3ysNmPRnH3TUAbz3IHA").hexdigest(),
    }
)


def is_demonstration_key(value: str) -> bool:
    """Tell whether a secret is public knowledge, or so regular that it may as well be."""
    known = hashlib.sha256(value.encode()).hexdigest() in KNOWN_KEYS
    return known or value.startswith("django-insecure-") or len(set(value)) < 12


@checks.register(checks.Tags.security)
def secrets_are_safe(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """Both secrets are long, well-formed and nobody else's."""
    if len(settings.SECRET_KEY) < MIN_SECRET_KEY:
        yield checks.Error(
            f"SECRET_KEY is shorter than {MIN_SECRET_KEY} characters.",
            hint="Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'",
            id="ssoconsole.E004",
        )
    try:
        KeyRing.from_settings_value(settings.FIELD_ENCRYPTION_KEYS)
    except KeyRingInvalid as error:
        yield checks.Error(
            f"FIELD_ENCRYPTION_KEYS cannot be used: {error}",
            hint="Each key is 32 random bytes in base64url, newest first, separated by commas: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
            id="ssoconsole.E005",
        )
    for name, value in [("SECRET_KEY", settings.SECRET_KEY)] + [
        ("FIELD_ENCRYPTION_KEYS", key) for key in settings.FIELD_ENCRYPTION_KEYS
    ]:
        if is_demonstration_key(value):
            yield checks.Error(
                f"{name} holds a key that is publicly known or trivially guessed.",
                hint="Make a new random one"
                + (
                    "; whoever is signed in signs in again."
                    if name == "SECRET_KEY"
                    else "; re-encrypt with `manage.py reencrypt` where data exists."
                ),
                id="ssoconsole.E006",
            )


@checks.register(checks.Tags.security)
def base_url_is_safe(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """BASE_URL is an origin, https in production, and no public origin runs with the development switch."""
    scheme, _, authority = settings.BASE_URL.partition("://")
    try:
        whole = parse(settings.BASE_URL, allow_http=True).path == "/" and not set("/?") & set(authority)
    except OutboundError:
        whole = False
    if not whole:
        yield checks.Error(
            "BASE_URL is not an origin.",
            hint="Scheme, host and port only, without a slash at the end: https://sso.example.com",
            id="ssoconsole.E007",
        )
    if not settings.DEBUG and scheme == "http":
        yield checks.Error(
            "BASE_URL is plain http.",
            hint="Serve the console over https and set BASE_URL to that origin; DEBUG=true is for one's own machine.",
            id="ssoconsole.E009",
        )
    if settings.DEBUG and host_of(settings.BASE_URL).strip("[]") not in LOOPBACK:
        yield checks.Error(
            "DEBUG is on for an origin that others can reach.",
            hint="Set DEBUG=false. The development switch shows internals and admits providers on loopback.",
            id="ssoconsole.E010",
        )


@checks.register(checks.Tags.caches)
def processes_share_a_cache(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """More than one process means a cache they share."""
    if not settings.DEBUG and settings.SERVER_PROCESSES > 1 and uses_local_cache():
        yield several_processes()


@checks.register(checks.Tags.security)
def one_header_is_believed(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """It is said which header the trusted proxies write; until then nobody's address is known."""
    if settings.TRUSTED_PROXIES and not settings.TRUSTED_PROXY_HEADER:
        yield checks.Warning(
            "TRUSTED_PROXIES is set, and TRUSTED_PROXY_HEADER is not: nobody behind them has an address.",
            hint="Set it to Forwarded, and let each proxy replace that header; or to X-Forwarded-For where each "
            "proxy replaces that one and drops every name with an underscore (docs/deployment.md, The proxy).",
            id="ssoconsole.W003",
        )


@checks.register(checks.Tags.security)
def loopback_providers_are_for_development(**kwargs: Any) -> Iterator[checks.CheckMessage]:
    """Identity providers on loopback are an oddity outside development."""
    if settings.ALLOW_LOOPBACK_PROVIDERS and not settings.DEBUG:
        yield checks.Warning(
            "ALLOW_LOOPBACK_PROVIDERS is on in production.",
            hint="Identity providers on loopback or plain http can be read and forged by whoever shares the machine.",
            id="ssoconsole.W001",
        )
