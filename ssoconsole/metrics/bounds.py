"""Labels of a bounded number: whatever comes, a scraper is never given a series for each stranger."""

import threading

from ssoconsole.errors import DomainError

OTHER = "other"
LONGEST = 80


class FirstNames:
    """Lets the first `most` different values through; the rest are one value, `other`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def of(self, value: str) -> str:
        if value in self._known:
            return value
        if not value or len(value) > LONGEST:
            return OTHER
        with self._lock:
            if len(self._known) >= self.most:
                return OTHER
            self._known.add(value)
        return value


class ErrorCodes:
    """Lets the codes of the domain's errors through, and no other text."""

    def __init__(self, *more: str) -> None:
        self._known = set(more)

    def of(self, value: str) -> str:
        if value in self._known:
            return value
        # A module with errors of its own may have been loaded since; a value that is no code is rare.
        self._known |= _codes_below(DomainError)
        return value if value in self._known else OTHER


def _codes_below(kind: type[DomainError]) -> set[str]:
    return {kind.code}.union(*(_codes_below(sub) for sub in kind.__subclasses__()))
