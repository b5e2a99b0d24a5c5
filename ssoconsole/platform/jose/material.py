"""Turn one JSON Web Key (RFC 7517, RFC 7518 section 6, RFC 8037) into a public key, or say why not."""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ssoconsole.platform.jose import base64url
from ssoconsole.platform.jose.algorithms import CURVES, PublicMaterial
from ssoconsole.platform.jose.errors import shown

SMALLEST_RSA_BITS = 2048
LARGEST_RSA_BITS = 16384  # OpenSSL verifies with nothing larger
SMALLEST_EXPONENT = 65537
LARGEST_EXPONENT_BITS = 64  # a huge exponent turns a cheap verification into an expensive one

# The odd ones among the first 39 primes; the library took these for keys of every size, and more for larger ones.
_SMALL_PRIMES = tuple(n for n in range(3, 168, 2) if all(n % m for m in range(3, n, 2)))
_POWERS = {prime: frozenset(pow(65537, a, prime) for a in range(prime)) for prime in _SMALL_PRIMES}

_PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


class KeyRefused(Exception):
    """One key cannot be used; the message says why, for an administrator."""


def public_material(jwk: Mapping[str, Any]) -> PublicMaterial:
    """Return the public key that `jwk` describes; raises KeyRefused, and nothing else, with the reason."""
    kty = jwk.get("kty")
    if kty == "oct":
        raise KeyRefused("a symmetric key has no place in a public key set")
    published = [name for name in _PRIVATE_MEMBERS if jwk.get(name)]
    if published:
        raise KeyRefused(f"private members are published ({', '.join(published)}): this key is compromised")
    if kty == "RSA":
        return _rsa(jwk)
    if kty == "EC":
        return _ec(jwk)
    if kty == "OKP":
        return _okp(jwk)
    raise KeyRefused(f"kty {shown(kty)} is not supported")


def _rsa(jwk: Mapping[str, Any]) -> rsa.RSAPublicKey:
    n, e = _rsa_integer(jwk, "n"), _rsa_integer(jwk, "e")
    if not SMALLEST_RSA_BITS <= n.bit_length() <= LARGEST_RSA_BITS:
        raise KeyRefused(
            f"RSA key of {n.bit_length()} bits; {SMALLEST_RSA_BITS} to {LARGEST_RSA_BITS} are accepted"
        )
    if e < SMALLEST_EXPONENT or e.bit_length() > LARGEST_EXPONENT_BITS:
        raise KeyRefused("e, the RSA exponent, is out of range; 65537 is usual")
    if e % 2 == 0:
        raise KeyRefused("e, the RSA exponent, is even")
    _check_modulus(n)
    return rsa.RSAPublicNumbers(e, n).public_key()


def _check_modulus(n: int) -> None:
    """
    Refuse a modulus that can be factored: one even, with a small factor, or made by the library of CVE-2017-15361.

    That library made primes of the form k·M + (65537^a mod M), M being the product of the first primes, so that such
    a modulus is a power of 65537 modulo each of them (Nemec and others, The Return of Coppersmith's Attack, CCS 2017,
    section 2). Another one is so by chance with a probability below 2^-27.
    """
    residues = [(prime, n % prime) for prime in _SMALL_PRIMES]
    if n % 2 == 0:
        raise KeyRefused("n, the RSA modulus, is even")
    if any(residue == 0 for _, residue in residues):
        raise KeyRefused("n, the RSA modulus, has a small factor")
    if all(residue in _POWERS[prime] for prime, residue in residues):
        raise KeyRefused(
            "n, the RSA modulus, has the ROCA flaw (CVE-2017-15361): the private key can be computed from it"
        )


def _ec(jwk: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    crv = jwk.get("crv")
    if not isinstance(crv, str) or crv not in CURVES:
        raise KeyRefused(f"curve {shown(crv)} is not supported")
    curve = CURVES[crv]
    size = (curve.key_size + 7) // 8
    x, y = (int.from_bytes(_octets(jwk, name, size), "big") for name in ("x", "y"))
    try:
        return ec.EllipticCurvePublicNumbers(x, y, curve).public_key()
    except ValueError as error:
        raise KeyRefused(f"the point is not on {crv}") from error


def _okp(jwk: Mapping[str, Any]) -> ed25519.Ed25519PublicKey:
    crv = jwk.get("crv")
    if crv != "Ed25519":
        raise KeyRefused(f"curve {shown(crv)} is not supported")
    raw = _octets(jwk, "x", 32)
    _check_edwards_point(raw)
    return ed25519.Ed25519PublicKey.from_public_bytes(raw)


def _octets(jwk: Mapping[str, Any], name: str, size: int) -> bytes:
    raw = _decoded(_member(jwk, name), name)
    if len(raw) != size:
        raise KeyRefused(f"{name} is {len(raw)} octets long, not {size}")
    return raw


def _rsa_integer(jwk: Mapping[str, Any], name: str) -> int:
    # OpenMetadata publishes Java's BigInteger: a leading zero octet, and padding. RFC 7518 section 6.3.1
    # forbids both, neither changes the number.
    return int.from_bytes(_decoded(_member(jwk, name).rstrip("="), name), "big")


def _decoded(text: str, name: str) -> bytes:
    try:
        return base64url.decode(text)
    except ValueError as error:
        raise KeyRefused(f"{name} is not base64url") from error


def _member(jwk: Mapping[str, Any], name: str) -> str:
    value = jwk.get(name)
    if not isinstance(value, str):
        raise KeyRefused(f"{name} is missing or not a string")
    return value


_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


def _check_edwards_point(raw: bytes) -> None:
    # The library takes any 32 octets. Off the curve nothing would ever verify; for a point of small order a
    # signature can be made that fits every message (RFC 8725 section 3.4).
    y = int.from_bytes(raw, "little") & ((1 << 255) - 1)
    if y >= _P or pow(_x_squared(y), (_P - 1) // 2, _P) not in (0, 1):
        raise KeyRefused("the point is not on Ed25519")
    if _doubled(_doubled(_doubled(y))) == 1:
        raise KeyRefused("the point on Ed25519 has small order")


def _x_squared(y: int) -> int:
    return (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P


def _doubled(y: int) -> int:
    """Return the y coordinate of twice the point at `y`; y alone determines it, 1 is neutral."""
    xx = _x_squared(y)
    return (y * y + xx) * pow(1 - _D * xx * y * y, -1, _P) % _P
