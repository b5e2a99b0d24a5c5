"""
What a provider's rules give a person, and take away again: groups, and administration.

What was given is on record (`GivenRight`) by the identity that brought it, and so by the primary key of its provider:
neither another slug nor another name of a group hides where a right came from. Only what is on record as given is taken
away again; administrators who came by break-glass, by a command or by hand stay what they are.

The rules that let a person in, or keep him out, are here in words for an administrator too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet

from providers.errors import ProviderChanged
from providers.identities.accounts import any_of_theirs, is_taken
from providers.models import GivenRight, Identity, Provider
from providers.protocol.mapping import MappedPerson
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_change

if TYPE_CHECKING:
    from ssoconsole.platform.accounts.models import User


ADMINISTRATION = ""  # where otherwise the name of a group stands; no group is called so
# The name of a group or ADMINISTRATION, and the claim value or the principal by which it is given.
Given = frozenset[tuple[str, str]]
NOTHING: Given = frozenset()

# By `Decision.way`.
LETS_IN = {
    "known": "The subject is known here: it opens this user already.",
    "linked": "Linking by verified e-mail address is on, and this user has the same address.",
    "new": "Self sign-up is on: a new user would be made.",
}
# By `Denied.rule`.
KEEPS_OUT = {
    "self_signup": "Self sign-up is off, and the person is new here.",
    "email_verified": "The provider calls the e-mail address unverified.",
    "allowed_email_domains": "The e-mail address is in none of the allowed domains.",
    "principal_claims": "No principal claim names the person in a way that can be a user's name.",
    "email_taken": (
        "The name or e-mail address is another user's, and linking by verified e-mail address is off or does not "
        "apply to that user: one who has an identity at this provider already is unlinked from it first."
    ),
    "user_disabled": "The user is disabled here.",
}


@dataclass(frozen=True)
class Rights:
    """
    What a user is to have, and the groups that he has; what his identity gives him, and has given him so far.

    All sets are empty, and nothing is asked of the database, where the provider has no rules and the user nothing
    to lose by that.
    """

    held: frozenset[str]
    groups: frozenset[str]
    is_staff: bool
    is_superuser: bool
    given: Given = NOTHING
    on_record: Given = NOTHING

    @property
    def gained(self) -> frozenset[str]:
        return self.groups - self.held

    @property
    def lost(self) -> frozenset[str]:
        return self.held - self.groups


def decide_rights(
    user: "User", provider: Provider, person: MappedPerson, identity: Identity | None, *, stands: bool
) -> Rights:
    """
    Return what the rules give `user`, who need not be saved yet, by `identity`, and take from him.

    `stands` says that `provider` is what is stored, so that what it gave by earlier rules has been taken back. Where
    the provider has not told the groups, nothing is taken away that its rules may still give: not told is not none.
    """
    none: frozenset[str] = frozenset()
    may_lose = user.is_staff or user.is_superuser or not stands
    if not (provider.group_rules or provider.admin_principals or may_lose):
        return Rights(none, none, user.is_staff, user.is_superuser)
    held = frozenset(user.groups.values_list("name", flat=True)) if user.pk else none
    on_record, by_others = _on_record(user, identity)
    ours = {name for name, _ in on_record}
    given = set()
    for rule in provider.group_rules:
        group, value = rule["group"], rule["claim_value"]
        by_hand = group in held and group not in ours | by_others
        if value in person.claimed and not by_hand:
            given.add((group, value))
    by_hand = user.is_superuser and ADMINISTRATION not in ours | by_others
    if person.is_admin and not by_hand and _is_nobody_elses(user, person.principal):
        given.add((ADMINISTRATION, person.principal))
    # A group that a rule names is the rules', whoever put the person into it.
    ruled = ({rule["group"] for rule in provider.group_rules} | ours) - by_others - {ADMINISTRATION}
    is_staff, is_superuser = user.is_staff, user.is_superuser
    if any(name == ADMINISTRATION for name, _ in given):
        is_staff = is_superuser = True
    elif ADMINISTRATION in ours - by_others:
        is_staff = is_superuser = False
    groups = (held - ruled) | person.groups
    if person.groups_untold:
        rules = {(rule["group"], rule["claim_value"]) for rule in provider.group_rules}
        groups |= held & {name for name, _ in rules}
        given |= on_record & rules
    return Rights(held, groups, is_staff, is_superuser, frozenset(given), on_record)


def write_rights(user: "User", rights: Rights, *, identity: Identity, provider: Provider) -> None:
    """
    Set groups and administration on `user`, who is saved by the caller, and keep on record what `identity` gives.

    Raises ProviderChanged when something new is given by a registration that is not what stands any more.
    """
    if lost := rights.held - rights.groups:
        user.groups.remove(*Group.objects.filter(name__in=lost))
    groups = {}
    for name in sorted(rights.groups - rights.held):
        groups[name], _ = Group.objects.get_or_create(name=name)
    if groups:
        user.groups.add(*groups.values())
    user.is_staff, user.is_superuser = rights.is_staff, rights.is_superuser
    for name, reason in rights.on_record - rights.given:
        rows = GivenRight.objects.filter(identity=identity, reason=reason)
        (rows.filter(group=None) if name == ADMINISTRATION else rows.filter(group__name=name)).delete()
    new = rights.given - rights.on_record
    if new:
        _hold_registration(provider)
    for name, reason in sorted(new):
        group = None if name == ADMINISTRATION else groups.get(name) or Group.objects.get(name=name)
        GivenRight.objects.create(identity=identity, group=group, reason=reason)


@transaction.atomic
def take_rights_back(given: "QuerySet[GivenRight]", *, by: Actor) -> None:
    """
    Take `given` away from whoever has them, at once: each request reads groups and administration anew.

    What another identity of the same user gives too, he keeps.
    """
    keys = set(given.values_list("identity__user_id", flat=True))
    people = get_user_model().objects.select_for_update(of=("self",)).filter(pk__in=keys)
    for user in people.order_by("pk"):
        gone = given.filter(identity__user=user)
        taken = _names(gone)
        gone.delete()
        taken -= _names(GivenRight.objects.filter(identity__user=user))
        before = _told(user)
        user.groups.remove(*Group.objects.filter(name__in=taken))
        if ADMINISTRATION in taken:
            user.is_staff = user.is_superuser = False
            user.save(update_fields=["is_staff", "is_superuser"])
        if before != (after := _told(user)):
            record_change("user_changed", by=by, target=user.get_username(), before=before, after=after)


def take_back_unruled(*, provider: Provider, by: Actor) -> None:
    """Take back what `provider` has given by rules that it does not have any more."""
    ruled = {(rule["group"], rule["claim_value"]) for rule in provider.group_rules}
    ruled |= {(ADMINISTRATION, principal) for principal in provider.admin_principals}
    rows = given_by(provider).select_related("group")
    gone = [row.pk for row in rows if (_name(row.group), row.reason) not in ruled]
    if gone:
        take_rights_back(GivenRight.objects.filter(pk__in=gone), by=by)


def given_by(provider: Provider) -> "QuerySet[GivenRight]":
    return GivenRight.objects.filter(identity__provider=provider)


def leave_by_hand(user: "User", changed: Iterable[str]) -> None:
    """An administrator has set these fields of `user` himself: from now on they are so by hand."""
    rows = GivenRight.objects.filter(identity__user=user)
    if {"is_staff", "is_superuser"} & set(changed):
        rows.filter(group=None).delete()
    if "groups" in changed:
        rows.filter(group__isnull=False).exclude(group__in=user.groups.all()).delete()


def _on_record(user: "User", identity: Identity | None) -> tuple[Given, frozenset[str]]:
    """Return what `identity` has given, and the names of what other identities of the user have."""
    if not user.pk:
        return NOTHING, frozenset()
    rows = GivenRight.objects.filter(identity__user=user).select_related("group")
    ours = [(row.identity_id == getattr(identity, "pk", None), _name(row.group), row.reason) for row in rows]
    return (
        frozenset((name, reason) for own, name, reason in ours if own),
        frozenset(name for own, name, _ in ours if not own),
    )


def _hold_registration(provider: Provider) -> None:
    """
    A change of the registration that takes rights back sees what is written now, or this sees the change.
    """
    rows = Provider.objects.select_for_update(no_key=True).filter(pk=provider.pk, enabled=True)
    if rows.filter(updated_at=provider.updated_at).values_list("pk", flat=True).first() is None:
        raise ProviderChanged(
            expected="the registration that this sign-in began with",
            received="one that was changed meanwhile",
        )


def _names(rows: "QuerySet[GivenRight]") -> set[str]:
    return {_name(row.group) for row in rows.select_related("group")}


def _name(group: Group | None) -> str:
    return group.name if group else ADMINISTRATION


def _told(user: "User") -> dict[str, Any]:
    groups = sorted(user.groups.values_list("name", flat=True))
    return {"groups": groups, "is_staff": user.is_staff, "is_superuser": user.is_superuser}


def _is_nobody_elses(user: "User", principal: str) -> bool:
    """
    Who changes his principal at the provider to another person's name or address does not come into that
    person's rights.
    """
    return not is_taken(any_of_theirs(principal), apart_from=user)
