"""
What the console knows about the token that is examined, and the token as a text.

People paste other things in place of a token, and copying can spoil one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ssoconsole.platform.examination import Check, failed, passed
from ssoconsole.platform.jose import base64url, strict_json
from ssoconsole.platform.jose.claims import moment, read_claims, span
from ssoconsole.platform.jose.errors import JwtRefused
from ssoconsole.platform.jose.keys import JwkSet
from ssoconsole.platform.jose.verify import MAX_BYTES
from tokens.protocol.client_authentication import PREFIX

__all__ = ["Check", "Ended", "Facts", "KeyFacts", "RecordFacts", "failed", "moment", "passed", "span"]
_ALPHABET = re.compile(r"[A-Za-z0-9_.-]*")

_COPY_AGAIN = "Copy the whole token again, in one piece and with nothing around it."


@dataclass(frozen=True)
class KeyFacts:
    """The signing key that the header names; `state` is one of the five of a key's life."""

    kid: str
    alg: str
    state: str
    keys: JwkSet = field(repr=False)


@dataclass(frozen=True)
class Ended:
    """When something was revoked, disabled or retired, and by whom; None in `at` for never."""

    at: datetime | None = None
    by: str = ""

    def __bool__(self) -> bool:
        return self.at is not None

    def __str__(self) -> str:
        when = "" if self.at is None else f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        return f"{when} by {self.by}" if self.by else when


@dataclass(frozen=True)
class RecordFacts:
    """
    The record with this `jti`, and everything that it depends on. `claims` is what its JWT says.

    `status` is the claim that points into the status list, None where there is no list; `status_bit` what that list
    says now, None where it cannot be read.
    """

    claims: Mapping[str, Any]
    kid: str
    profile: str
    revoked: Ended
    bot: str
    bot_disabled: Ended
    bot_retired: Ended
    owner: str
    owner_disabled: bool
    audience: str
    audience_disabled: Ended
    credential: str
    credential_retired: Ended
    status: Mapping[str, Any] | None
    status_bit: int | None


@dataclass(frozen=True)
class Facts:
    """
    What the console knows, gathered before the examination; `now` is seconds since 1970.

    `key` and `record` are None where it has none of that name. `profiles` are those of the registered audiences
    that the token itself names, by identifier.
    """

    issuer: str
    now: int
    key: KeyFacts | None = None
    record: RecordFacts | None = None
    profiles: Mapping[str, str] = field(default_factory=dict)


# The first that is found is told; each has cost somebody an afternoon.
_SPOILT: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"(?i)\A\s*(?:authorization:\s*)?bearer\s"),
        "the word Bearer before it",
        "Leave the word Bearer out where only the token belongs: whoever sends the token puts it before.",
    ),
    (
        re.compile(r"\$[{(A-Za-z_]|\{\{|<[a-z]"),
        "a placeholder",
        "The variable was never replaced by its value: look at what sets it.",
    ),
    (
        re.compile(r"[\"'\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}]"),
        "quotation marks",
        "Take the quotation marks away: in an env file they may become part of the value.",
    ),
    (
        re.compile(r"\.\.\.|\N{HORIZONTAL ELLIPSIS}"),
        "an ellipsis",
        "It was copied from where only its beginning is shown. " + _COPY_AGAIN,
    ),
    (
        re.compile(r"\A\s*\S+\s+\Z"),
        "a line break or a space after it",
        "Write the file or the secret without a line break at its end (printf '%s', not echo).",
    ),
    (
        re.compile(r"\s"),
        "white space inside or before it",
        _COPY_AGAIN + " Terminals and mail programs break long lines.",
    ),
    (
        re.compile(r"[=+/%]"),
        "characters of another encoding (= + / %)",
        "It was encoded once more, or is no JWT: a JWT is written in base64url without padding.",
    ),
)


@dataclass(frozen=True)
class Unverified:
    """What a text says of itself as far as it can be read; None where it cannot."""

    header: dict[str, Any] | None = None
    claims: dict[str, Any] | None = field(default=None, repr=False)
    refused: JwtRefused | None = None

    def header_text(self, name: str) -> str:
        """A member of the header, "" for none or one that is no text."""
        value = (self.header or {}).get(name)
        return value if isinstance(value, str) else ""

    def audiences(self) -> list[str]:
        """The values of `aud`; the types of claims that were read are right."""
        named = (self.claims or {}).get("aud", [])
        return [named] if isinstance(named, str) else list(named)


def read_unverified(text: str) -> Unverified:
    """Read what can be read of a text, and believe none of it; raises nothing."""
    if len(text) > MAX_BYTES or not _ALPHABET.fullmatch(text) or text.count(".") != 2:
        return Unverified()
    header, payload, _ = text.split(".")
    try:
        members = strict_json.loads_object(base64url.decode(header))
    except ValueError:  # MalformedJson is one
        return Unverified()
    try:
        return Unverified(members, read_claims(base64url.decode(payload)))
    except JwtRefused as refused:
        return Unverified(members, None, refused)
    except ValueError:
        return Unverified(members)


def check_text(text: str) -> list[Check]:
    """Check the size, the characters, the parts and that the header is JSON; the first failure ends the list."""
    checks: list[Check] = []
    for step in (_size, _characters, _parts, _header):
        checks.append(step(text))
        if not checks[-1].ok:
            break
    return checks


def _size(text: str) -> Check:
    expected = f"1 to {MAX_BYTES} characters"
    if not text:
        remedy = "There is nothing here: look at whether the variable, the file or the secret is set at all."
        return failed("size", expected=expected, received="nothing", remedy=remedy)
    received = f"{len(text)} characters"
    if len(text) > MAX_BYTES:
        remedy = "Nothing of this length is a token of the console. " + _COPY_AGAIN
        return failed("size", expected=expected, received=received, remedy=remedy)
    return passed("size", received, expected=expected)


def _characters(text: str) -> Check:
    expected = "only A-Z a-z 0-9 - _ ."
    # "..." is of these characters, and no part of a token is empty in the middle.
    if _ALPHABET.fullmatch(text) and "..." not in text:
        return passed("characters", expected=expected)
    for pattern, received, remedy in _SPOILT:
        if pattern.search(text):
            return failed("characters", expected=expected, received=received, remedy=remedy)
    return failed("characters", expected=expected, received="another character", remedy=_COPY_AGAIN)


def _parts(text: str) -> Check:
    expected, parts = "three parts between two dots", text.split(".")
    if len(parts) == 3 and all(parts[:2]):
        return passed("parts", "three", expected=expected)
    received = f"{len(parts)} parts" if len(parts) != 1 else "one part"
    remedy = "It was cut off, or is more than one token. " + _COPY_AGAIN
    if text.startswith(PREFIX):
        received = "a client secret"
        remedy = (
            "This is what a bot fetches tokens with at /oauth/token. It has been shown to somebody who expected "
            "a token: if that was not you alone, retire it and make another."
        )
    elif len(parts) == 1:
        remedy = "An opaque token, or part of one. The console issues JWTs, which have three parts."
    elif len(parts) == 5:
        received = "an encrypted token (JWE)"
        remedy = "The console encrypts no tokens: this one is from somebody else."
    return failed("parts", expected=expected, received=received, remedy=remedy)


def _header(text: str) -> Check:
    expected = "a JSON object in base64url"
    if read_unverified(text).header is not None:
        return passed("header", expected=expected)
    remedy = "The first part was changed or cut. " + _COPY_AGAIN
    return failed("header", expected=expected, received="something else", remedy=remedy)
