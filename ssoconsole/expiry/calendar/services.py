"""Making, finding and revoking the private addresses of the calendar."""

import hmac
import re
import secrets
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ssoconsole.accounts.models import User
from ssoconsole.actors import Actor
from ssoconsole.encryption.ring import key_ring
from ssoconsole.eventlog.services import record_event
from ssoconsole.expiry.models import CalendarAddress

PURPOSE = "calendar_address"
RANDOM_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@transaction.atomic
def make_calendar_address(*, owner: User, label: str, by: Actor) -> tuple[CalendarAddress, str]:
    """Make one more address for `owner`; return its row and the token in it, which is kept nowhere."""
    token = secrets.token_urlsafe(RANDOM_BYTES)
    address = CalendarAddress.objects.create(
        label=label,
        owner=owner,
        token_hash=key_ring().keyed_hash(token, purpose=PURPOSE),
        created_at=timezone.now(),
    )
    record_event("calendar_address_made", by=by, target=owner.get_username(), after=_shown(address))
    return address, token


@transaction.atomic
def revoke_calendar_address(*, address: CalendarAddress, by: Actor) -> bool:
    """Revoke once; a second call changes nothing."""
    live = CalendarAddress.objects.filter(pk=address.pk, revoked_at=None)
    if not live.update(revoked_at=timezone.now(), revoked_by=str(by)[:300]):
        return False
    record_event(
        "calendar_address_revoked", by=by, target=address.owner.get_username(), after=_shown(address)
    )
    return True


def find_calendar_address(token: str, *, at: datetime) -> CalendarAddress | None:
    """
    Return the live address of this token, if there is one.

    What is compared are keyed hashes: how long it takes tells nothing about a token.
    """
    if not _TOKEN.fullmatch(token):
        return None
    hashes = key_ring().keyed_hashes(token, purpose=PURPOSE)
    found = CalendarAddress.objects.live(at=at).filter(token_hash__in=hashes).select_related("owner").first()
    matches = found is not None and any(hmac.compare_digest(found.token_hash, each) for each in hashes)
    return found if matches else None


def _shown(address: CalendarAddress) -> dict[str, object]:
    return {"id": address.pk, "label": address.label}
