"""Users as providers' people: new ones, and the one that an e-mail address may be linked to."""

from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db.models import Q

from providers.errors import EmailTaken
from providers.models import Identity, Provider
from providers.protocol.mapping import MappedPerson
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event

if TYPE_CHECKING:
    from ssoconsole.platform.accounts.models import User


def same_text(field: str, value: str) -> Q:
    """
    Match `value` in any case; SQLite folds ASCII only, so the usual spellings of other letters are tried too.
    """
    matches = Q()
    for spelling in {value, value.lower(), value.upper(), value.casefold()}:
        matches |= Q(**{f"{field}__iexact": spelling})
    return matches


def any_of_theirs(text: str) -> Q:
    """Match whoever has `text` as a name or as an e-mail address, in any case: either would be taken for him."""
    return same_text("username", text) | same_text("email", text)


def identities_of(text: str) -> list[Identity]:
    """Return what opens the users who have `text` as a name or as an e-mail address, at most ten, newest first."""
    theirs = Identity.objects.filter(user__in=get_user_model().objects.filter(any_of_theirs(text)))
    return list(theirs.select_related("user", "provider").order_by("-created_at")[:10])


def is_taken(matches: Q, *, apart_from: "User | None" = None) -> bool:
    people = get_user_model().objects.filter(matches)
    return (people.exclude(pk=apart_from.pk) if apart_from else people).exists()


def new_user(person: MappedPerson) -> "User":
    """
    Return a user named by the principal, without a password, who is not saved.

    Raises EmailTaken when the name or the e-mail address is somebody's already, in whatever case.
    """
    if is_taken(any_of_theirs(person.principal)):
        raise EmailTaken(expected="a free name", received=person.principal)
    if person.email and is_taken(any_of_theirs(person.email)):
        raise EmailTaken(expected="a free e-mail address", received=person.email)
    user = get_user_model()(username=person.principal, email=person.email, name=person.name)
    user.set_unusable_password()
    return user


def keep_user(*, user: "User", by: Actor) -> None:
    """Save a new user."""
    user.save(force_insert=True)
    record_event("user_created", by=by, target=user.username, after={"email": user.email, "name": user.name})


def linkable_user(provider: Provider, person: MappedPerson, *, lock: bool) -> "User | None":
    """
    Return the one user that a new subject may be linked to by e-mail address, or None; `lock` holds the row.

    The provider must be trusted for it by name, the address verified, and domains listed, of which admission
    then demands one. Never to a break-glass administrator, and never to a user whom this provider knows by
    another subject: addresses are given to new people when old ones leave. And every other account that opens
    this user must be at a provider that has verified the same address for it: otherwise a stranger could make
    a user under somebody's address at a provider that does not look, and wait for her to be linked to it.
    """
    trusted = provider.link_by_verified_email and bool(provider.allowed_email_domains)
    if not (trusted and person.email and person.email_verified is True):
        return None
    people = get_user_model().objects.filter(same_text("email", person.email))
    found = list((people.select_for_update(no_key=True) if lock else people)[:2])
    if len(found) != 1 or found[0].email != person.email or found[0].expires_at is not None:
        return None
    others = found[0].identities.filter(Q(provider=provider) | ~Q(email=person.email))
    return None if others.exists() else found[0]
