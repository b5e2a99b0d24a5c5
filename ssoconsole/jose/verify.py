"""The one door for every JWT: allow-listed algorithm, expected type, one key, one signature, typed claims."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from ssoconsole.jose import signatures
from ssoconsole.jose.algorithms import ALGORITHMS, Algorithm
from ssoconsole.jose.errors import AlgorithmRefused, JwtRefused, SignatureInvalid, TypeRefused
from ssoconsole.jose.keys import JwkSet, SharedSecret
from ssoconsole.jose.material import PublicMaterial
from ssoconsole.jose.parse import MAX_BYTES, UnverifiedJws, parse_jws


def _media_subtype(typ: str) -> str:
    """Return `typ` for comparison: RFC 7515 section 4.1.9 makes the prefix optional; case is ignored."""
    return typ.lower().removeprefix("application/")


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
        """Raise TypeRefused unless `typ`, None if absent, belongs here."""
        if typ is None and self.optional:
            return
        known = sorted({*self.required, *self.optional})
        if typ is None or _media_subtype(typ) not in {_media_subtype(name) for name in known}:
            absent = ["absent"] if self.optional else []
            raise TypeRefused(
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
    allowed = _allow_list(algorithms, keys)
    algorithm = allowed[0]
    try:
        jws = token if isinstance(token, UnverifiedJws) else parse_jws(token, max_bytes=max_bytes)
        types.check(jws.unverified_header.get("typ"))
        algorithm = _allowed_algorithm(jws.unverified_header["alg"], allowed)
        key = _key(keys, algorithm, jws.unverified_header.get("kid"))
    except JwtRefused:
        signatures.spend_verification(algorithm)
        raise
    if not signatures.verify_signature(algorithm, key, jws.signing_input, jws.signature):
        raise SignatureInvalid(
            expected=f"an {algorithm.name} signature by the chosen key", received="another"
        )
    return VerifiedJwt(header=jws.unverified_header, claims=jws.unverified_claims)


def unverified_claims(token: str | bytes, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """
    Return the claims of a token that nobody has verified: for diagnosis and as a hint whose keys to look for.

    Types are checked as in `verify_jwt`, truth is not. Raises a JwtRefused for shape, header and claim types.
    """
    return parse_jws(token, max_bytes=max_bytes).unverified_claims


def _allow_list(algorithms: Collection[str], keys: JwkSet | SharedSecret) -> list[Algorithm]:
    if isinstance(algorithms, str) or not algorithms or not set(algorithms) <= set(ALGORITHMS):
        raise ValueError("algorithms must be a list of supported algorithms")
    allowed = [ALGORITHMS[name] for name in algorithms]
    # With both kinds on one list an attacker would choose which: a public key as HMAC secret (RFC 8725
    # section 2.1).
    if {algorithm.symmetric for algorithm in allowed} != {isinstance(keys, SharedSecret)}:
        raise ValueError("HS algorithms go with a SharedSecret, all others with a JwkSet, and never both")
    return allowed


def _allowed_algorithm(alg: str, allowed: list[Algorithm]) -> Algorithm:
    for algorithm in allowed:
        if alg in algorithm.names:
            return algorithm
    names = " or ".join(algorithm.name for algorithm in allowed)
    raise AlgorithmRefused(expected=f"alg {names}", received=f"alg {alg}")


def _key(keys: JwkSet | SharedSecret, algorithm: Algorithm, kid: str | None) -> PublicMaterial | SharedSecret:
    if isinstance(keys, SharedSecret):
        return keys
    return keys.select(alg=algorithm.name, kid=kid).material
