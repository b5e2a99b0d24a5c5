"""
Signing a person in: which user is (provider, `sub`)?

That pair is the only key. An e-mail address, a name or another spelling of either never leads to a user who
is somebody else's; the database decides between two first sign-ins at once.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from providers.errors import EmailTaken, UserDisabled
from providers.identities.accounts import create_user, is_taken, linkable_user, same_text
from providers.identities.rights import apply_rules
from providers.models import Identity, Provider
from providers.protocol.admission import admit
from providers.protocol.mapping import MappedPerson, map_claims
from ssoconsole.actors import Actor
from ssoconsole.eventlog.services import record_change, record_event

if TYPE_CHECKING:
    from ssoconsole.accounts.models import User


@transaction.atomic
def sign_in_person(*, provider: Provider, claims: Mapping[str, Any], by: Actor) -> "User":
    """
    Return the user whom `claims`, all of them verified, speak of: known, linked or new, and brought up to
    date.

    Raises PrincipalMissing, PrincipalUnusable, NotAdmitted, EmailTaken and UserDisabled; then nothing has
    changed.
    """
    person = map_claims(
        claims,
        principal_claims=provider.principal_claims,
        mapping=provider.mapping,
        group_rules=provider.group_rules,
        admin_principals=provider.admin_principals,
    )
    identity = _known_identity(provider, claims["sub"])
    if identity is None:
        identity = _welcome(provider, claims["sub"], person, by=by)
    else:
        _admit(provider, person, known=True)
    if not identity.user.is_active:
        raise UserDisabled(expected="an active user", received=f"{identity.user.get_username()}, disabled")
    _bring_up_to_date(identity, person, by=by)
    return identity.user


def _known_identity(provider: Provider, sub: str) -> Identity | None:
    # Not the provider's row: everybody who signs in through it would wait in one line.
    known = Identity.objects.select_for_update(of=("self", "user")).select_related("user", "provider")
    return known.filter(provider=provider, sub=sub).first()


def _admit(provider: Provider, person: MappedPerson, *, known: bool) -> None:
    admit(
        person,
        allowed_email_domains=provider.allowed_email_domains,
        self_signup=provider.self_signup,
        known=known,
    )


def _welcome(provider: Provider, sub: str, person: MappedPerson, *, by: Actor) -> Identity:
    """Make the identity of a new subject, or take the one that another request made at the same moment."""
    try:
        with transaction.atomic():
            return _new_identity(provider, sub, person, by=by)
    except (IntegrityError, EmailTaken) as error:
        made_meanwhile = _known_identity(provider, sub)
        if made_meanwhile is not None:
            return made_meanwhile
        if isinstance(error, EmailTaken):
            raise
        raise EmailTaken(expected="a free name", received="one that was taken this moment") from None


def _new_identity(provider: Provider, sub: str, person: MappedPerson, *, by: Actor) -> Identity:
    user = linkable_user(provider, person)
    _admit(provider, person, known=user is not None)
    if user is None:
        user = create_user(person, by=by)
        action = "identity_created"
    else:
        action = "identity_linked"
    identity = Identity.objects.create(provider=provider, sub=sub, user=user, email=person.email)
    record_event(action, by=by, target=user.get_username(), after={"provider": provider.slug, "sub": sub})
    return identity


def _bring_up_to_date(identity: Identity, person: MappedPerson, *, by: Actor) -> None:
    user = identity.user
    before = _shown(user)
    _take_over(user, person)
    apply_rules(user, identity.provider, person)
    user.save(update_fields=["email", "name", "is_staff", "is_superuser"])
    identity.email, identity.last_signed_in_at = person.email, timezone.now()
    identity.save(update_fields=["email", "last_signed_in_at"])
    after = _shown(user)
    if before != after:
        record_change("user_changed", by=by, target=user.get_username(), before=before, after=after)


def _take_over(user: "User", person: MappedPerson) -> None:
    """
    Take name and e-mail address from the provider; the user's own name here stays what it was at the start.
    """
    if person.name:
        user.name = person.name
    unclaimed = person.email and person.email_verified is not False
    if unclaimed and not is_taken(same_text("email", person.email), apart_from=user):
        user.email = person.email


def _shown(user: "User") -> dict[str, Any]:
    return {
        "email": user.email,
        "name": user.name,
        "groups": sorted(user.groups.values_list("name", flat=True)),
        "is_superuser": user.is_superuser,
    }
