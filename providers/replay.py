"""
What a change of mapping or rules would do to the people who have signed in; reads, and writes nothing.

Both the stored registration and the changed one decide about the same claims and the same users as they are now, so
that only what the change brings about is told, and not what would have come at the next sign-in anyway.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.errors import Denied
from providers.identities.rights import Rights
from providers.identities.services import Decision, decide_person
from providers.models import Provider, SignInAttempt
from providers.protocol.claims import listed_paths, value_at
from ssoconsole.platform.eventlog.services import MASK

MOST = 200
CHOICES = (25, 50, 100, MOST)
USUAL = 50


@dataclass(frozen=True)
class Difference:
    """
    What the change means for one person, by the claims of his last sign-in.

    `refused` is why he gets in no more, `admitted` says that he only gets in by the change, `masked` names claims
    that are read and were not kept, so that nothing certain can be said.
    """

    who: str
    reference: str
    gained: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    becomes_admin: bool = False
    ceases_admin: bool = False
    principal: tuple[str, str] | None = None
    refused: Denied | None = None
    admitted: bool = False
    masked: list[str] = field(default_factory=list)

    @property
    def is_one(self) -> bool:
        """Tell whether there is anything to tell."""
        said = (self.gained, self.lost, self.principal, self.refused, self.masked)
        return any(said) or self.becomes_admin or self.ceases_admin or self.admitted


@dataclass(frozen=True)
class Replay:
    """`sign_ins` were read, of `people`; `unreadable` sign-ins have no claims that can be read."""

    sign_ins: int
    people: int
    unreadable: int
    differences: list[Difference]


def replay_sign_ins(*, stored: Provider, changed: Provider, most: int) -> Replay:
    """Try `changed` on the last `most` (up to 200) successful sign-ins at `stored`; of each person the last one."""
    attempts = list(_successful(stored)[: max(1, min(most, MOST))])
    latest: dict[str, tuple[SignInAttempt, dict[str, Any]]] = {}
    unreadable = 0
    for attempt in attempts:
        claims = attempt.claims_shown
        if isinstance(sub := claims.get("sub"), str):
            latest.setdefault(sub, (attempt, claims))
        else:
            unreadable += 1
    found = [_difference(stored, changed, attempt, claims) for attempt, claims in latest.values()]
    return Replay(len(attempts), len(latest), unreadable, [each for each in found if each.is_one])


def _successful(provider: Provider) -> Any:
    # These two words are those of the index `sign_ins_of_a_provider`.
    rows = SignInAttempt.objects.filter(provider=provider, outcome="ok", purpose="sign_in")
    return rows.select_related("user").order_by("-started_at")


def _difference(
    stored: Provider, changed: Provider, attempt: SignInAttempt, claims: Mapping[str, Any]
) -> Difference:
    who = attempt.user.get_username() if attempt.user else str(claims["sub"])
    if masked := _masked_claims(changed, claims):
        return Difference(who, attempt.reference, masked=masked)
    before, after = _decided(stored, claims), _decided(changed, claims)
    if isinstance(after, Denied):
        return Difference(who, attempt.reference, refused=None if isinstance(before, Denied) else after)
    if isinstance(before, Denied):
        return Difference(who, attempt.reference, admitted=True)
    had, has = before.rights, after.rights
    held = had.held | has.held
    groups_before, groups_after = _groups(had, held), _groups(has, held)
    names = (before.person.principal, after.person.principal)
    return Difference(
        who,
        attempt.reference,
        gained=sorted(groups_after - groups_before - held),
        lost=sorted(groups_before - groups_after),
        becomes_admin=has.is_superuser and not had.is_superuser,
        ceases_admin=had.is_superuser and not has.is_superuser,
        principal=names if names[0] != names[1] else None,
    )


def _groups(rights: Rights, held: frozenset[str]) -> frozenset[str]:
    """Where no rule asks for groups, those that are held stay."""
    return rights.groups if rights.held or rights.groups else held


def _decided(provider: Provider, claims: Mapping[str, Any]) -> Decision | Denied:
    try:
        return decide_person(provider=provider, claims=claims)
    except Denied as denied:
        return denied


def _masked_claims(provider: Provider, claims: Mapping[str, Any]) -> list[str]:
    """Return the paths that the registration reads and of which only the mask was kept."""
    read = [*provider.principal_claims]
    for name in ("email", "email_verified", "name", "groups"):
        read += listed_paths(provider.mapping.get(name, name))
    return sorted({path for path in read if path and value_at(claims, path) == MASK})
