"""
Signing a person in: which user is (provider, `sub`)?

That pair is the only key. An e-mail address, a name or another spelling of either never leads to a user who
is somebody else's; the database decides between two first sign-ins at once.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from providers.errors import EmailTaken
from providers.identities.accounts import keep_user
from providers.identities.decision import (
    Decision,
    Way,
    decide_known_person,
    decide_person,
    known_identity,
)
from providers.identities.rights import write_rights
from providers.models import Identity, Provider
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_change, record_event

if TYPE_CHECKING:
    from ssoconsole.platform.accounts.models import User


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
