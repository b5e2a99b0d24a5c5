"""
Signing a person in: which user is (provider, `sub`)?

That pair is the only key. An e-mail address, a name or another spelling of either never leads to a user who
is somebody else's; the database decides between two first sign-ins at once. What is decided is written by a sign-in;
whoever only wants to know what would happen leaves it at that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from providers.errors import EmailTaken, IdentityGone, UserDisabled
from providers.identities.accounts import any_of_theirs, is_taken, keep_user, linkable_user, new_user
from providers.identities.rights import Rights, decide_rights, write_rights
from providers.kinds import kind_of
from providers.models import Identity, Provider
from providers.protocol.admission import admit
from providers.protocol.mapping import MappedPerson, map_claims
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_change, record_event

if TYPE_CHECKING:
    from ssoconsole.platform.accounts.models import User


class Way(StrEnum):
    """How a subject has come to his user."""

    KNOWN = "known"
    LINKED = "linked"
    NEW = "new"


@dataclass(frozen=True)
class Decision:
    """
    A person who is let in. `user` is not saved where the way is NEW, and `identity` is there where it is KNOWN.

    `before` and `after` are what a provider may change of a user, by field; groups are in `rights`.
    """

    sub: str
    person: MappedPerson
    way: Way
    user: "User"
    identity: Identity | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    rights: Rights


def sign_in_person(*, provider: Provider, claims: Mapping[str, Any], by: Actor) -> "User":
    """
    Return the user whom `claims`, all of them verified, speak of: known, linked or new, and brought up to
    date; in the caller's transaction.

    Raises PrincipalMissing, PrincipalUnusable, NotAdmitted, EmailTaken, UserDisabled and ProviderChanged; the caller
    then gives the transaction up, and nothing has changed.
    """
    try:
        decision, identity = _decide_and_welcome(provider, claims, by=by)
    except (IntegrityError, EmailTaken) as error:
        # Another request may have made the identity of this subject just now.
        if known_identity(provider, claims["sub"], lock=True) is None:
            if isinstance(error, EmailTaken):
                raise
            raise EmailTaken(expected="a free name", received="one that was taken this moment") from None
        decision, identity = _decide_and_welcome(provider, claims, by=by)
    _bring_up_to_date(provider, identity, decision, by=by)
    identity.last_signed_in_at = timezone.now()
    identity.save(update_fields=["email", "last_signed_in_at"])
    return decision.user


def renew_person(*, provider: Provider, user_id: int, claims: Mapping[str, Any], by: Actor) -> "User":
    """
    Bring a signed-in user up to date with what his provider says now, in the caller's transaction; nobody is made and
    nobody linked.

    Raises what `sign_in_person` raises of a known person, and IdentityGone when the subject is no longer this
    user's.
    """
    decision = decide_known_person(provider=provider, user_id=user_id, claims=claims, lock=True)
    if identity := decision.identity:
        _bring_up_to_date(provider, identity, decision, by=by)
        identity.save(update_fields=["email"])
    return decision.user


def _decide_and_welcome(
    provider: Provider, claims: Mapping[str, Any], *, by: Actor
) -> tuple[Decision, Identity]:
    """Decide, and make the user and the identity of a new subject; in a savepoint, because the database may refuse."""
    decision = decide_person(provider=provider, claims=claims, lock=True)
    if decision.identity:
        return decision, decision.identity
    user, is_new = decision.user, decision.way == Way.NEW
    with transaction.atomic():
        if is_new:
            keep_user(user=user, by=by)
        identity = Identity.objects.create(
            provider=provider, sub=decision.sub, user=user, email=decision.person.verified_email
        )
        action = "identity_created" if is_new else "identity_linked"
        named = {"provider": provider.slug, "sub": decision.sub}
        record_event(action, by=by, target=user.get_username(), after=named)
    return decision, identity


def _bring_up_to_date(provider: Provider, identity: Identity, decision: Decision, *, by: Actor) -> None:
    """Write what the provider says and its rules give; the identity is saved by the caller."""
    user, rights = decision.user, decision.rights
    before, after = dict(decision.before), dict(decision.after)
    write_rights(user, rights, identity=identity, provider=provider)
    for name, value in after.items():
        setattr(user, name, value)
    if before != after:
        user.save(update_fields=list(after))
    identity.email = decision.person.verified_email
    before["groups"], after["groups"] = sorted(rights.held), sorted(rights.groups)
    if before != after:
        record_change("user_changed", by=by, target=user.get_username(), before=before, after=after)


def decide_person(*, provider: Provider, claims: Mapping[str, Any], lock: bool = False) -> Decision:
    """
    Decide about whom `claims`, all of them verified, speak of: known, linked or new.

    With `lock`, which needs a transaction, the rows that were read stay as they are until they are written;
    without it, `provider` may be a registration that is only tried.
    Raises PrincipalMissing, PrincipalUnusable, NotAdmitted, EmailTaken and UserDisabled.
    """
    person = mapped_person(provider, claims)
    identity = known_identity(provider, claims["sub"], lock=lock)
    user = identity.user if identity else linkable_user(provider, person, lock=lock)
    admit(
        person,
        allowed_email_domains=provider.allowed_email_domains,
        self_signup=provider.self_signup,
        known=user is not None,
    )
    way = Way.KNOWN if identity else Way.LINKED if user else Way.NEW
    user = user or new_user(person)
    return _decision(provider, claims["sub"], person, way, user, identity, stands=lock)


def decide_known_person(
    *, provider: Provider, user_id: int, claims: Mapping[str, Any], lock: bool = False
) -> Decision:
    """
    Decide about a signed-in user by what his provider says now; nobody is new and nobody linked.

    Raises what `decide_person` raises of a known person, and IdentityGone when the subject is no longer this
    user's.
    """
    person = mapped_person(provider, claims)
    identity = known_identity(provider, claims["sub"], lock=lock)
    if identity is None or identity.user_id != user_id:
        raise IdentityGone(expected="an identity of the signed-in user", received="another's or none")
    admit(
        person,
        allowed_email_domains=provider.allowed_email_domains,
        self_signup=provider.self_signup,
        known=True,
    )
    return _decision(provider, claims["sub"], person, Way.KNOWN, identity.user, identity, stands=lock)


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


def known_identity(provider: Provider, sub: str, *, lock: bool) -> Identity | None:
    """Return the identity of a subject with its user, if there is one."""
    known = Identity.objects.select_related("user")
    if lock:
        # Not the provider's row: everybody who signs in through it would wait in one line.
        known = known.select_for_update(of=("self", "user"))
    try:
        return known.get(provider=provider, sub=sub)
    except Identity.DoesNotExist:
        return None


def _decision(
    provider: Provider,
    sub: str,
    person: MappedPerson,
    way: Way,
    user: "User",
    identity: Identity | None,
    *,
    stands: bool,
) -> Decision:
    if not user.is_active:
        raise UserDisabled(expected="an active user", received=f"{user.get_username()}, disabled")
    rights = decide_rights(user, provider, person, identity, stands=stands)
    # The provider's address, where it may be taken over; the user's own name here stays what it was.
    another = person.email not in ("", user.email) and person.email_verified is not False
    is_free = another and not is_taken(any_of_theirs(person.email), apart_from=user)
    before = {
        "email": user.email,
        "name": user.name,
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
    }
    after = {
        "email": person.email if is_free else user.email,
        "name": person.name or user.name,
        "is_staff": rights.is_staff,
        "is_superuser": rights.is_superuser,
    }
    return Decision(sub, person, way, user, identity, before, after, rights)
