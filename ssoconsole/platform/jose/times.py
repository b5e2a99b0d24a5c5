"""Times of tokens in words: people compare clocks, not seconds since 1970."""

from datetime import UTC, datetime


def moment(seconds: int) -> str:
    """Return a time as people write it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def span(seconds: int) -> str:
    """Return how long that is, in the largest unit of which there is at least one."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            return _counted(seconds // size, unit)
    return _counted(seconds, "second")


def told(seconds: int, now: int) -> str:
    """Return a time, and how far it is from `now`."""
    ahead = seconds - now
    return f"{moment(seconds)}, {f'in {span(ahead)}' if ahead > 0 else f'{span(-ahead)} ago'}"


def ahead(seconds: int, now: int) -> str:
    """Return a time that only a clock ahead of ours can have written, and how far ahead that clock is."""
    return f"{told(seconds, now)}: the other clock is at least {seconds - now} seconds ahead"


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
