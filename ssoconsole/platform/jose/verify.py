"""
The one door for every JWT: allow-listed algorithm, expected type, one key, one signature, typed claims.

`parse_jws` takes a compact JWS apart (RFC 7515 section 7.1) without believing any of it.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from ssoconsole.platform.jose import algorithms as arithmetic
from ssoconsole.platform.jose import base64url, strict_json
from ssoconsole.platform.jose.algorithms import ALGORITHMS, Algorithm, PublicMaterial, SharedSecret
from ssoconsole.platform.jose.claims import read_claims
from ssoconsole.platform.jose.errors import (
    AlgorithmRefused,
    HeaderRefused,
    JwtRefused,
    SignatureInvalid,
    TokenMalformed,
    TokenTooLarge,
    TokenTypeRefused,
)
from ssoconsole.platform.jose.keys import JwkSet

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


@dataclass(frozen=True)
class TypeRule:
    """
    Which `typ` one kind of JWT carries (RFC 8725 section 3.11): one of `required`, or one of `optional` or
    none.

    Every other value is refused, so that one kind is never taken for another. Raises ValueError unless
    exactly one of the two is given.
    """

    required: Collection[str] = frozenset()
    optional: Collection[str] = frozenset()

    def __post_init__(self) -> None:
        if bool(self.required) == bool(self.optional):
            raise ValueError("give either required or optional types")

    def check(self, typ: str | None) -> None:
        """Raise TokenTypeRefused unless `typ`, None if absent, belongs here."""
        if (typ is None and self.optional) or typ in self.required or typ in self.optional:
            return
        known = sorted({*self.required, *self.optional})
        # RFC 7515 section 4.1.9 makes the prefix optional; case is ignored.
        subtype = typ.lower().removeprefix("application/") if typ else ""
        if subtype not in [name.lower().removeprefix("application/") for name in known]:
            absent = ["absent"] if self.optional else []
            raise TokenTypeRefused(
                expected="typ " + " or ".join(known + absent), received="absent" if typ is None else typ
            )


ID_TOKEN = TypeRule(optional=frozenset({"JWT"}))
LOGOUT_TOKEN = TypeRule(optional=frozenset({"logout+jwt", "JWT"}))
USERINFO = TypeRule(optional=frozenset({"JWT"}))
ACCESS_TOKEN = TypeRule(required=frozenset({"at+jwt"}))
OPENMETADATA_TOKEN = TypeRule(required=frozenset({"JWT"}))
CLIENT_ASSERTION = TypeRule(optional=frozenset({"client-authentication+jwt", "JWT"}))
STATUS_LIST = TypeRule(required=frozenset({"statuslist+jwt"}))


@dataclass(frozen=True)
class VerifiedJwt:
    """What the holder of the key has signed; whether it is meant for us, and still valid, is checked next."""

    header: dict[str, Any]
    claims: dict[str, Any] = field(repr=False)


def verify_jwt(
    token: str | bytes | UnverifiedJws,
    *,
    keys: JwkSet | SharedSecret,
    algorithms: Collection[str],
    types: TypeRule,
    max_bytes: int = MAX_BYTES,
) -> VerifiedJwt:
    """
    Return the header and the typed claims of a token whose signature is good (RFC 7515 section 5.2, RFC
    8725).

    `algorithms` is the caller's own list; the token has no say in it. Raises a JwtRefused for the first thing
    that is wrong, in this order: size, alphabet and structure; header; `typ`; `alg`; key; signature; payload;
    claim types. Whichever it is, exactly one signature verification was done, so that time tells a stranger
    nothing. Raises ValueError when the caller's list and keys do not belong together.
    """
    allowed = _allow_list(tuple(algorithms), isinstance(keys, SharedSecret))
    algorithm = allowed[0]
    try:
        jws = token if isinstance(token, UnverifiedJws) else parse_jws(token, max_bytes=max_bytes)
        types.check(jws.unverified_header.get("typ"))
        algorithm = _allowed_algorithm(jws.unverified_header["alg"], allowed)
        key: PublicMaterial | SharedSecret
        if isinstance(keys, SharedSecret):
            key = keys
        else:
            key = keys.select(alg=algorithm.name, kid=jws.unverified_header.get("kid")).material
    except JwtRefused:
        arithmetic.spend_verification(algorithm)
        raise
    if not arithmetic.verify_signature(algorithm, key, jws.signing_input, jws.signature):
        raise SignatureInvalid(
            expected=f"an {algorithm.name} signature by the chosen key", received="another"
        )
    return VerifiedJwt(header=jws.unverified_header, claims=jws.unverified_claims)


def parse_jws(token: str | bytes, *, max_bytes: int = MAX_BYTES) -> UnverifiedJws:
    """
    Split `token` into its three parts and check the shape of the header.

    Raises TokenTooLarge, TokenMalformed for its alphabet, number of parts, base64url or JSON, then HeaderRefused for
    an encrypted token, one of REFUSED_MEMBERS, or an `alg`, `kid` or `typ` that is no usable string. A member that
    is null is absent. An empty signature is a matter for the verifier: `alg: none` is refused there, by its name.
    """
    # A token arrives as whatever a JSON document held in its place, and a number there is no server error.
    if not isinstance(token, str | bytes):
        raise TokenMalformed(expected="a string", received=type(token).__name__)
    if len(token) > max_bytes:
        raise TokenTooLarge(expected=f"at most {max_bytes} bytes", received=f"{len(token)} bytes")
    text = token.decode("latin-1") if isinstance(token, bytes) else token
    # Before any parsing (RFC 8725bis): no white space, no padding, no JSON serialisation.
    if not _ALPHABET.fullmatch(text):
        raise TokenMalformed(expected="only A-Z a-z 0-9 - _ .", received="another character")
    parts = text.split(".")
    if len(parts) == 5:
        raise HeaderRefused(expected="a signed token (JWS)", received="an encrypted token (JWE)")
    if len(parts) != 3:
        raise TokenMalformed(expected="three parts", received=f"{len(parts)} parts")
    decoded = []
    for part, name in zip(parts, ("header", "payload", "signature"), strict=True):
        try:
            decoded.append(base64url.decode(part))
        except ValueError as error:
            expected = f"{name} in canonical base64url"
            raise TokenMalformed(expected=expected, received="something else") from error
    header, payload, signature = decoded
    return UnverifiedJws(
        unverified_header=_checked_header(header),
        unverified_payload=payload,
        signing_input=text.rpartition(".")[0].encode("ascii"),
        signature=signature,
    )


def unverified_claims(token: str | bytes, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """
    Return the claims of a token that nobody has verified: for diagnosis and as a hint whose keys to look for.

    Types are checked as in `verify_jwt`, truth is not. Raises a JwtRefused for shape, header and claim types.
    """
    return parse_jws(token, max_bytes=max_bytes).unverified_claims


def _checked_header(raw: bytes) -> dict[str, Any]:
    try:
        members = strict_json.loads_object(raw)
    except strict_json.MalformedJson as error:
        raise TokenMalformed(expected="a JSON object as header", received=str(error)) from error
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


@lru_cache(maxsize=64)
def _allow_list(algorithms: tuple[str, ...], by_secret: bool) -> tuple[Algorithm, ...]:
    if not algorithms or not set(algorithms) <= set(ALGORITHMS):
        raise ValueError("algorithms must be a list of supported algorithms")
    allowed = tuple(ALGORITHMS[name] for name in algorithms)
    # With both kinds on one list an attacker would choose which: a public key as HMAC secret (RFC 8725
    # section 2.1).
    if {algorithm.symmetric for algorithm in allowed} != {by_secret}:
        raise ValueError("HS algorithms go with a SharedSecret, all others with a JwkSet, and never both")
    return allowed


def _allowed_algorithm(alg: str, allowed: tuple[Algorithm, ...]) -> Algorithm:
    for algorithm in allowed:
        if alg in algorithm.names:
            return algorithm
    names = " or ".join(algorithm.name for algorithm in allowed)
    raise AlgorithmRefused(expected=f"alg {names}", received=f"alg {alg}")
