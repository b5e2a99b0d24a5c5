"""
The two probes: alive and ready. Neither looks at who asks, so neither opens a session.

What the console needs before it can serve is told in one word a part. The words are for anybody who can reach the
probe: never an exception's text, a host or a credential. The log has the exception's name.
"""

import secrets
from collections.abc import Collection, Mapping
from functools import cache as keep

import structlog
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import Error as DatabaseProblem
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ssoconsole.serve.drain import is_draining
from tokens.models import SigningKey

log = structlog.get_logger("health")

OK = "ok"
UNAVAILABLE = "unavailable"
PENDING = "pending"
MISSING = "missing"
UNKNOWN = "unknown"


def check_everything() -> dict[str, str]:
    """Each part and how it is: ok, unavailable, pending, missing, or unknown while the database is away."""
    database = check_database()
    stored = database == OK
    return {
        "database": database,
        "migrations": check_migrations() if stored else UNKNOWN,
        "cache": check_cache(),
        "signing_key": check_signing_key() if stored else UNKNOWN,
    }


def is_ready(checks: Mapping[str, str], *, apart_from: Collection[str] = ()) -> bool:
    """
    Tell whether every part is well but those that somebody asks to leave out.

    What can only be told by the database is not held against a server where the database is left out.
    """
    left_out = {OK, UNKNOWN} if "database" in apart_from else {OK}
    return all(result in left_out for part, result in checks.items() if part not in apart_from)


def check_database() -> str:
    """Tell whether the database answers a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseProblem as error:
        return _failed("database", error)
    return OK


def check_migrations() -> str:
    """Tell whether the database has every migration that this code comes with; newer ones do no harm."""
    try:
        applied = MigrationRecorder(connection).applied_migrations()
    except DatabaseProblem as error:
        return _failed("migrations", error)
    return OK if newest_migrations() <= applied.keys() else PENDING


@keep
def newest_migrations() -> frozenset[tuple[str, str]]:
    """The last migration of each app as (app, name). Read from disk once: this code does not change."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def check_cache() -> str:
    """Tell whether the cache gives back what it was given, under a name that no other replica uses."""
    key, value = f"readyz:{secrets.token_hex(8)}", secrets.token_hex(8)
    try:
        cache.set(key, value, timeout=10)
        returned = cache.get(key)
        cache.delete(key)
    except Exception as error:  # each cache has exceptions of its own, and none may reach the prober
        return _failed("cache", error)
    return OK if returned == value else UNAVAILABLE


def check_signing_key() -> str:
    """Tell whether there is a key to sign bots' tokens with."""
    try:
        return OK if SigningKey.objects.signing().exists() else MISSING
    except DatabaseProblem as error:
        return _failed("signing_key", error)


def _failed(part: str, error: Exception) -> str:
    log.error("not_ready", part=part, error=type(error).__name__)
    return UNAVAILABLE


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Say that the process answers; touches nothing else, so that a lost database restarts nobody."""
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """
    Say whether to send requests here: {"status", "checks": {part: "ok" or what is wrong}}, 200 or 503.

    `?except=cache,database` leaves out what all replicas share: to take every one of them out of service for it
    would make an outage of a slow minute. A server that is about to leave is `draining`, however well it is.
    """
    checks = check_everything()
    ready = is_ready(checks, apart_from=request.GET.get("except", "").split(","))
    status = "ready" if ready else "not_ready"
    if is_draining():
        status = "draining"
    return JsonResponse({"status": status, "checks": checks}, status=200 if status == "ready" else 503)


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
