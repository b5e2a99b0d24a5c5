"""The JWT by which a client proves who it is (RFC 7523 section 3, OpenID Connect Core 1.0 section 9)."""

from typing import Any

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME = 60  # seconds; it is made for one request
MAC = "HS256"

# Short and fast first, then what every provider has to know, then the rest.
PREFERENCE = (
    "ES256",
    "RS256",
    "PS256",
    "EdDSA",
    "Ed25519",
    "ES384",
    "ES512",
    "PS384",
    "PS512",
    "RS384",
    "RS512",
)
_IF_NOTHING_FITS = "RS256"


def assertion_claims(*, client_id: str, audience: str, jti: str, now: int) -> dict[str, Any]:
    """
    Return the claims of an assertion to `audience` alone, good for one minute from `now` (seconds).

    `jti` must be new each time: a provider takes each one once.
    """
    return {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": jti,
        "iat": now,
        "exp": now + LIFETIME,
    }


def assertion_algorithm(listed: object) -> str:
    """
    Return the algorithm for a new client key, out of `token_endpoint_auth_signing_alg_values_supported`.

    RS256 where the provider lists nothing, or nothing that is known here (OpenID Connect Discovery 1.0
    section 3).
    """
    if not isinstance(listed, list):
        return _IF_NOTHING_FITS
    return next((alg for alg in PREFERENCE if alg in listed), _IF_NOTHING_FITS)


def takes_algorithm(alg: str, listed: object) -> bool:
    """Tell whether a provider that lists `listed` may take an assertion that is signed with `alg`."""
    return not isinstance(listed, list) or alg in listed or assertion_algorithm(listed) == alg
