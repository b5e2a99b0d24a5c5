"""
Signing a person in: which user is (provider, `sub`)?

That pair is the only key. An e-mail address, a name or another spelling of either never leads to a user who
is somebody else's; the database decides between two first sign-ins at once.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from providers.errors import EmailTaken, IdentityGone, UserDisabled
from providers.identities.accounts import any_of_theirs, create_user, is_taken, linkable_user
from providers.identities.rights import apply_rules
from providers.kinds import kind_of
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
    person = mapped_person(provider, claims)
    identity = _known_identity(provider, claims["sub"])
    if identity is None:
        identity = _welcome(provider, claims["sub"], person, by=by)
    else:
        _admit(provider, person, known=True)
    _check_active(identity.user)
    _bring_up_to_date(identity, provider, person, by=by)
    identity.last_signed_in_at = timezone.now()
    identity.save(update_fields=["email", "last_signed_in_at"])
    return identity.user


@transaction.atomic
def renew_person(*, provider: Provider, user_id: int, claims: Mapping[str, Any], by: Actor) -> "User":
    """
    Bring a signed-in user up to date with what his provider says now; nobody is made and nobody linked.

    Raises what `sign_in_person` raises of a known person, and IdentityGone when the subject is no longer this
    user's; then nothing has changed.
    """
    person = mapped_person(provider, claims)
    identity = _known_identity(provider, claims["sub"])
    if identity is None or identity.user_id != user_id:
        raise IdentityGone(expected="an identity of the signed-in user", received="another's or none")
    _admit(provider, person, known=True)
    _check_active(identity.user)
    _bring_up_to_date(identity, provider, person, by=by)
    identity.save(update_fields=["email"])
    return identity.user


def mapped_person(provider: Provider, claims: Mapping[str, Any]) -> MappedPerson:
    """Return whom `claims` speak of by the registration's mapping. Raises PrincipalMissing, PrincipalUnusable."""
    return map_claims(
        claims,
        principal_claims=provider.principal_claims,
        mapping=provider.mapping,
        group_rules=provider.group_rules,
        admin_principals=provider.admin_principals,
        group_separator=kind_of(provider).group_separator,
    )


def _check_active(user: "User") -> None:
    if not user.is_active:
        raise UserDisabled(expected="an active user", received=f"{user.get_username()}, disabled")


def _known_identity(provider: Provider, sub: str) -> Identity | None:
    # Not the provider's row: everybody who signs in through it would wait in one line.
    known = Identity.objects.select_for_update(of=("self", "user")).select_related("user")
    try:
        return known.get(provider=provider, sub=sub)
    except Identity.DoesNotExist:
        return None


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
    identity = Identity.objects.create(provider=provider, sub=sub, user=user, email=person.verified_email)
    record_event(action, by=by, target=user.get_username(), after={"provider": provider.slug, "sub": sub})
    return identity


def _bring_up_to_date(identity: Identity, provider: Provider, person: MappedPerson, *, by: Actor) -> None:
    """Apply what the provider says and its rules; the identity is saved by the caller."""
    user = identity.user
    before = _shown(user)
    _take_over(user, person)
    groups_before, groups = apply_rules(user, provider, person)
    after = _shown(user)
    if before != after:
        user.save(update_fields=list(after))
    identity.email = person.verified_email
    before["groups"], after["groups"] = sorted(groups_before), sorted(groups)
    if before != after:
        record_change("user_changed", by=by, target=user.get_username(), before=before, after=after)


def _take_over(user: "User", person: MappedPerson) -> None:
    """
    Take name and e-mail address from the provider; the user's own name here stays what it was at the start.
    """
    if person.name:
        user.name = person.name
    another = person.email not in ("", user.email) and person.email_verified is not False
    if another and not is_taken(any_of_theirs(person.email), apart_from=user):
        user.email = person.email


def _shown(user: "User") -> dict[str, Any]:
    """What a provider may change of a user, by field."""
    return {name: getattr(user, name) for name in ("email", "name", "is_staff", "is_superuser")}
