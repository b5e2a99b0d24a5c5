"""How often strangers may make the console work: whom to count together, and how many tries there were in a minute."""

import hashlib
import time
from collections import deque
from ipaddress import IPv6Address, ip_address

import structlog
from django.core.cache import cache
from django.http import HttpRequest

from ssoconsole.platform.http.forwarding import PEER

TRIES = 3
WINDOW = 60  # seconds
MOST = 1_000  # names that one process counts for itself while the cache is away

log = structlog.get_logger(__name__)

_local: dict[str, deque[float]] = {}


def source_of(request: HttpRequest) -> str | None:
    """
    Return whom a request counts against (see `subscriber_of`).

    Where a proxy has left the client's address uncertain it is the proxy: whoever comes through it nameless shares
    one count.
    """
    return subscriber_of(request.META.get("REMOTE_ADDR")) or subscriber_of(request.META.get(PEER))


def subscriber_of(address: str | None) -> str | None:
    """
    Return what stands for whoever has `address`; None for what is no address.

    Of IPv6 that is the /64: one subscriber has all of it, and could come from a new address every time.
    """
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return None
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))


def in_this_minute(what: str, request: HttpRequest) -> str:
    """Name what is counted of the source of a request: from zero when the next minute begins."""
    return f"{what}:{source_of(request)}:{int(time.time()) // WINDOW}"


def count_try(what: str) -> int:
    """
    Count one more try at `what`, any text, and return how many there were in the minute that began with the first.

    All processes share the count through the cache. Raises whatever the cache raises: what then is the caller's to say.
    """
    key = _key(what)
    try:
        return 1 if cache.add(key, 1, timeout=WINDOW) else int(cache.incr(key))
    except ValueError:  # it ran out between the two calls
        return 1


def may_try(what: str, *, tries: int = TRIES) -> bool:
    """
    Take one of a few tries a minute at `what`. One cool-down would be too little where two changes follow each other.

    While the cache is down each process counts for itself.
    """
    try:
        return count_try(what) <= tries
    except Exception as error:  # every cache backend has errors of its own
        log.warning("cache_down", reason=type(error).__name__)
        return _may_try_locally(_key(what), tries=tries, now=time.monotonic())


def _key(what: str) -> str:
    return f"tries:{hashlib.sha256(what.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _may_try_locally(key: str, *, now: float, tries: int = TRIES) -> bool:
    if len(_local) >= MOST:
        _local.clear()
    taken = _local.setdefault(key, deque(maxlen=tries))
    if len(taken) == tries and taken[0] > now - WINDOW:
        return False
    taken.append(now)
    return True
