"""Requests that a caller may safely send again when the answer was lost.

Remember what was created for which `Idempotency-Key`, so that a repeated request creates nothing twice.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import IntegrityError, transaction

from tokens.errors import AlreadyDone, IdempotencyKeyInvalid, IdempotencyKeyReused
from tokens.models import RepeatableRequest

KEPT = timedelta(days=1)
LONGEST_KEY = 255

T = TypeVar("T")

_KEY = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")


@transaction.atomic
def do_once(
    *, caller: str, path: str, key: str, body: Any, create: Callable[[], T], resource_of: Callable[[T], str]
) -> T:
    """
    Return what `create` returns, which happens once for a caller, a path and a key.

    What fails is forgotten with everything it did, and may be tried again. Of two requests at once the second
    waits for the first. Raises AlreadyDone with the resource for a repeat, IdempotencyKeyReused for another body,
    IdempotencyKeyInvalid, and whatever `create` raises.
    """
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyInvalid
    row = RepeatableRequest(key_hash=_hash([caller, path, key]), body_hash=_hash(body))
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        before = RepeatableRequest.objects.get(key_hash=row.key_hash)
        if before.body_hash != row.body_hash:
            raise IdempotencyKeyReused from None
        raise AlreadyDone(resource=before.resource) from None
    created = create()
    row.resource = resource_of(created)
    row.save(update_fields=["resource"])
    return created


def drop_old_repeats(*, at: datetime) -> int:
    """Forget the keys of requests that nobody repeats any more; return how many those were."""
    return RepeatableRequest.objects.filter(created_at__lte=at - KEPT).delete()[0]


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
