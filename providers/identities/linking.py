"""Connect an account at a provider to a user at his own wish, and take one away from him."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone

from providers.errors import IdentityTaken, SessionEnded
from providers.identities.rights import take_rights_back
from providers.identities.services import mapped_person
from providers.models import ConsoleSession, GivenRight, Identity, Provider
from providers.protocol.admission import admit
from providers.protocol.id_token import check_authentication_context
from providers.sessions.services import end_selected
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.eventlog.services import record_event

if TYPE_CHECKING:
    from ssoconsole.platform.accounts.models import User


@transaction.atomic
def link_identity(
    *, provider: Provider, session: ConsoleSession, claims: Mapping[str, Any], by: Actor
) -> Identity:
    """
    Let the subject of `claims`, all of them verified, open the account of the user of `session`.

    Name, e-mail address and rights of the user stay as they are: the provider has its say at the next sign-in
    through it. Linking what is linked already changes nothing. Raises SessionEnded when the session or its
    user is not what it was, PrincipalMissing, PrincipalUnusable and NotAdmitted by the provider's rules, and
    IdentityTaken when the subject is another user's, and InsufficientAuthentication where the user administers and the
    session does not meet what its provider demands of administrators.
    """
    user = _user_of(session)
    person = mapped_person(provider, claims)
    # Who is a user here signs nobody up, so the rule about that does not apply.
    admit(
        person,
        allowed_email_domains=provider.allowed_email_domains,
        self_signup=provider.self_signup,
        known=True,
    )
    if known := _identity_of(provider, claims["sub"]):
        return _of(user, known)
    try:
        with transaction.atomic():
            identity = Identity.objects.create(
                provider=provider, sub=claims["sub"], user=user, email=person.verified_email
            )
    except IntegrityError:  # another request made it at the same moment
        return _of(user, Identity.objects.get(provider=provider, sub=claims["sub"]))
    named = {"provider": provider.slug, "sub": identity.sub}
    record_event("identity_linked", by=by, target=user.get_username(), after=named)
    return identity


def _user_of(session: ConsoleSession) -> "User":
    """Return the user; his row and the session's are held, so that neither is disabled or ended in between."""
    user = get_user_model().objects.select_for_update(of=("self",)).get(pk=session.user_id)
    live = ConsoleSession.objects.live(at=timezone.now()).select_for_update(of=("self",))
    asking = live.select_related("provider").filter(pk=session.pk).first()
    if asking is None:
        raise SessionEnded(expected="the live session that asked", received="one that has ended")
    if user.is_staff or user.is_superuser:
        # Otherwise an account at a provider that demands less would lead around what this one demands.
        check_authentication_context(
            asking.authentication,
            acr=asking.provider.admin_required_acr,
            amr=asking.provider.admin_required_amr,
            purpose="connect an account of an administrator",
        )
    return user


def _identity_of(provider: Provider, sub: str) -> Identity | None:
    return Identity.objects.filter(provider=provider, sub=sub).first()


def _of(user: "User", identity: Identity) -> Identity:
    if identity.user_id != user.pk:
        raise IdentityTaken(expected=f"an account of {user.get_username()}", received="another user's")
    return identity


class LastWayIn(DomainError):
    """Without this account the person could not sign in any more."""

    code = "last_way_in"


@transaction.atomic
def unlink_identity(*, identity: Identity, by: Actor, keep_a_way_in: bool) -> bool:
    """
    Let this account at a provider open the user's own no more; False if it did not any more.

    The sessions that began by it end, and the groups and the administration that it gave go with it. With
    `keep_a_way_in` raises LastWayIn rather than lock the user out.
    """
    # In the order in which a sign-in takes the two rows; two who unlink at once wait for each other at the user.
    rows = Identity.objects.select_for_update(of=("self", "user")).select_related("user", "provider")
    stored = rows.filter(pk=identity.pk).first()
    if stored is None:
        return False
    user, provider = stored.user, stored.provider
    others = list(user.identities.exclude(pk=stored.pk).select_related("provider"))
    if keep_a_way_in and not has_way_in(user, others):
        raise LastWayIn(expected="another way in", received=f"only {provider.slug}")
    take_rights_back(GivenRight.objects.filter(identity=stored), by=by)
    stored.delete()
    ended = end_selected(ConsoleSession.objects.filter(provider=provider, sub=stored.sub), by=by)
    record_event(
        "identity_unlinked",
        by=by,
        target=user.get_username(),
        before={"provider": provider.slug, "sub": stored.sub},
        after={"sessions": ended},
    )
    return True


def has_way_in(user: "User", identities: Iterable[Identity]) -> bool:
    """
    Tell whether `user` can sign in by one of `identities`, with their providers, or by a lasting password.

    A temporary password is none: it is over tomorrow. Whether an enabled provider works is not asked.
    """
    has_password = bool(user.password) and user.has_usable_password()
    lasting_password = has_password and user.is_staff and user.expires_at is None
    return lasting_password or any(identity.provider.enabled for identity in identities)
