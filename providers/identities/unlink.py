"""Taking an account at a provider away from a user."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction

from providers.identities.rights import take_rights_back
from providers.models import ConsoleSession, GivenRight, Identity
from providers.sessions.services import end_selected
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.eventlog.services import record_event

if TYPE_CHECKING:
    from ssoconsole.platform.accounts.models import User


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
