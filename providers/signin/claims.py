"""One set of claims out of two: the ID token's and userinfo's."""

from collections.abc import Mapping
from typing import Any

from providers.protocol.claim_paths import splits, value_at

# About the token, not about the person: userinfo has no say in them.
OF_THE_TOKEN = ("iss", "sub", "aud", "azp", "exp", "iat", "nbf", "auth_time", "nonce", "acr", "amr", "sid")


def merge_claims(
    id_token: Mapping[str, Any], userinfo: Mapping[str, Any] | None, *, mapping: Mapping[str, str]
) -> dict[str, Any]:
    """
    Return the claims about the person: userinfo is fresher, the ID token has the last word about itself.

    An address and its verification stay together: what the ID token verified is not the address that userinfo
    names.
    """
    if not userinfo:
        return dict(id_token)
    merged = {**id_token, **{name: userinfo[name] for name in userinfo if name not in OF_THE_TOKEN}}
    verified = mapping.get("email_verified", "email_verified")
    if value_at(userinfo, mapping.get("email", "email")) is not None and value_at(userinfo, verified) is None:
        # Where the path leads to something, a claim of the ID token holds it; without that one another may.
        while value_at(merged, verified) is not None:
            del merged[next(name for name, _ in splits(verified) if name in merged)]
    return merged
