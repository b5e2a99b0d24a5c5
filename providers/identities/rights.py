"""
What a provider's rules give a person, and take away again: groups, and administration.

Whom `admin_principals` has made an administrator is in the group `Administrators by <slug>`. Only such a user
is ever made an ordinary one again; administrators who came by break-glass or by a command never are.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.models import Group

from providers.identities.accounts import any_of_theirs, is_taken
from providers.models import Provider
from providers.protocol.mapping import MappedPerson

if TYPE_CHECKING:
    from ssoconsole.accounts.models import User

MARK = "Administrators by "


@dataclass(frozen=True)
class Rights:
    """
    What a user is to have, and the groups that he has.

    Both sets of groups are empty, and nothing is asked of the database, where the provider has no rules and the
    user nothing to lose by that.
    """

    held: frozenset[str]
    groups: frozenset[str]
    is_staff: bool
    is_superuser: bool

    @property
    def gained(self) -> frozenset[str]:
        return self.groups - self.held

    @property
    def lost(self) -> frozenset[str]:
        return self.held - self.groups


def decide_rights(user: "User", provider: Provider, person: MappedPerson) -> Rights:
    """Return what the rules give `user`, who need not be saved yet, and take from him."""
    none: frozenset[str] = frozenset()
    if not (provider.group_rules or provider.admin_principals or user.is_staff or user.is_superuser):
        return Rights(none, none, user.is_staff, user.is_superuser)
    held = frozenset(user.groups.values_list("name", flat=True)) if user.pk else none
    return _by_admin_principals(held, _by_group_rules(held, provider, person), user, provider, person)


def write_rights(user: "User", rights: Rights) -> None:
    """Set groups and administration on `user`, who is saved by the caller."""
    if lost := rights.lost:
        user.groups.remove(*Group.objects.filter(name__in=lost))
    if gained := rights.gained:
        user.groups.add(*(Group.objects.get_or_create(name=name)[0] for name in sorted(gained)))
    user.is_staff, user.is_superuser = rights.is_staff, rights.is_superuser


def _by_group_rules(held: frozenset[str], provider: Provider, person: MappedPerson) -> frozenset[str]:
    """Groups that no rule names are none of the provider's business; the marks are none of the rules'."""
    named = {rule["group"] for rule in provider.group_rules if not rule["group"].startswith(MARK)}
    return (held - named) | (person.groups & named)


def _by_admin_principals(
    held: frozenset[str], groups: frozenset[str], user: "User", provider: Provider, person: MappedPerson
) -> Rights:
    mark = f"{MARK}{provider.slug}"
    if person.is_admin and _is_nobody_elses(user, person.principal):
        if user.is_superuser:
            return Rights(held, groups, user.is_staff, is_superuser=True)
        return Rights(held, groups | {mark}, is_staff=True, is_superuser=True)
    if mark not in groups:
        return Rights(held, groups, user.is_staff, user.is_superuser)
    others = any(name.startswith(MARK) for name in groups - {mark})
    return Rights(held, groups - {mark}, others and user.is_staff, others and user.is_superuser)


def _is_nobody_elses(user: "User", principal: str) -> bool:
    """
    Who changes his principal at the provider to another person's name or address does not come into that
    person's rights.
    """
    return not is_taken(any_of_theirs(principal), apart_from=user)
