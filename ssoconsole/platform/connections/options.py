"""How long the console waits for its database and its cache, and what a pooler between them rules out."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.retry import Retry

POOLERS = ("", "session", "transaction")

# A database that is away must cost a request seconds and not minutes: each one that waits holds a thread.
POSTGRESQL_OPTIONS = {
    "connect_timeout": 3,  # seconds, per address
    "keepalives_idle": 10,  # seconds until a silent connection is asked whether it is still there
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds that what was sent may stay unacknowledged
    "prepare_threshold": 5,  # for `prepared` alone: the ORM's own cursors prepare nothing
}

REDIS_OPTIONS = {
    "socket_connect_timeout": 0.5,  # seconds
    "socket_timeout": 0.5,
    # One more try, for connections from before a restart. What has timed out is not tried again.
    "retry": Retry(NoBackoff(), 1, supported_errors=(ConnectionLost,)),
}


def redis_options(options: Mapping[str, Any], *, by_socket: bool) -> dict[str, Any]:
    """Return the options of the client of a Redis; those from its URL win. A socket is there or not, at once."""
    ours = {name: value for name, value in REDIS_OPTIONS.items() if not by_socket or "connect" not in name}
    return ours | dict(options)


def postgresql_for_service(options: Mapping[str, Any], *, pooler: str) -> dict[str, Any]:
    """
    Return the entries of a PostgreSQL database in Django's DATABASES; `options` from its URL win.

    Behind a pooler that hands the server out by transaction, nothing may outlive one: no cursor on the server and
    no prepared statement. Raises ImproperlyConfigured.
    """
    if pooler not in POOLERS:
        raise ImproperlyConfigured(
            f"(ssoconsole.E015) DATABASE_POOLER is {pooler!r}.\n\tHINT: transaction or session, as pool_mode is "
            "there; nothing where DATABASE_URL names PostgreSQL itself."
        )
    by_transaction = pooler == "transaction"
    merged = POSTGRESQL_OPTIONS | dict(options)
    if by_transaction:
        merged["prepare_threshold"] = None
    # A connection that the server has closed is noticed before the first query of a request, and made anew.
    return {
        "OPTIONS": merged,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": by_transaction,
    }
