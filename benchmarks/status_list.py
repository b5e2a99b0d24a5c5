"""
How long a full status list takes to build, and how large it is.

    DJANGO_SETTINGS_MODULE=ssoconsole.settings python benchmarks/status_list.py [share revoked, 0.01 by default]

Fills list 4321 of the configured database in a transaction that is rolled back at the end.
"""

import secrets
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import django

django.setup()  # before anything that has models is imported

from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from tokens.keys.services import ensure_signing_key
from tokens.models import Audience, Bot, Revocation, TokenRecord
from tokens.status.published import dead_numbers, status_list_token, status_list_uris
from tokens.status.services import SIZE, ensure_status_list

NUMBER = 4321
BY = Actor.command("benchmark")


def fill(share: float) -> None:
    """Make a token for every place of the list, for ten bots, and revoke some."""
    now = timezone.now()
    key = ensure_signing_key(alg="ES256", by=BY)
    audience = Audience.objects.create(identifier=f"https://{secrets.token_hex(8)}.example", name="benchmark")
    bots = [Bot.objects.create(name=f"benchmark-{secrets.token_hex(8)}") for _ in range(10)]
    every = round(1 / share) if share else SIZE + 1
    records = (
        TokenRecord(
            number=NUMBER * SIZE + place,
            jti=secrets.token_hex(16),
            bot=bots[place % 10],
            audience=audience,
            signing_key=key,
            issued_at=now,
            issued_by=str(BY),
            expires_at=now + timedelta(hours=1),
        )
        for place in range(SIZE)
    )
    TokenRecord.objects.bulk_create(records, batch_size=5000)
    revoked = (
        Revocation(
            record_id=NUMBER * SIZE + place,
            bot=bots[place % 10],
            expires_at=now + timedelta(hours=1),
            at=now,
            by=str(BY),
        )
        for place in range(0, SIZE, every)
    )
    Revocation.objects.bulk_create(revoked, batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def timed(name: str, work: Callable[[], object], times: int = 5) -> None:
    took = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        took.append((time.perf_counter() - started) * 1000)
    sys.stdout.write(f"{name:45} {statistics.median(took):8.1f} ms\n")


def main() -> None:
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 0.01
    with transaction.atomic():
        fill(share)
        known = ensure_status_list(number=NUMBER, by=BY)
        now = timezone.now()
        dead = dead_numbers(known, at=now)
        sys.stdout.write(f"{connection.vendor}: {SIZE} tokens, {len(dead)} revoked\n")
        timed("the dead, from the database", lambda: dead_numbers(known, at=now))
        timed("the whole list, built and signed", lambda: (cache.clear(), status_list_token(known, at=now)))
        timed("the list as it is kept", lambda: status_list_token(known, at=now))
        timed("where the lists are", lambda: (cache.clear(), status_list_uris(at=now)))
        sys.stdout.write(f"size of the signed list {len(status_list_token(known, at=now))} bytes\n")
        transaction.set_rollback(True)


if __name__ == "__main__":
    main()
