"""
What a provider's rules give a person, and take away again: groups, and administration.

Whom `admin_principals` has made an administrator is in the group `Administrators by <slug>`. Only such a user
is ever made an ordinary one again; administrators who came by break-glass or by a command never are.
"""

from typing import TYPE_CHECKING

from django.contrib.auth.models import Group

from providers.identities.accounts import any_of_theirs, is_taken
from providers.models import Provider
from providers.protocol.mapping import MappedPerson

if TYPE_CHECKING:
    from ssoconsole.accounts.models import User

MARK = "Administrators by "


def apply_rules(user: "User", provider: Provider, person: MappedPerson) -> tuple[set[str], set[str]]:
    """
    Set groups and administration on `user`, who is saved by the caller; return his groups before and after.

    Both are empty, and nothing is asked of the database, where the provider has no rules and the user nothing
    to lose by that.
    """
    if not (provider.group_rules or provider.admin_principals or user.is_staff or user.is_superuser):
        return set(), set()
    held = set(user.groups.values_list("name", flat=True))
    groups = _by_admin_principals(_by_group_rules(held, provider, person), user, provider, person)
    if lost := held - groups:
        user.groups.remove(*Group.objects.filter(name__in=lost))
    if gained := groups - held:
        user.groups.add(*(Group.objects.get_or_create(name=name)[0] for name in sorted(gained)))
    return held, groups


def _by_group_rules(held: set[str], provider: Provider, person: MappedPerson) -> set[str]:
    """Groups that no rule names are none of the provider's business; the marks are none of the rules'."""
    named = {rule["group"] for rule in provider.group_rules if not rule["group"].startswith(MARK)}
    return (held - named) | (person.groups & named)


def _by_admin_principals(
    groups: set[str], user: "User", provider: Provider, person: MappedPerson
) -> set[str]:
    mark = f"{MARK}{provider.slug}"
    if person.is_admin and _is_nobody_elses(user, person.principal):
        if user.is_superuser:
            return groups
        user.is_staff = user.is_superuser = True
        return groups | {mark}
    if mark not in groups:
        return groups
    if not any(name.startswith(MARK) for name in groups - {mark}):
        user.is_staff = user.is_superuser = False
    return groups - {mark}


def _is_nobody_elses(user: "User", principal: str) -> bool:
    """
    Who changes his principal at the provider to another person's name or address does not come into that
    person's rights.
    """
    return not is_taken(any_of_theirs(principal), apart_from=user)
