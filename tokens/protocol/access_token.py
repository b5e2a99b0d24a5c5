"""The claims of a bot's token in either profile, and its lifetime: seconds, or the words that OpenMetadata uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from tokens.errors import LifetimeInvalid

RFC9068 = "rfc9068"
OPENMETADATA = "openmetadata"

# RFC 9068 section 2.1; OpenMetadata's generator writes the plain one.
TYP = {RFC9068: "at+jwt", OPENMETADATA: "JWT"}

LAST_SECOND = 253402300799  # 9999-12-31T23:59:59Z
WORDS: dict[str, timedelta | None] = {
    "OneHour": timedelta(hours=1),
    "1": timedelta(days=1),
    "7": timedelta(days=7),
    "30": timedelta(days=30),
    "60": timedelta(days=60),
    "90": timedelta(days=90),
    "Unlimited": None,
}
LONGEST = timedelta(days=36_525)  # a century: what is longer means Unlimited and should say so


@dataclass(frozen=True)
class AccessToken:
    """One token before it is signed; times are whole seconds since 1970, `expires_at` None for no end."""

    issuer: str
    bot: str
    audience: str
    scopes: Sequence[str]
    roles: Sequence[str]
    issued_at: int
    expires_at: int | None
    jti: str

    @property
    def exp(self) -> int:
        """The `exp` of RFC 9068 section 2.2, where it is required: no end is the last second there is."""
        return LAST_SECOND if self.expires_at is None else self.expires_at


def claims_of(token: AccessToken, *, profile: str) -> dict[str, Any]:
    """Return the claims in the order they are written; raises KeyError for a profile that does not exist."""
    return _CLAIMS[profile](token)


def status_claim(*, index: int, uri: str) -> dict[str, Any]:
    """Return the value of `status` (draft-ietf-oauth-status-list-21 section 6.2)."""
    return {"status_list": {"idx": index, "uri": uri}}


def _rfc9068(token: AccessToken) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "iss": token.issuer,
        "sub": token.bot,
        "client_id": token.bot,
        "aud": token.audience,
    }
    if token.scopes:
        claims["scope"] = " ".join(token.scopes)
    if token.roles:
        claims["roles"] = list(token.roles)
    return {**claims, "iat": token.issued_at, "exp": token.exp, "jti": token.jti}


def _openmetadata(token: AccessToken) -> dict[str, Any]:
    # The order of OpenMetadata's own tokens; what they do not have (jti, aud) comes after. Its request filter
    # reads the name before the "@" only, and exempts bots from the check of the domain.
    claims: dict[str, Any] = {
        "iss": token.issuer,
        "sub": token.bot,
        "email": f"{token.bot}@{urlsplit(token.issuer).hostname}",
        "isBot": True,
        "tokenType": "BOT",
        "iat": token.issued_at,
    }
    if token.expires_at is not None:
        claims["exp"] = token.expires_at
    if token.roles:
        claims["roles"] = list(token.roles)
    return {**claims, "jti": token.jti, "aud": token.audience}


_CLAIMS = {RFC9068: _rfc9068, OPENMETADATA: _openmetadata}


def parse_lifetime(value: object) -> timedelta | None:
    """
    Return how long a token is to live, None for no end.

    A number is seconds; a text is one of the words, so that "1" is a day and 1 is a second. Raises
    LifetimeInvalid.
    """
    if isinstance(value, str) and value in WORDS:
        return WORDS[value]
    if isinstance(value, bool) or not isinstance(value, int):
        raise LifetimeInvalid(received=repr(value)[:50])
    if not 1 <= value <= LONGEST.total_seconds():
        raise LifetimeInvalid(
            expected=f"1 to {int(LONGEST.total_seconds())} seconds", received=str(value)[:50]
        )
    return timedelta(seconds=value)


def shown_lifetime(word: str) -> str:
    """Return one of the words as a person reads it."""
    if word.isdecimal():
        return "1 day" if word == "1" else f"{word} days"
    return {"OneHour": "1 hour", "Unlimited": "Unlimited: no end"}[word]


def parse_lifetime_text(text: str) -> timedelta | None:
    """Read a command line: one of the words, otherwise a number of seconds. Raises LifetimeInvalid."""
    seconds = text.isascii() and text.isdecimal() and len(text) < 20
    return parse_lifetime(int(text) if seconds and text not in WORDS else text)
