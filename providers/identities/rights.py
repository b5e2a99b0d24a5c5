"""
What a provider's rules give a person, and take away again: groups, and administration.

Whom `admin_principals` has made an administrator is in the group `Administrators by <slug>`. Only such a user
is ever made an ordinary one again; administrators who came by break-glass or by a command never are.
"""

from typing import TYPE_CHECKING

from django.contrib.auth.models import Group

from providers.identities.accounts import is_taken, same_text
from providers.models import Provider
from providers.protocol.mapping import MappedPerson

if TYPE_CHECKING:
    from ssoconsole.accounts.models import User

MARK = "Administrators by "


def apply_rules(user: "User", provider: Provider, person: MappedPerson) -> None:
    """Set groups and administration on `user`, who is saved by the caller."""
    _apply_group_rules(user, provider, person)
    _apply_admin_principals(user, provider, person)


def _apply_group_rules(user: "User", provider: Provider, person: MappedPerson) -> None:
    """Groups that no rule names are none of the provider's business; the marks are none of the rules'."""
    named = {rule["group"] for rule in provider.group_rules if not rule["group"].startswith(MARK)}
    if not named:
        return
    held = set(user.groups.filter(name__in=named).values_list("name", flat=True))
    given = person.groups & named
    user.groups.remove(*Group.objects.filter(name__in=held - given))
    user.groups.add(*(Group.objects.get_or_create(name=name)[0] for name in sorted(given - held)))


def _apply_admin_principals(user: "User", provider: Provider, person: MappedPerson) -> None:
    mark = f"{MARK}{provider.slug}"
    if person.is_admin and _is_nobody_elses(user, person.principal):
        if not user.is_superuser:
            user.is_staff = user.is_superuser = True
            user.groups.add(Group.objects.get_or_create(name=mark)[0])
        return
    if user.groups.filter(name=mark).exists():
        user.groups.remove(*Group.objects.filter(name=mark))
        if not user.groups.filter(name__startswith=MARK).exists():
            user.is_staff = user.is_superuser = False


def _is_nobody_elses(user: "User", principal: str) -> bool:
    """
    Who changes his principal at the provider to another person's does not come into that person's rights.
    """
    return not is_taken(same_text("username", principal), apart_from=user)
