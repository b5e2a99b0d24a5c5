"""What a JWT must say by which a bot proves itself with its own key (RFC 7523 section 3, rfc7523bis)."""

import hashlib
from collections.abc import Mapping
from typing import Any

from ssoconsole.platform.jose.claims import check_times, require
from ssoconsole.platform.jose.errors import AudienceMismatch, ClaimRefused, IssuerMismatch
from ssoconsole.platform.jose.times import moment, told

# Advertised, and taken. Never a MAC: whoever could verify it could also make it.
ALGORITHMS = ("ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256")

# Seconds. Clocks that are ten seconds ahead are common, one that is a minute ahead is wrong.
LEEWAY = 30
LONGEST_LIFE = 600


def check_assertion(claims: Mapping[str, Any], *, client_id: str, issuer: str, now: int) -> None:
    """
    Check verified claims: `iss` and `sub` are the client, `aud` is `issuer` and nothing else, `jti` is there.

    The token endpoint's own URL is no audience here: an assertion made for one endpoint of one server could
    otherwise be passed on by another server that claims the same URL (rfc7523bis section 3). `exp` is required
    and at most ten minutes ahead, `iat` at most ten minutes ago. Raises a JwtRefused.
    """
    require(claims, "iss", "sub", "aud", "exp", "jti")
    if claims["iss"] != client_id:
        raise IssuerMismatch(expected=client_id, received=claims["iss"])
    if claims["sub"] != client_id:
        raise ClaimRefused(expected=f"sub {client_id}", received=claims["sub"])
    audiences = [claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"]
    if audiences != [issuer]:
        raise AudienceMismatch(expected=f"{issuer} and nothing else", received=" ".join(audiences))
    check_times(claims, now=now, leeway=LEEWAY, max_age_of_iat=LONGEST_LIFE)
    latest = now + LONGEST_LIFE + LEEWAY
    if claims["exp"] > latest:
        raise ClaimRefused(expected=f"exp up to {moment(latest)}", received=told(claims["exp"], now))


def hash_of_use(*, issuer: str, jti: str) -> str:
    """Return what stands for one assertion in the record of used ones: hex SHA-256 of issuer and `jti`."""
    # No issuer holds a NUL, so that no two pairs run together.
    return hashlib.sha256(f"{issuer}\0{jti}".encode("utf-8", "surrogatepass")).hexdigest()
