"""The only way from here to others: the addresses where bots and workload platforms publish their keys."""

from typing import Any

from django.conf import settings

from ssoconsole.platform.jose.strict_json import MalformedJson, loads_document
from ssoconsole.platform.outbound import client
from ssoconsole.platform.outbound.errors import OutboundError
from ssoconsole.platform.outbound.response import JSON_DOCUMENT
from tokens.errors import KeysUnavailable

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
