"""Take a compact JWS apart (RFC 7515 section 7.1) without believing any of it."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ssoconsole.jose import base64url, strict_json
from ssoconsole.jose.errors import HeaderRefused, TokenMalformed, TokenTooLarge
from ssoconsole.jose.registered import read_claims

MAX_BYTES = 65_536  # a person in 300 groups has an ID token of a quarter of that
LONGEST_KID = 255

_ALPHABET = re.compile(r"[A-Za-z0-9_.-]*")

# Each of these asks the verifier to decrypt, to unpack, to read the payload in another way, or to do what it may not
# know. None of it is ever done here (RFC 7515 section 4.1.11, RFC 7797, RFC 7516). Keys that come with the token and
# addresses of keys (`jwk`, `jku`, `x5c`, `x5u`) only inform: nothing reads them, so that they are ignored like every
# member that is not known (RFC 7515 section 4, RFC 8725 section 3.10).
REFUSED_MEMBERS = ("crit", "b64", "zip", "enc")


@dataclass(frozen=True)
class UnverifiedJws:
    """What a token says of itself; nothing of it is true before the signature has been checked."""

    unverified_header: dict[str, Any]
    unverified_payload: bytes = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @cached_property
    def unverified_claims(self) -> dict[str, Any]:
        """The payload as `read_claims` has it. Raises TokenMalformed, ClaimRefused."""
        return read_claims(self.unverified_payload)


def parse_jws(token: str | bytes, *, max_bytes: int = MAX_BYTES) -> UnverifiedJws:
    """
    Split `token` into its three parts and check the shape of the header.

    Raises TokenTooLarge, TokenMalformed for its alphabet, number of parts, base64url or JSON, then HeaderRefused for
    an encrypted token, one of REFUSED_MEMBERS, or an `alg`, `kid` or `typ` that is no usable string. A member that
    is null is absent. An empty signature is a matter for the verifier: `alg: none` is refused there, by its name.
    """
    text = _text(token, max_bytes)
    names = ("header", "payload", "signature")
    header, payload, signature = map(_decoded, _three_parts(text), names)
    return UnverifiedJws(
        unverified_header=_checked_header(_json_object(header)),
        unverified_payload=payload,
        signing_input=text.rpartition(".")[0].encode("ascii"),
        signature=signature,
    )


def _text(token: str | bytes, max_bytes: int) -> str:
    # A token arrives as whatever a JSON document held in its place, and a number there is no server error.
    if not isinstance(token, str | bytes):
        raise TokenMalformed(expected="a string", received=type(token).__name__)
    if len(token) > max_bytes:
        raise TokenTooLarge(expected=f"at most {max_bytes} bytes", received=f"{len(token)} bytes")
    text = token.decode("latin-1") if isinstance(token, bytes) else token
    # Before any parsing (RFC 8725bis): no white space, no padding, no JSON serialisation.
    if not _ALPHABET.fullmatch(text):
        raise TokenMalformed(expected="only A-Z a-z 0-9 - _ .", received="another character")
    return text


def _three_parts(text: str) -> list[str]:
    parts = text.split(".")
    if len(parts) == 5:
        raise HeaderRefused(expected="a signed token (JWS)", received="an encrypted token (JWE)")
    if len(parts) != 3:
        raise TokenMalformed(expected="three parts", received=f"{len(parts)} parts")
    return parts


def _decoded(part: str, name: str) -> bytes:
    try:
        return base64url.decode(part)
    except ValueError as error:
        raise TokenMalformed(expected=f"{name} in canonical base64url", received="something else") from error


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        return strict_json.loads_object(raw)
    except strict_json.MalformedJson as error:
        raise TokenMalformed(expected="a JSON object as header", received=error) from error


def _checked_header(members: dict[str, Any]) -> dict[str, Any]:
    for name in REFUSED_MEMBERS:
        if name in members:
            raise HeaderRefused(expected=f"no {name} in the header", received=f"{name} in the header")
    unverified_header = {name: value for name, value in members.items() if value is not None}
    if not isinstance(unverified_header.get("alg"), str):
        raise HeaderRefused(expected="alg, a string", received=type(unverified_header.get("alg")).__name__)
    for name in ("kid", "typ"):
        if not isinstance(unverified_header.get(name, ""), str):
            raise HeaderRefused(expected=f"{name}, a string", received=type(unverified_header[name]).__name__)
    kid = unverified_header.get("kid", "")
    if len(kid) > LONGEST_KID or "\0" in kid:
        raise HeaderRefused(expected=f"kid of at most {LONGEST_KID} characters, no NUL", received=kid)
    return unverified_header
