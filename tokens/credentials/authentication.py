"""Check what a client claims, in one query and with the same work whatever is wrong with it."""

import re
from datetime import datetime, timedelta

import structlog
from django.db.models import Q
from django.utils import timezone

from ssoconsole.encryption.ring import key_ring
from tokens.credentials.services import PURPOSE
from tokens.credentials.throttling import count_failure
from tokens.errors import InvalidClient
from tokens.models import Credential
from tokens.models.bot import BOT_NAME
from tokens.protocol.client_secret import PREFIX
from tokens.protocol.networks import is_allowed

log = structlog.get_logger("tokens.authentication")

# Seconds between two writes of the last use of one credential: issuing must not be a write per request.
LAST_USED_EVERY = timedelta(minutes=1)


def authenticate_client(*, client_id: str, client_secret: str, address: str | None) -> Credential:
    """
    Return the credential that this name and secret belong to, with its bot.

    Raises InvalidClient, the same for an unknown name, a wrong, retired or expired secret, a disabled bot and
    a foreign network; after too many failures with `retry_after`. Good credentials are never refused for
    other people's failures.
    """
    now = timezone.now()
    hashes = key_ring().keyed_hashes(client_secret, purpose=PURPOSE)
    credential = _find(client_id, hashes, at=now)
    if credential is None or not is_allowed(address, credential.bot.allowed_networks):
        # The name is logged as it was given only if it could be one: people paste secrets into wrong fields.
        log.warning("client_authentication_failed", client_id=_name(client_id), address=address)
        raise InvalidClient(retry_after=count_failure(client_id=client_id, address=address))
    _note_use(credential, newest_hash=hashes[0], address=address, at=now)
    return credential


def _find(client_id: str, hashes: list[str], *, at: datetime) -> Credential | None:
    live = Credential.objects.client_secrets().live(at=at).select_related("bot")
    return live.filter(
        secret_hash__in=hashes, bot__name=client_id, bot__disabled_at=None, bot__retired_at=None
    ).first()


def _note_use(credential: Credential, *, newest_hash: str, address: str | None, at: datetime) -> None:
    """Write the use at most once a minute, and move the hash to the newest key of the ring."""
    before = at - LAST_USED_EVERY
    fresh = credential.last_used_at is not None and credential.last_used_at > before
    if fresh and credential.secret_hash == newest_hash:
        return
    Credential.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lte=before) | ~Q(secret_hash=newest_hash), pk=credential.pk
    ).update(last_used_at=at, last_used_from=address or None, secret_hash=newest_hash)


def _name(client_id: str) -> str:
    plausible = re.match(BOT_NAME, client_id) and PREFIX not in client_id
    return client_id if plausible else "(no name of a bot)"
