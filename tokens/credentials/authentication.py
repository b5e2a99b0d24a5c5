"""
Check what a client claims: whatever is wrong with it, he is told the same, and the log is told the cause.

Failures are counted by name and by address. Only failures are slowed down, and only by being told when to come back: a
secret of 256 random bits cannot be guessed at any speed, while refusing good credentials after other people's failures
would hand everybody a way to stop any bot. The counts live in the cache, which all processes share; without the cache
nothing is counted and nothing is refused.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import structlog
from django.core.cache import cache
from django.utils import timezone

from ssoconsole.platform.jose.algorithms import ALGORITHMS, spend_verification
from ssoconsole.platform.jose.errors import JwtRefused, shown
from ssoconsole.platform.jose.verify import unverified_claims
from ssoconsole.platform.limits import subscriber_of
from tokens.credentials.own_keys import prove_by_own_key
from tokens.credentials.services import hashes_of, note_use
from tokens.credentials.workloads import is_platform, prove_by_platform
from tokens.errors import CredentialUnknown, InvalidClient, NetworkForeign, ProofRefused
from tokens.models import Credential
from tokens.models.bot import BOT_NAME
from tokens.models.record import bot_counts
from tokens.protocol.client_authentication import PREFIX
from tokens.protocol.networks import is_allowed

log = structlog.get_logger("tokens.throttling")

WINDOW = 60  # seconds
MOST_PER_NAME = 20
MOST_PER_ADDRESS = 60
log = structlog.get_logger("tokens.authentication")

_STAND_IN = ALGORITHMS["ES256"]


def count_failure(*, client_id: str, source: str | None) -> int | None:
    """
    Count one failure of a name, and of whom it counts against (`ssoconsole.platform.limits`).

    Return the seconds to wait if there were too many within a minute, else None.
    """
    counts = ((f"name:{client_id}", MOST_PER_NAME), (f"address:{source}", MOST_PER_ADDRESS))
    try:
        too_many = [_increment(what) > most for what, most in counts]
    except Exception as error:  # each cache backend has its own exceptions, and none may close this door
        log.warning("failures_not_counted", error=type(error).__name__)
        return None
    return WINDOW if any(too_many) else None


def _increment(what: str) -> int:
    # Hashed, because a name is a stranger's text of any length and cache keys are neither.
    key = f"tokens:failures:{hashlib.sha256(what.encode('utf-8', 'surrogatepass')).hexdigest()}"
    if cache.add(key, 1, timeout=WINDOW):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # it ended in between
        return 1


def authenticate_client(
    *,
    client_id: str,
    client_secrets: Sequence[str],
    address: str | None,
    source: str | None = None,
    known: bool = True,
) -> Credential:
    """
    Return the credential that this name and secret belong to, with its bot; in one query, whichever of the readings
    of the secret is the right one. Where somebody has looked already, and it is not `known`, in none.

    `address` is the client's, None where that is not certain; a failure counts against `source`, or else against
    the address. Raises InvalidClient, the same for an unknown name, a wrong, retired or expired secret, a bot that is
    disabled or whose owner is, and a foreign network; after too many failures with `retry_after`. Good
    credentials are never refused for other people's failures.
    """
    now = timezone.now()
    hashes = hashes_of(client_secrets)
    with _cause_for_the_log(client_id=client_id, address=address, source=source, method="client_secret"):
        credential = _find(client_id, hashes, at=now) if known else None
        if credential is None:
            raise CredentialUnknown
        _check_network(credential, address)
    note_use(credential, address=address, at=now, secret_hash=hashes[str(credential.secret_hash)])
    return credential


def authenticate_assertion(
    *, client_id: str | None, assertion: str, address: str | None, source: str | None = None
) -> Credential:
    """
    Return the credential that an assertion proves, with its bot (RFC 7523): one that the bot has signed itself,
    or the token of the platform that runs it.

    `client_id` is what stood beside the assertion. Raises InvalidClient as `authenticate_client` does, and the
    database's own error when the use of an assertion cannot be written down.
    """
    now = timezone.now()
    unverified_issuer, malformed = _unverified_issuer(assertion)
    name = client_id or unverified_issuer
    with _cause_for_the_log(client_id=name, address=address, source=source, method="client_assertion"):
        if malformed:
            spend_verification(_STAND_IN)
            raise malformed
        credential = _proved(assertion, unverified_issuer, client_id=client_id, address=address, at=now)
    note_use(credential, address=address, at=now)
    return credential


def _proved(
    assertion: str, unverified_issuer: str, *, client_id: str | None, address: str | None, at: datetime
) -> Credential:
    if is_platform(unverified_issuer):
        credential = prove_by_platform(
            assertion, unverified_issuer=unverified_issuer, client_id=client_id, at=at
        )
        _check_network(credential, address)
        return credential
    proof = prove_by_own_key(assertion, unverified_issuer=unverified_issuer, client_id=client_id, at=at)
    # A thief on a foreign network must not be able to use it up.
    _check_network(proof.credential, address)
    proof.spend()
    return proof.credential


@contextmanager
def _cause_for_the_log(
    *, client_id: str, address: str | None, source: str | None, method: str
) -> Iterator[None]:
    """Turn every cause into InvalidClient; the cause itself goes into the log."""
    try:
        yield
    except (ProofRefused, JwtRefused) as cause:
        # The name is logged as it was given only if it could be one: people paste secrets into wrong fields.
        log.warning(
            "client_authentication_failed",
            client_id=_name(client_id),
            address=address,
            method=method,
            reason=cause.code,
            expected=shown(cause.expected),
            received=shown(cause.received),  # a stranger's text: one line, however he wrote it
        )
        raise InvalidClient(
            retry_after=count_failure(client_id=client_id, source=source or subscriber_of(address)),
            cause=cause,
        ) from None


def _check_network(credential: Credential, address: str | None) -> None:
    networks = credential.bot.allowed_networks
    if not is_allowed(address, networks):
        raise NetworkForeign(expected=f"one of {networks}"[:200], received=address or "no address")


def _find(client_id: str, hashes: Collection[str], *, at: datetime) -> Credential | None:
    live = Credential.objects.client_secrets().live(at=at).select_related("bot")
    return live.filter(bot_counts("bot__"), secret_hash__in=hashes, bot__name=client_id).first()


def _unverified_issuer(assertion: str) -> tuple[str, JwtRefused | None]:
    """Whom an assertion says it is from, or "" and why nobody can tell."""
    try:
        return str(unverified_claims(assertion).get("iss", "")), None
    except JwtRefused as malformed:
        return "", malformed


def _name(client_id: str) -> str:
    plausible = re.match(BOT_NAME, client_id) and PREFIX not in client_id
    return client_id if plausible else "(no name of a bot)"
