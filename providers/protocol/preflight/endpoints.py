"""The endpoints of a discovery document, and the types of its other members."""

from collections.abc import Mapping
from typing import Any

from providers.errors import MetadataInvalid
from providers.protocol.discovery import PUSH_ENDPOINT, check_types
from providers.protocol.preflight.findings import Finding, finding
from ssoconsole.outbound.errors import OutboundError, SchemeRefused
from ssoconsole.outbound.targets import parse

REQUIRED = ("authorization_endpoint", "jwks_uri")
OPTIONAL = ("token_endpoint", "userinfo_endpoint", "end_session_endpoint", PUSH_ENDPOINT)
# What sign-in or sign-out uses; when one of these has moved, the stored copy is not enough.
USED = (*REQUIRED, *OPTIONAL)


def judge_endpoints(document: Mapping[str, Any], *, code_flow: bool, allow_http: bool) -> list[Finding]:
    """Judge whether everything that signing in needs is there, and is an address that can be asked."""
    needed = (*REQUIRED, "token_endpoint") if code_flow else REQUIRED
    found = [
        finding("endpoint_missing", expected=name, received="absent")
        for name in needed
        if document.get(name) is None
    ]
    for name in USED:
        if document.get(name) is not None:
            found += _malformed(name, document[name], allow_http=allow_http)
    try:
        check_types({name: value for name, value in document.items() if value is not None})
    except MetadataInvalid as invalid:
        found.append(finding("metadata_malformed", expected=invalid.expected, received=invalid.received))
    return found


def judge_stored(document: Mapping[str, Any], stored: Mapping[str, Any] | None) -> list[Finding]:
    """Compare the endpoints that are published with those that sign-ins use."""
    moved = [name for name in USED if stored and document.get(name) != stored.get(name)]
    return [
        finding(
            "metadata_outdated",
            expected=f"{name} {document.get(name)}",
            received=stored.get(name) or "absent",
        )
        for name in moved[:1]
        if stored
    ]


def _malformed(name: str, value: object, *, allow_http: bool) -> list[Finding]:
    if not isinstance(value, str):
        return [finding("endpoint_malformed", expected=f"{name}, a text", received=type(value).__name__)]
    try:
        parse(value, allow_http=allow_http)
    except SchemeRefused as refused:
        plain = value.lower().startswith("http:")
        code = "endpoint_plain_http" if plain else "endpoint_malformed"
        return [finding(code, expected=f"{name}, an https address", received=value or refused.detail)]
    except OutboundError as refused:
        expected = f"{name}, an absolute address"
        return [finding("endpoint_malformed", expected=expected, received=f"{value}: {refused.detail}")]
    return []
