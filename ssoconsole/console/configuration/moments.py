"""Days and moments in the configuration file."""

from datetime import UTC, datetime

_DAY = len("2027-01-31")


def moment(text: str) -> datetime | None:
    """
    Return the moment that ISO 8601 text means, in UTC: a day is its first moment. None for anything else.

    A time without its zone is refused: it would be another moment on another machine.
    """
    try:
        found = datetime.fromisoformat(text)
        if len(text) == _DAY:
            return found.replace(tzinfo=UTC)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
