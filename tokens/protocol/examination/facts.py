"""What the console knows about the token that is examined."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ssoconsole.platform.examination.checks import Check, failed, passed
from ssoconsole.platform.jose.keys import JwkSet
from ssoconsole.platform.jose.times import moment, span

__all__ = ["Check", "Ended", "Facts", "KeyFacts", "RecordFacts", "failed", "moment", "passed", "span"]


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
