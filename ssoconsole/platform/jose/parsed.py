"""Keys in the form that computes, parsed once per process (an RSA key costs tens of milliseconds to load)."""

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

MOST = 64


class HasKid(Protocol):
    """A stored key; its `kid` is the thumbprint of its public half (RFC 7638)."""

    @property
    def kid(self) -> Any: ...  # text; a model says that by a descriptor, which no protocol can describe


K = TypeVar("K", bound=HasKid)
T = TypeVar("T")


class ParsedKeys(Generic[K, T]):
    """
    A small cache by kid. A kid is the thumbprint of its key, so that an entry can never be out of date.

    It knows nothing of a key's state: whether a key may be used is asked of the database each time.
    """

    def __init__(self, parse: Callable[[K], T]) -> None:
        self._parse = parse
        self._parsed: dict[str, T] = {}

    def of(self, key: K) -> T:
        """Return the parsed form of `key`; raises what the parser raises, and keeps nothing then."""
        kid: str = key.kid
        parsed = self._parsed.get(kid)
        if parsed is None:
            parsed = self._parse(key)
            if len(self._parsed) >= MOST:
                self._parsed.clear()
            self._parsed[kid] = parsed
        return parsed

    def forget(self, kid: str) -> None:
        """Drop an entry, if it is there."""
        self._parsed.pop(kid, None)
