"""The endpoints of a discovery document, and the types of its other members."""

from collections.abc import Mapping
from typing import Any

from providers.protocol.discovery import PUSH_ENDPOINT, required_endpoints, wrong_members
from providers.protocol.preflight.findings import Finding, finding
from ssoconsole.platform.outbound.errors import OutboundError, SchemeRefused
from ssoconsole.platform.outbound.targets import parse

OPTIONAL = ("userinfo_endpoint", "end_session_endpoint", PUSH_ENDPOINT)
# What sign-in or sign-out uses; a person adopts each of these before anything secret goes there.
USED = (*required_endpoints(code_flow=True), *OPTIONAL)


def judge_endpoints(document: Mapping[str, Any], *, code_flow: bool, allow_http: bool) -> list[Finding]:
    """
    Judge whether everything that signing in needs is there, and is an address that can be asked.

    What is not needed and is wrong is said, and counts as absent from then on.
    """
    found = []
    for name in required_endpoints(code_flow=code_flow):
        if document.get(name) is None:
            found.append(finding("endpoint_missing", expected=name, received="absent"))
        else:
            found += _malformed(name, document[name], allow_http=allow_http)
    for name, wrong in wrong_members(document, code_flow=code_flow, allow_http=allow_http).items():
        code = "endpoint_ignored" if name in USED else "metadata_malformed"
        found.append(finding(code, expected=wrong.expected, received=wrong.received))
    return found


def judge_adopted(document: Mapping[str, Any], adopted: Mapping[str, Any] | None) -> list[Finding]:
    """Compare the endpoints that are published with the adopted ones, which sign-ins use."""
    if not adopted:
        return [finding("metadata_not_adopted", expected="metadata in use", received="none yet")]
    return [
        finding(
            "metadata_outdated",
            expected=f"{name} {adopted.get(name) or 'absent'}, which is in use",
            received=document.get(name) or "absent",
        )
        for name in USED
        if (document.get(name) or None) != (adopted.get(name) or None)
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
        return [
            finding("endpoint_malformed", expected=expected, received=f"{value or name}: {refused.detail}")
        ]
    return []
