"""The rules for a userinfo response (OpenID Connect Core 1.0 sections 5.3.2 and 5.3.4)."""

from collections.abc import Mapping
from typing import Any

from providers.errors import UserinfoSubjectMismatch
from providers.protocol.refusals import issuer_mismatch, refusals_as_outcomes
from ssoconsole.platform.jose import claims as rules_of_jwt
from ssoconsole.platform.jose.errors import shown
from ssoconsole.platform.jose.verify import VerifiedJwt


def check_userinfo(claims: Mapping[str, Any], *, sub: str) -> None:
    """
    Check that userinfo speaks of the subject of the ID token, byte for byte.

    Otherwise somebody else's access token was put in the place of this person's. Raises
    UserinfoSubjectMismatch, for an absent `sub` too.
    """
    received = claims.get("sub")
    if not isinstance(received, str) or received != sub:
        raise UserinfoSubjectMismatch(
            expected=f"sub {shown(sub)}", received="absent" if received is None else shown(received)
        )


def check_signed_userinfo(
    verified: VerifiedJwt, *, issuer: str, client_id: str, sub: str, now: int, leeway: int
) -> dict[str, Any]:
    """
    Return the claims of a userinfo response that came as a JWT; times in seconds.

    `iss` and `aud` are required, since a signature without them speaks to nobody; `exp`, `nbf` and `iat`
    count where present; there is never a nonce. Raises an IdTokenRefused or UserinfoSubjectMismatch.
    """
    claims = verified.claims
    with refusals_as_outcomes():
        rules_of_jwt.require(claims, "iss", "aud")
        if claims["iss"] != issuer:
            raise issuer_mismatch(expected=issuer, received=claims["iss"])
        # "Be or include": the answer comes straight from the provider, and other readers of it harm nobody.
        named = [claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"]
        rules_of_jwt.check_audience(claims, client_id, trusted=named)
        rules_of_jwt.check_times(claims, now=now, leeway=leeway, max_age_of_iat=None)
    check_userinfo(claims, sub=sub)
    return dict(claims)
