"""What one step of an examination says, and what the console knows about the token that is examined."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ssoconsole.jose.errors import shown
from ssoconsole.jose.keys import JwkSet


@dataclass(frozen=True)
class Check:
    """
    One step, in the order of checking. `remedy` says what to do where it failed.

    `expected` and `received` are one printable line each, and never the token, a secret or a key.
    """

    name: str
    ok: bool
    expected: str = ""
    received: str = ""
    remedy: str = ""


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


def passed(name: str, received: object = "", *, expected: object = "", remedy: str = "") -> Check:
    return Check(name, True, shown(expected), shown(received), remedy)


def failed(name: str, *, expected: object, received: object, remedy: str) -> Check:
    return Check(name, False, shown(expected), shown(received), remedy)


def moment(seconds: int) -> str:
    """Return a time as people write it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def span(seconds: int) -> str:
    """Return how long that is, in the largest unit of which there is at least one."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            return _counted(seconds // size, unit)
    return _counted(seconds, "second")


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
