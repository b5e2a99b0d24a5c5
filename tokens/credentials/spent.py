"""An assertion counts once (RFC 7523 section 3, item 7), however many processes it comes to at once."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from ssoconsole.platform.connections.batches import delete_in_batches
from tokens.errors import AssertionReplayed
from tokens.models import Bot, SpentAssertion

# Longer than any leeway and any step of a clock: a used assertion must be refused for its age before it is
# forgotten.
STAYS = timedelta(hours=1)


def spend_assertion(*, bot: Bot, jti_hash: str, expires_at: datetime) -> None:
    """
    Use an assertion up. Raises AssertionReplayed; the database's own error when it cannot be written.

    There is no check before the write: of two uses at once, the unique constraint lets one through. An
    assertion whose use cannot be written down is not accepted.
    """
    try:
        with transaction.atomic():
            SpentAssertion.objects.create(bot=bot, jti_hash=jti_hash, expires_at=expires_at)
    except IntegrityError:
        raise AssertionReplayed(expected="a jti that is new", received="one that was used") from None


def drop_spent_assertions(*, at: datetime) -> int:
    """Forget used assertions that have expired for good; return how many. In batches, each of its own."""
    gone = SpentAssertion.objects.filter(expires_at__lt=at - STAYS).order_by("expires_at")
    return delete_in_batches(gone)
