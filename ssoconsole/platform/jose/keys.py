"""
Key sets as others publish them, and our own keys as we publish them.

A key is parsed once per process, because an RSA key costs tens of milliseconds to load.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ssoconsole.platform.jose import base64url, strict_json
from ssoconsole.platform.jose.algorithms import (
    Algorithm,
    PrivateMaterial,
    PublicMaterial,
    find_algorithm,
    jwk_kind,
)
from ssoconsole.platform.jose.errors import AmbiguousKey, KeySetRefused, UnknownKey, shown
from ssoconsole.platform.jose.material import KeyRefused, public_material

MOST_KEYS = 100
LONGEST_KID = 255
MOST = 64

T = TypeVar("T")


@dataclass(frozen=True)
class PublicKey:
    """One usable key of a key set; None stands for a member that was not published."""

    kid: str | None
    kty: str
    crv: str | None
    alg: str | None
    use: str | None
    key_ops: frozenset[str] | None
    material: PublicMaterial

    def serves(self, algorithm: Algorithm) -> bool:
        """
        Whether this key may verify signatures of `algorithm` (RFC 7517 sections 4.2 to 4.4).

        An empty list of operations forbids nothing: serialisers write it that leave no member out.
        """
        return (
            (self.kty, self.crv) == (algorithm.kty, algorithm.crv)
            and self.use in (None, "sig")
            and (not self.key_ops or "verify" in self.key_ops)
            and (self.alg is None or self.alg in algorithm.names)
        )

    def why_useless(self, algorithms: Collection[str]) -> str:
        """
        Why this key verifies nothing by these algorithms, with the name of the member that forbids it; "" if it does.

        A key set may well hold keys for something else; one that is registered to verify with must not, and its list of
        operations is not empty.
        """
        if self.use not in (None, "sig"):
            return f"use is {shown(self.use)}, and a key that verifies has sig or none"
        if self.key_ops is not None and "verify" not in self.key_ops:
            return "key_ops does not name verify"
        fitting = [name for name in algorithms if replace(self, alg=None).serves(find_algorithm(name))]
        if not fitting:
            member = "kty" if self.crv is None else "crv"
            return f"{member} is {self.crv or self.kty}, and no algorithm that is accepted here is for it"
        if not any(self.serves(find_algorithm(name)) for name in fitting):
            return f"alg is {shown(self.alg)}, and for this key {' or '.join(fitting)} is accepted"
        return ""


@dataclass(frozen=True)
class RefusedKey:
    """A key of a key set that cannot be used, and a sentence for the administrator that says why."""

    kid: str | None
    reason: str


@dataclass(frozen=True)
class JwkSet:
    """The public keys of one issuer. A key that cannot be used is set aside and never spoils the others."""

    keys: tuple[PublicKey, ...]
    refused: tuple[RefusedKey, ...] = ()

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "JwkSet":
        """Read the first 100 keys of a JWKS (RFC 7517 section 5); raises KeySetRefused if it is none."""
        entries = document.get("keys") if isinstance(document, Mapping) else None
        if not isinstance(entries, list):
            raise KeySetRefused('a key set is an object with a list "keys"')
        parsed = [_parsed(entry) for entry in entries[:MOST_KEYS]]
        if len(entries) > MOST_KEYS:
            parsed.append(
                RefusedKey(None, f"only the first {MOST_KEYS} of {len(entries)} keys are looked at")
            )
        return cls(
            keys=tuple(key for key in parsed if isinstance(key, PublicKey)),
            refused=tuple(key for key in parsed if isinstance(key, RefusedKey)),
        )

    @classmethod
    def parse_bytes(cls, raw: bytes) -> "JwkSet":
        """Read a JWKS document as it came over the wire; raises KeySetRefused also for loose JSON."""
        try:
            return cls.parse(strict_json.loads(raw))
        except strict_json.MalformedJson as error:
            raise KeySetRefused(f"a key set is a JSON document: {error}") from error

    def select(self, *, alg: str, kid: str | None) -> PublicKey:
        """
        Return the one key that may verify a token with this `alg` and `kid`.

        Raises UnknownKey when none fits and AmbiguousKey when several different ones do; AlgorithmRefused for
        an unknown `alg`. `kid` is only compared with published ones (RFC 8725 section 3.10). It chooses nothing when
        the token has none or an empty one, or when no fitting key was published with one.
        """
        algorithm = find_algorithm(alg)
        fitting = [key for key in self.keys if key.serves(algorithm)]
        chosen = [key for key in fitting if key.kid == kid] if kid else fitting
        if not chosen and all(key.kid is None for key in fitting):
            chosen = fitting
        if len(chosen) > 1:
            chosen = distinct(chosen)
        received = f"kid {kid}" if kid else "no kid"
        if not chosen:
            raise UnknownKey(expected=f"for {alg}, {_kids(fitting)}", received=received)
        if len(chosen) > 1:
            raise AmbiguousKey(
                expected=f"one key for {alg}, not {len(chosen)} different ones", received=received
            )
        return chosen[0]


def distinct(keys: Sequence[PublicKey]) -> list[PublicKey]:
    """Return `keys` without those that are one before them again, with or without the same other members."""
    return [
        key
        for place, key in enumerate(keys)
        if all(key.material != earlier.material for earlier in keys[:place])
    ]


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """
    Return the SHA-256 thumbprint of a public key in base64url (RFC 7638, RFC 8037 section 2).

    The members are taken as they stand. Raises ValueError if one that counts is missing or no string.
    """
    names = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
    counted = {name: jwk.get(name) for name in names.get(str(jwk.get("kty")), ("kty",))}
    if len(counted) == 1 or not all(isinstance(value, str) for value in counted.values()):
        raise ValueError("not a complete public JWK")
    text = json.dumps(counted, separators=(",", ":"), ensure_ascii=False)
    return base64url.encode(hashlib.sha256(text.encode("utf-8")).digest())


def public_jwk(key: PrivateMaterial | PublicMaterial, *, alg: str, kid: str | None = None) -> dict[str, str]:
    """
    Return the public JWK to publish for `key`: its members, `use`, `alg`, and `kid`, by default the
    thumbprint.

    Numbers are minimal and coordinates of full length (RFC 7518 sections 6.2.1 and 6.3.1). Raises
    ValueError if `key` cannot serve `alg`, AlgorithmRefused for an unknown one.
    """
    algorithm = find_algorithm(alg)
    if jwk_kind(key) != (algorithm.kty, algorithm.crv):
        raise ValueError(f"this key is not for {alg}")
    members = _public_members(key)
    return {**members, "use": "sig", "alg": alg, "kid": thumbprint(members) if kid is None else kid}


def _public_members(key: PrivateMaterial | PublicMaterial) -> dict[str, str]:
    public = key if isinstance(key, PublicMaterial) else key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": _minimal(numbers.n), "e": _minimal(numbers.e)}
    if isinstance(public, ec.EllipticCurvePublicKey):
        point, size = public.public_numbers(), (public.curve.key_size + 7) // 8
        x, y = (base64url.encode(value.to_bytes(size, "big")) for value in (point.x, point.y))
        return {"kty": "EC", "crv": jwk_kind(public)[1] or "", "x": x, "y": y}
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(public.public_bytes_raw())}


def _minimal(number: int) -> str:
    return base64url.encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _parsed(jwk: object) -> PublicKey | RefusedKey:
    if not isinstance(jwk, Mapping):
        return RefusedKey(None, "not a JSON object")
    kid = jwk.get("kid")
    try:
        return _usable(jwk)
    except KeyRefused as error:
        return RefusedKey(shown(kid) if isinstance(kid, str) else None, str(error))


def _usable(jwk: Mapping[str, Any]) -> PublicKey:
    material = public_material(jwk)
    kty, crv = jwk_kind(material)
    kid = _optional_string(jwk, "kid")
    if kid is not None and len(kid) > LONGEST_KID:
        raise KeyRefused(f"kid is longer than {LONGEST_KID} characters")
    return PublicKey(
        kid=kid,
        kty=kty,
        crv=crv,
        alg=_optional_string(jwk, "alg"),
        use=_optional_string(jwk, "use"),
        key_ops=_key_ops(jwk),
        material=material,
    )


def _optional_string(jwk: Mapping[str, Any], name: str) -> str | None:
    """Return a member of a JWK; one that is null or empty says nothing."""
    value = jwk.get(name)
    if value is not None and not isinstance(value, str):
        raise KeyRefused(f"{name} is not a string")
    return value or None


def _key_ops(jwk: Mapping[str, Any]) -> frozenset[str] | None:
    operations = jwk.get("key_ops")
    if operations is None:
        return None
    if not isinstance(operations, list) or not all(isinstance(operation, str) for operation in operations):
        raise KeyRefused("key_ops is not a list of strings")
    return frozenset(operations)


def _kids(keys: list[PublicKey]) -> str:
    if not keys:
        return "a published key; there is none"
    return "kid " + " or ".join(key.kid or "absent" for key in keys)


class HasKid(Protocol):
    """A stored key; its `kid` is the thumbprint of its public half (RFC 7638)."""

    @property
    def kid(self) -> Any: ...  # text; a model says that by a descriptor, which no protocol can describe


K = TypeVar("K", bound=HasKid)


class ParsedKeys(Generic[K, T]):
    """
    A small cache by kid. A kid is the thumbprint of its key, so that an entry can never be out of date.

    It knows nothing of a key's state: whether a key may be used is asked of the database each time.
    """

    def __init__(self, parse: Callable[[K], T]) -> None:
        self._parse = parse
        self._parsed: dict[str, T] = {}

    def of(self, key: K) -> T:
        """Return the parsed form of `key`; raises what the parser raises, and keeps nothing then."""
        kid: str = key.kid
        parsed = self._parsed.get(kid)
        if parsed is None:
            parsed = self._parse(key)
            if len(self._parsed) >= MOST:
                self._parsed.clear()
            self._parsed[kid] = parsed
        return parsed

    def forget(self, kid: str) -> None:
        """Drop an entry, if it is there."""
        self._parsed.pop(kid, None)
