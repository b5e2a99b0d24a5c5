"""
Judge the documents that a provider publishes: whether each can be read, its issuer, its endpoints and its keys.

The issuer is compared byte for byte, and a near miss is named. The key set must have a key for what the provider is
trusted to sign with. A finding that ends in typing a value gets one more sentence with that value and its place; the
remedy without it stands in `codes`.
"""

import re
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any
from urllib.parse import unquote, urlsplit

from providers.protocol.discovery import (
    PUSH_ENDPOINT,
    WELL_KNOWN,
    problem_of_issuer,
    required_endpoints,
    wrong_members,
)
from providers.protocol.preflight.findings import Finding, finding
from ssoconsole.platform.jose.algorithms import find_algorithm
from ssoconsole.platform.jose.errors import KeySetRefused
from ssoconsole.platform.jose.issuer import difference
from ssoconsole.platform.jose.keys import JwkSet, PublicKey, distinct
from ssoconsole.platform.jose.strict_json import MalformedJson, loads_document
from ssoconsole.platform.outbound.errors import OutboundError, SchemeRefused
from ssoconsole.platform.outbound.response import Response, is_json_document
from ssoconsole.platform.outbound.targets import parse

_BY_ERROR = {
    "response_timeout": "timed_out",
    "response_too_large": "too_large",
    "protocol_broken": "broken_answer",
}
_BY_STATUS = {401: "forbidden", 403: "forbidden", 404: "not_found", 410: "not_found"}
_ISSUER = "Type {received} as the issuer here."
_UNUSABLE_ISSUER = "{received} is none that can be registered: let the provider publish {expected}."
_REDIRECT_URI = "At the provider, type {redirect_uri} as redirect URI."
_JWKS_URL = "The console's JWKS URL is {jwks_url}."
_SCOPES = "The scopes asked for are {scopes}."

OPTIONAL = ("userinfo_endpoint", "end_session_endpoint", PUSH_ENDPOINT)
# What sign-in or sign-out uses; a person adopts each of these before anything secret goes there.
USED = (*required_endpoints(code_flow=True), *OPTIONAL)

# What a provider writes that answers a realm or tenant which it does not know with an error instead of a 404.
_NOT_KNOWN = re.compile(
    r"not found|(does not|doesn't) exist|unknown (realm|tenant)|invalid_tenant", re.IGNORECASE
)
_WEAK = "RSA key of"
_PRIVATE = "private members"


def read_document(
    answer: Response | OutboundError, *, prefix: str, url: str
) -> tuple[dict[str, Any] | None, list[Finding]]:
    """
    Return the document in `answer` and no finding, or None and why.

    `prefix` is `discovery` or `keys`: the findings' codes begin with it. `url` is where it was asked for.
    """
    problem, received = _problem(answer)
    if problem:
        return None, [finding(f"{prefix}_{problem}", expected=f"a JSON object at {url}", received=received)]
    assert isinstance(answer, Response)  # noqa: S101 - for the type checker: an error is always a problem
    expected = f"a JSON object at {url}"
    if b"\\u0000" in answer.body:  # PostgreSQL stores none
        return None, [finding(f"{prefix}_malformed", expected=expected, received="a NUL character")]
    try:
        return loads_document(answer.body), []
    except MalformedJson as malformed:
        return None, [finding(f"{prefix}_malformed", expected=expected, received=str(malformed))]


def _problem(answer: Response | OutboundError) -> tuple[str, str]:
    if isinstance(answer, OutboundError):
        return _BY_ERROR.get(answer.code, "unreachable"), answer.detail
    status = f"status {answer.status}"
    if 300 <= answer.status < 400:
        return "redirects", f"{status} to {shown_location(answer.headers)}"
    if answer.status >= 500:
        return "server_error", status
    if answer.status != 200:
        said = _said(answer)
        unknown = answer.status == 400 and _NOT_KNOWN.search(said)
        problem = "not_found" if unknown else _BY_STATUS.get(answer.status, "unexpected_status")
        return problem, f"{status}: {said}" if said else status
    if is_page(answer):
        return "is_html", f"{answer.content_type or 'no media type'}, a web page"
    if not is_json_document(answer.content_type):
        return "wrong_media_type", answer.content_type or "no media type"
    return "", ""


def _said(answer: Response) -> str:
    """Return the error that an answer names, "" for none."""
    try:
        members = answer.json()
    except MalformedJson:
        return ""
    named = (
        [members.get(name) for name in ("error", "error_description")] if isinstance(members, dict) else []
    )
    return ": ".join(text for text in named if isinstance(text, str) and text)


def is_page(answer: Response) -> bool:
    """Tell whether an answer is a web page, whatever it calls itself."""
    return "html" in answer.content_type or answer.body.lstrip()[:1] == b"<"


def shown_location(headers: Mapping[str, str]) -> str:
    """Return where a redirect leads, without its query and its fragment: these may hold what was sent."""
    try:
        parts = urlsplit(headers.get("Location", ""))
    except ValueError:
        return "an address that cannot be read"
    return parts._replace(query="", fragment="").geturl() or "nowhere"


def judge_issuer(document: Mapping[str, Any], *, registered: str) -> list[Finding]:
    """Judge whether `document` speaks for the issuer that is `registered`."""
    published = document.get("issuer")
    if not isinstance(published, str) or not published.strip():
        is_text = isinstance(published, str)
        received = "absent" if published is None else "empty" if is_text else type(published).__name__
        return [finding("issuer_missing", expected=registered, received=received)]
    if published == registered:
        return []
    code = f"issuer_{_difference(registered, published)}"
    # In quotes, because a blank at the end is one of the differences.
    return [finding(code, expected=f"“{registered}”", received=f"“{published}”")]


def paths_above(address: str, *, most: int = 6) -> list[str]:
    """Return the addresses that `address` is below, the nearest first: those that lack its last parts."""
    parts = urlsplit(address)
    path = [part for part in parts.path.split("/") if part]
    shorter = ["/".join(["", *path[:count]]) for count in range(len(path) - 1, -1, -1)]
    return [parts._replace(path=each, query="", fragment="").geturl() for each in shorter[:most]]


def spelt_otherwise(address: str) -> list[str]:
    """
    Return what `address` is perhaps meant to be: with one slash at a time, in lower case, or another path of Keycloak.

    There the console of the administrators is under /admin, and everything was under /auth before version 17.
    """
    parts = urlsplit(address)
    path = re.sub("//+", "/", parts.path)
    realm = path[path.find("/realms/") :] if "/realms/" in path else ""
    others = [path, path.lower(), *([realm, f"/auth{realm}"] if realm else [])]
    spelt = [parts._replace(path=each, query="", fragment="").geturl() for each in others]
    return [each for each in dict.fromkeys(spelt) if each != address]


def issuer_meant_by(text: str) -> str:
    """Return the issuer that `text` is but for what an issuer does not have around it; "" for none, or an endpoint."""
    issuer = text.strip().partition("#")[0]
    issuer = issuer if "://" in issuer else f"https://{issuer}"
    head, found, _ = issuer.partition("/.well-known/")
    issuer = head if found else issuer
    unusable = problem_of_issuer(issuer, allow_http=True)
    return "" if unusable or "." not in (urlsplit(issuer).hostname or "") else issuer


def _difference(registered: str, published: str) -> str:
    if "{" in unquote(published):
        return "template"
    ends = {text.rstrip("/") for text in (registered, published)}
    if len(ends) == 2 and len({text.removesuffix(WELL_KNOWN).rstrip("/") for text in ends}) == 1:
        return "well_known_suffix"
    return difference(registered, published).removeprefix("default_") or "mismatch"


# `expected` and `received` are the finding's, everything else is the registration's or the console's.
SENTENCES = {
    **dict.fromkeys(
        (
            "issuer_trailing_slash",
            "issuer_white_space",
            "issuer_case",
            "issuer_port",
            "issuer_host",
            "issuer_path",
            "issuer_well_known_suffix",
            "issuer_mismatch",
        ),
        _ISSUER,
    ),
    "issuer_scheme": "The issuer is then {received} here, if that is https; otherwise the provider's public address is "
    "{expected}.",
    "redirect_uri_not_registered": _REDIRECT_URI,
    "redirect_uri_replaced": _REDIRECT_URI,
    "client_assertion_rejected": _JWKS_URL,
    "client_key_missing": _JWKS_URL,
    "client_unknown": "The client ID here is {client_id}.",
    "client_not_allowed": "The response type here is {response_type}.",
    "client_authentication_method_wrong": "Choose {expected} here.",
    "client_credentials_rejected": "The client ID here is {client_id}, the method {auth_method}.",
    "client_authentication_not_supported": "The provider lists {received}.",
    "scope_not_listed": "Take out {expected}.",
    "scope_refused": _SCOPES,
    "refresh_scope_missing": "Type offline_access among the scopes.",
    "signing_algorithm_not_supported": "The provider lists {received}.",
    "keys_for_other_algorithms": "Received: {received}.",
    "authentication_context_not_listed": "The provider lists {received}.",
    "iss_parameter_mismatch": "It has to be {expected}.",
    "userinfo_not_needed": "Choose {expected} here.",
    "grant_not_allowed": "The client ID here is {client_id}.",
}


def sentence_for(found: Finding, values: Mapping[str, str]) -> str:
    """Return the sentence that names the value, "" where there is none to type."""
    sentence = SENTENCES.get(found.code, "")
    if sentence == _ISSUER and problem_of_issuer(found.received.strip("“”"), allow_http=True):
        sentence = _UNUSABLE_ISSUER
    return sentence.format(**values, expected=found.expected, received=found.received)


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


def judge_key_set(document: Mapping[str, Any], *, algorithms: Sequence[str]) -> list[Finding]:
    """Judge whether tokens signed with one of `algorithms`, asymmetric ones, can be verified."""
    expected = f"a key for {' or '.join(algorithms)}"
    try:
        keys = JwkSet.parse(document)
    except KeySetRefused as refused:
        return [finding("keys_malformed", expected=expected, received=str(refused))]
    if not document["keys"]:
        return [finding("keys_empty", expected=expected, received="no key")]
    private = [
        finding("keys_private_members", expected="public keys", received=why) for why in _why(keys, _PRIVATE)
    ]
    fitting = _fitting(keys, algorithms)
    if not any(fitting.values()):
        return [*private[:1], _nothing_fits(document, keys, expected)]
    return [*private[:1], *_ambiguous(fitting), *_some_weak(keys)]


def _fitting(keys: JwkSet, algorithms: Sequence[str]) -> dict[str, list[PublicKey]]:
    return {name: [key for key in keys.keys if key.serves(find_algorithm(name))] for name in algorithms}


def _nothing_fits(document: Mapping[str, Any], keys: JwkSet, expected: str) -> Finding:
    entries = [entry for entry in document["keys"] if isinstance(entry, Mapping)]
    if entries and all(entry.get("use") == "enc" for entry in entries):
        return finding("keys_only_for_encryption", expected=expected, received=f"{len(entries)} with use enc")
    if weak := _why(keys, _WEAK):
        return finding("keys_weak", expected=expected, received=weak[0])
    if keys.keys:
        return finding("keys_for_other_algorithms", expected=expected, received=_described(keys.keys))
    return finding("keys_unusable", expected=expected, received="; ".join(_why(keys, "")))


def _why(keys: JwkSet, begins: str) -> list[str]:
    """The reasons why keys were set aside, with their ids."""
    reasons = [key for key in keys.refused if key.reason.startswith(begins)]
    return [f"{key.kid or 'a key without kid'}: {key.reason}" for key in reasons]


def _described(keys: Sequence[PublicKey]) -> str:
    return ", ".join(
        " ".join(filter(None, (key.kty, key.crv, key.alg, key.use and f"use {key.use}", _operations(key))))
        for key in keys
    )


def _operations(key: PublicKey) -> str:
    return f"key_ops {' '.join(sorted(key.key_ops))}" if key.key_ops else ""


def _ambiguous(fitting: Mapping[str, Sequence[PublicKey]]) -> list[Finding]:
    """A token fits one key or none: several with one kid, or several without, make every token ambiguous."""
    for name, keys in fitting.items():
        counted = {
            kid: len(distinct([key for key in keys if key.kid == kid])) for kid in {key.kid for key in keys}
        }
        nameless = counted.pop(None, 0)
        kid, count = max(counted.items(), key=itemgetter(1), default=("", 0))
        if count > 1:
            received = f"{count} different keys with {kid}"
            return [finding("keys_duplicate_kid", expected="different kids", received=received)]
        if nameless > 1:
            received = f"{nameless} keys for {name} without kid"
            return [finding("keys_without_kid", expected="a kid with each key", received=received)]
    return []


def _some_weak(keys: JwkSet) -> list[Finding]:
    return [finding("keys_some_weak", expected="2048 bits", received=why) for why in _why(keys, _WEAK)[:1]]
