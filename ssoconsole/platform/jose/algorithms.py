"""The signature algorithms there are (RFC 7518 section 3, RFC 8037, RFC 9864); `none` is not among them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ssoconsole.platform.jose.errors import AlgorithmRefused

Scheme = Literal["RS", "PS", "ES", "Ed", "HS"]


@dataclass(frozen=True)
class Algorithm:
    """
    One row of the table: what a key must be to serve it (`kty`, `crv`), and how it is computed.

    `digest` is hashlib's name of the hash; OpenID Connect Core section 3.1.3.6 uses the same for `at_hash`.
    """

    name: str
    scheme: Scheme
    kty: Literal["RSA", "EC", "OKP", "oct"]
    crv: str | None
    digest: Literal["sha256", "sha384", "sha512"]

    @cached_property
    def symmetric(self) -> bool:
        """Whether the key is a shared secret, so that whoever verifies could also sign."""
        return self.scheme == "HS"

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name of this algorithm: `EdDSA` and `Ed25519` (RFC 9864) are one, as Ed448 is not offered."""
        return _ED25519_NAMES if self.scheme == "Ed" else frozenset({self.name})


_ED25519_NAMES = frozenset({"EdDSA", "Ed25519"})

ALGORITHMS: dict[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm("RS256", "RS", "RSA", None, "sha256"),
        Algorithm("RS384", "RS", "RSA", None, "sha384"),
        Algorithm("RS512", "RS", "RSA", None, "sha512"),
        Algorithm("PS256", "PS", "RSA", None, "sha256"),
        Algorithm("PS384", "PS", "RSA", None, "sha384"),
        Algorithm("PS512", "PS", "RSA", None, "sha512"),
        Algorithm("ES256", "ES", "EC", "P-256", "sha256"),
        Algorithm("ES384", "ES", "EC", "P-384", "sha384"),
        Algorithm("ES512", "ES", "EC", "P-521", "sha512"),
        Algorithm("EdDSA", "Ed", "OKP", "Ed25519", "sha512"),
        Algorithm("Ed25519", "Ed", "OKP", "Ed25519", "sha512"),
        Algorithm("HS256", "HS", "oct", None, "sha256"),
        Algorithm("HS384", "HS", "oct", None, "sha384"),
        Algorithm("HS512", "HS", "oct", None, "sha512"),
    )
}

ASYMMETRIC = tuple(name for name, algorithm in ALGORITHMS.items() if not algorithm.symmetric)
SYMMETRIC = tuple(name for name, algorithm in ALGORITHMS.items() if algorithm.symmetric)


def find_algorithm(name: str) -> Algorithm:
    """Return the algorithm called exactly `name`; raises AlgorithmRefused (names are case-sensitive)."""
    algorithm = ALGORITHMS.get(name)
    if algorithm is None:
        raise AlgorithmRefused(expected="one of " + ", ".join(ALGORITHMS), received=name)
    return algorithm
