"""Taking an account at a provider away from a user."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction

from providers.identities.errors import LastWayIn
from providers.identities.rights import decide_rights, write_rights
from providers.models import ConsoleSession, Identity, Provider
from providers.protocol.mapping import MappedPerson
from providers.sessions.services import end_selected
from ssoconsole.actors import Actor
from ssoconsole.eventlog.services import record_change, record_event

if TYPE_CHECKING:
    from ssoconsole.accounts.models import User

# A person of whom a provider says nothing, and to whom no rule gives anything.
NOBODY = MappedPerson(
    principal="", email="", email_verified=None, name="", groups=frozenset(), is_admin=False
)


@transaction.atomic
def unlink_identity(*, identity: Identity, by: Actor, keep_a_way_in: bool) -> bool:
    """
    Let this account at a provider open the user's own no more; False if it did not any more.

    The sessions that began by it end, and the groups and the administration that its provider gave go with
    the last account there. With `keep_a_way_in` raises LastWayIn rather than lock the user out.
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
    stored.delete()
    ended = end_selected(ConsoleSession.objects.filter(provider=provider, sub=stored.sub), by=by)
    record_event(
        "identity_unlinked",
        by=by,
        target=user.get_username(),
        before={"provider": provider.slug, "sub": stored.sub},
        after={"sessions": ended},
    )
    if all(other.provider_id != provider.pk for other in others):
        _take_rights_back(user, provider, by=by)
    return True


def has_way_in(user: "User", identities: Iterable[Identity]) -> bool:
    """
    Tell whether `user` can sign in by one of `identities`, with their providers, or by a lasting password.

    A temporary password is none: it is over tomorrow. Whether an enabled provider works is not asked.
    """
    has_password = bool(user.password) and user.has_usable_password()
    lasting_password = has_password and user.is_staff and user.expires_at is None
    return lasting_password or any(identity.provider.enabled for identity in identities)


def _take_rights_back(user: "User", provider: Provider, *, by: Actor) -> None:
    """As at a sign-in at which no rule speaks for the person: nobody would come back to do it."""
    before = _rights(user)
    write_rights(user, decide_rights(user, provider, NOBODY))
    after = _rights(user)
    if before != after:
        user.save(update_fields=["is_staff", "is_superuser"])
        record_change("user_changed", by=by, target=user.get_username(), before=before, after=after)


def _rights(user: "User") -> dict[str, Any]:
    groups = sorted(user.groups.values_list("name", flat=True))
    return {"groups": groups, "is_staff": user.is_staff, "is_superuser": user.is_superuser}
