"""How many tokens a bot holds: a safety net for one that asks in a loop, which costs the others nothing."""

from datetime import datetime, timedelta

from tokens.errors import TooManyTokens
from tokens.models import TokenRecord

# Counted tokens are an index scan of up to as many rows. So a process that has counted lets the bot have a part of
# what is left before it counts again: a bot far from its limit is hardly ever counted, and one that stands at it
# is counted once in a hundredth of it.
PART = 8
LEAST_PART = 100
COUNTED_FOR = timedelta(minutes=1)
MOST_BOTS = 10_000

_left: dict[tuple[int, int], tuple[int, datetime]] = {}


def take_room(*, bot_id: int, most: int, at: datetime) -> None:
    """
    Take the place of one more token. Raises TooManyTokens when the bot holds `most` that have not ended.

    Several processes may each let a bot go a hundredth beyond `most`: the limit is no licence, and a lock, or a
    counter on the bot's row, would make every request of one bot wait for the one before it.
    """
    left, until = _left.get((bot_id, most), (0, at))
    if left > 0 and at < until:
        _left[bot_id, most] = left - 1, until
        return
    held = TokenRecord.objects.unended(at=at).filter(bot=bot_id).order_by()[:most].count()
    if held >= most:
        raise TooManyTokens(expected=f"up to {most}", received="one more")
    if len(_left) >= MOST_BOTS:
        _left.clear()
    part = max((most - held) // PART, most // LEAST_PART)
    _left[bot_id, most] = part - 1, at + COUNTED_FOR


def forget_counts() -> None:
    """Forget what this process has counted, for a database that has been replaced under it."""
    _left.clear()
