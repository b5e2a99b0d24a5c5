"""Where a page of a list ends."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATEST = (datetime(9999, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND


@dataclass(frozen=True)
class Cursor:
    """The time and the primary key of a row, by which everything older is found."""

    at: datetime
    pk: Any

    @classmethod
    def parse(cls, text: str, *, pk_field: Any) -> "Cursor | None":
        """Return the cursor of a text that `str` gave; None for any other, which begins with the newest row."""
        microseconds, _, key = text.partition("-")
        if not (microseconds.isdecimal() and microseconds.isascii() and len(microseconds) < 20):
            return None
        if int(microseconds) > LATEST:
            return None
        try:
            pk = pk_field.to_python(key)
            pk_field.run_validators(pk)
        except ValidationError:
            return None
        return None if pk is None else cls(EPOCH + int(microseconds) * MICROSECOND, pk)

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // MICROSECOND}-{self.pk}"
