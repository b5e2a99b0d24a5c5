"""One set of claims out of two: the ID token's and userinfo's."""

from collections.abc import Mapping
from typing import Any

from providers.protocol.claim_paths import splits, value_at

# About the token, not about the person: userinfo has no say in them.
OF_THE_TOKEN = ("iss", "sub", "aud", "azp", "exp", "iat", "nbf", "auth_time", "nonce", "acr", "amr", "sid")

# A serialiser that leaves no member out writes null or an empty string for what it does not know.
EMPTY = (None, "")


def merge_claims(
    id_token: Mapping[str, Any], userinfo: Mapping[str, Any] | None, *, mapping: Mapping[str, str]
) -> dict[str, Any]:
    """
    Return the claims about the person: userinfo is fresher, the ID token has the last word about itself.

    What userinfo leaves empty, the ID token has still said. An address and its verification stay together: what the
    ID token verified is not the address that userinfo names.
    """
    if not userinfo:
        return dict(id_token)
    said_before, verified = dict(id_token), mapping.get("email_verified", "email_verified")
    if (
        value_at(userinfo, mapping.get("email", "email")) not in EMPTY
        and value_at(userinfo, verified) is None
    ):
        # Where the path leads to something, a claim of the ID token holds it; without that one another may.
        while value_at(said_before, verified) is not None:
            del said_before[next(name for name, _ in splits(verified) if name in said_before)]
    about_the_person = {name: userinfo[name] for name in userinfo if name not in OF_THE_TOKEN}
    return {**said_before, **_said(about_the_person, said_before)}


def _said(now: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of `now`, and for what is empty there those of `before`, in objects within too."""
    said = dict(now)
    for name in now.keys() & before.keys():
        if now[name] in EMPTY:
            said[name] = before[name]
        elif isinstance(now[name], Mapping) and isinstance(before[name], Mapping):
            said[name] = _said(now[name], before[name])
    return said
