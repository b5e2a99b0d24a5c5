"""Keys that others publish: fetched, kept as the last good copy, fetched again when they may have rotated.

The keys at one source, and the verification by them that fetches once more when a key is unknown.

The only way from here to others: the addresses where bots and workload platforms publish their keys.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event
from ssoconsole.platform.jose.algorithms import ALGORITHMS, spend_verification
from ssoconsole.platform.jose.errors import KeySetRefused, UnknownKey
from ssoconsole.platform.jose.keys import JwkSet
from ssoconsole.platform.jose.strict_json import MalformedJson, loads_document
from ssoconsole.platform.jose.verify import TypeRule, VerifiedJwt, verify_jwt
from ssoconsole.platform.limits import may_try
from ssoconsole.platform.outbound import client
from ssoconsole.platform.outbound.errors import OutboundError
from ssoconsole.platform.outbound.response import JSON_DOCUMENT
from tokens.errors import KeysUnavailable
from tokens.models import RemoteKeys
from tokens.protocol.workload_token import discovery_urls, jwks_uri_of

OK = 200


def fetch_document(url: str) -> dict[str, Any]:
    """
    GET a JSON object, strictly parsed, without NUL, which PostgreSQL cannot store.

    https only, and no address inside the machine, unless ALLOW_LOOPBACK_PROVIDERS says so. Raises
    KeysUnavailable, whose text holds no path, query or body.
    """
    allow_loopback = settings.ALLOW_LOOPBACK_PROVIDERS
    try:
        response = client.request("GET", url, accept=JSON_DOCUMENT, allow_loopback=allow_loopback)
    except OutboundError as error:
        raise KeysUnavailable(expected="a JSON document", received=f"{error.code}: {error.detail}") from None
    if response.status != OK:
        raise KeysUnavailable(expected="status 200", received=f"status {response.status}")
    if b"\\u0000" in response.body:
        raise KeysUnavailable(expected="JSON without NUL characters", received="a NUL character")
    try:
        return loads_document(response.body)
    except MalformedJson as malformed:
        raise KeysUnavailable(expected="a JSON object", received=f"{malformed}") from None


FRESH_FOR = timedelta(hours=1)
# How long the last good copy serves while the source does not answer. After that, a key that may have been
# withdrawn is believed no more.
SERVES_FOR = timedelta(hours=24)
MOST_PARSED = 256


@dataclass(frozen=True)
class Source:
    """Where keys are: the address of a key set or, if `is_issuer`, an issuer whose discovery says where."""

    address: str
    is_issuer: bool = False


# Parsing a key costs more than verifying with it. One entry a source, replaced by a newer copy.
_parsed: dict[Source, tuple[datetime, JwkSet]] = {}


def verify_by_source(
    source: Source, token: str, *, algorithms: Collection[str], types: TypeRule
) -> VerifiedJwt:
    """
    Return what the holder of one of the source's keys has signed.

    A key that is not in the stored set makes the set be fetched once more, within limits: it may have been
    rotated. Raises a JwtRefused, or KeysUnavailable when there are no keys to verify with.
    """
    try:
        keys = current_keys(source)
    except KeysUnavailable:
        spend_verification(ALGORITHMS[next(iter(algorithms))])
        raise
    try:
        return verify_jwt(token, keys=keys, algorithms=algorithms, types=types)
    except UnknownKey:
        newer = _fetched_if_possible(source)
        if newer is None:
            raise
        return verify_jwt(token, keys=newer, algorithms=algorithms, types=types)


def current_keys(source: Source) -> JwkSet:
    """Return the keys of a source, fetched at most an hour ago if it answers. Raises KeysUnavailable."""
    row = _row(source)
    age = timezone.now() - row.fetched_at if row else None
    if row is None or age is None or age > SERVES_FOR:
        return fetch_keys(source)
    if age > FRESH_FOR:
        return _fetched_if_possible(source) or _stored(source, row)
    return _stored(source, row)


def fetch_keys(source: Source) -> JwkSet:
    """Fetch, keep and return the keys, at most three times a minute. Raises KeysUnavailable."""
    if not may_try(f"keys of {source.address}"):
        raise KeysUnavailable(expected="at most three requests a minute", received="more")
    jwks_uri = _discovered(source.address) if source.is_issuer else ""
    document = fetch_document(jwks_uri or source.address)
    keys = _parse(document)
    _keep(source, jwks_uri, document)
    return keys


def _row(source: Source) -> RemoteKeys | None:
    """The stored copy, unless the same address was stored as the other kind: what an issuer's page holds is no keys."""
    row = RemoteKeys.objects.filter(source=source.address).first()
    return row if row and bool(row.jwks_uri) == source.is_issuer else None


def _fetched_if_possible(source: Source) -> JwkSet | None:
    try:
        return fetch_keys(source)
    except KeysUnavailable:
        return None


def _discovered(issuer: str) -> str:
    first, second = discovery_urls(issuer)
    try:
        return jwks_uri_of(fetch_document(first), issuer=issuer)
    except KeysUnavailable as unavailable:
        try:
            return jwks_uri_of(fetch_document(second), issuer=issuer)
        except KeysUnavailable:
            raise unavailable from None  # what was wrong where nearly everybody publishes says more


def _stored(source: Source, row: RemoteKeys) -> JwkSet:
    kept = _parsed.get(source)
    if kept and kept[0] == row.fetched_at:
        return kept[1]
    keys = _parse(row.jwks)
    if len(_parsed) >= MOST_PARSED:
        _parsed.clear()
    _parsed[source] = (row.fetched_at, keys)
    return keys


def _parse(document: Any) -> JwkSet:
    try:
        return JwkSet.parse(document)
    except KeySetRefused as refused:
        raise KeysUnavailable(expected="a JSON Web Key Set", received=str(refused)) from None


@transaction.atomic
def _keep(source: Source, jwks_uri: str, document: dict[str, Any]) -> None:
    """Keep the copy; an event when the keys are others: whoever controls them can be the bot."""
    before = RemoteKeys.objects.filter(source=source.address).first()
    values = {"jwks_uri": jwks_uri, "jwks": document, "fetched_at": timezone.now()}
    RemoteKeys.objects.update_or_create(source=source.address, defaults=values)
    if before is None or before.jwks != document:
        record_event(
            "remote_keys_changed",
            by=Actor("stranger", source.address),
            target=source.address,
            before={"kids": _kids(before.jwks if before else None)},
            after={"kids": _kids(document)},
        )


def _kids(document: Any) -> list[str]:
    entries = document.get("keys", []) if isinstance(document, dict) else []
    return [str(entry.get("kid"))[:255] for entry in entries if isinstance(entry, dict)]
