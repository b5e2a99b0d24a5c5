"""When and from where a credential was last used: the evidence for retiring the others."""

from datetime import datetime, timedelta
from ipaddress import ip_address

from django.db.models import Q

from tokens.models import Credential

# Between two writes of the last use of one credential: issuing must not be a write per request.
LAST_USED_EVERY = timedelta(minutes=1)


def note_use(
    credential: Credential, *, address: str | None, at: datetime, secret_hash: str | None = None
) -> None:
    """Write the use at most once a minute; `secret_hash` moves a secret to the newest key of the ring."""
    before = at - LAST_USED_EVERY
    due = Q(last_used_at=None) | Q(last_used_at__lte=before)
    changes: dict[str, object] = {"last_used_at": at, "last_used_from": _storable(address)}
    moved = secret_hash is not None and secret_hash != credential.secret_hash
    if moved:
        due |= ~Q(secret_hash=secret_hash)
        changes["secret_hash"] = secret_hash
    elif credential.last_used_at is not None and credential.last_used_at > before:
        return
    Credential.objects.filter(due, pk=credential.pk).update(**changes)


def _storable(address: str | None) -> str | None:
    """An address as the database takes it; what is none, or has a zone, is no reason to refuse anybody."""
    try:
        return str(ip_address((address or "").partition("%")[0]))
    except ValueError:
        return None
