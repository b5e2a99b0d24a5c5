"""
Every counter and histogram of a process, for Prometheus: how often and how long, never who.

A label is a name out of this code or an administrator's short name of a provider. No person, address, token, client
id or path ever is one. Labels are of a bounded number: whatever comes, a scraper is never given a series for each
stranger. `docs/operation.md` explains each metric; a test keeps its table complete.

Each fact is counted by one call, which never raises, waits or asks the database. What is written in a transaction is
counted once that has been committed: `transaction.on_commit(partial(…))`.

A scrape answers with the counters of this host's processes, and with what collectors find at that moment. With
PROMETHEUS_MULTIPROC_DIR each process keeps its counters in files there, and any of them answers for all; without it
each answers for itself.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import structlog
from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ssoconsole.platform.errors import DomainError

REGISTRY = CollectorRegistry(auto_describe=False)
QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
FAR = (
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    15.0,
)  # a call to somebody else is given up after 15 seconds
OTHER = "other"
LONGEST = 80
NONE = "none"
OK = "ok"
FAULT = "fault"  # an exception that is no refusal
STATUS_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")

_ACTOR_KINDS = frozenset({"user", "bot", "command"})

log = structlog.get_logger("metrics")

CONTENT_TYPE = CONTENT_TYPE_LATEST
Collect = Callable[[], Iterable[Metric]]

_collectors: list[Collect] = []


def _counter(name: str, says: str, *labels: str) -> Counter:
    return Counter(name, says, labels, namespace="sso_console", registry=REGISTRY)


def _histogram(name: str, says: str, *labels: str, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(name, says, labels, namespace="sso_console", registry=REGISTRY, buckets=buckets)


SIGN_INS = _counter("sign_ins", "Sign-ins that came to an end", "provider", "outcome")
SESSION_CHECKS = _counter("session_checks", "Sessions asked for at their provider", "provider", "outcome")
TOKENS_ISSUED = _counter("tokens_issued", "Tokens issued", "by")
TOKENS_REVOKED = _counter("tokens_revoked", "Tokens revoked")
OAUTH_REFUSALS = _counter("oauth_refusals", "Requests of bots that were refused", "endpoint", "reason")
INTROSPECTIONS = _counter("introspections", "Introspections answered", "answer")
PROVIDER_FETCHES = _histogram(
    "provider_fetch_seconds",
    "Fetching a provider's documents",
    *("document", "provider", "result"),
    buckets=FAR,
)
REQUESTS = _histogram("request_seconds", "Requests answered", "route", "status", buckets=QUICK)
OUTBOUND = _histogram("outbound_seconds", "Requests to others", "result", buckets=FAR)
EVENTS = _counter("events", "Events written to the event log", "action")


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


_providers = FirstNames(most=100)
_routes = FirstNames(most=400)
_actions = FirstNames(most=300)
_results = FirstNames(most=40)
_codes = ErrorCodes(OK, FAULT, "temporarily_unavailable")


def count_sign_in(*, provider: str, outcome: str) -> None:
    """Count a sign-in by the outcome that its trace has."""
    SIGN_INS.labels(_providers.of(provider) if provider else NONE, _codes.of(outcome)).inc()


def count_session_check(*, provider: str, outcome: str) -> None:
    """Count the answer to a session that was asked for at its provider."""
    SESSION_CHECKS.labels(_providers.of(provider) if provider else NONE, _codes.of(outcome)).inc()


def count_token_issued(*, by: str) -> None:
    """Count a token, by the kind of its issuer: the bot itself, a person or a command."""
    TOKENS_ISSUED.labels(by if by in _ACTOR_KINDS else OTHER).inc()


def count_tokens_revoked(number: int) -> None:
    TOKENS_REVOKED.inc(number)


def count_oauth_refusal(*, endpoint: str, reason: str) -> None:
    """Count a refusal, by the name of the endpoint's function and the error's code."""
    OAUTH_REFUSALS.labels(_routes.of(endpoint), _codes.of(reason)).inc()


def count_introspection(*, active: bool) -> None:
    INTROSPECTIONS.labels("active" if active else "inactive").inc()


def count_event(action: str) -> None:
    EVENTS.labels(_actions.of(action)).inc()


def observe_request(*, route: str, status: int, seconds: float) -> None:
    """Count an answer under the name of its route; what matched none is `none`."""
    kind = f"{status // 100}xx"
    shown = kind if kind in STATUS_CLASSES else OTHER
    REQUESTS.labels(_routes.of(route) if route else NONE, shown).observe(seconds)


@contextmanager
def provider_fetch(document: str, *, provider: str) -> Iterator[None]:
    """Time this block as the fetch of a `document` of a provider; its result is the code of what it raises."""
    started, result = time.perf_counter(), FAULT
    try:
        yield
        result = OK
    except DomainError as error:
        result = _codes.of(error.code)
        raise
    finally:
        series = PROVIDER_FETCHES.labels(document, _providers.of(provider), result)
        series.observe(time.perf_counter() - started)


@contextmanager
def outbound_request() -> Iterator[None]:
    """Time this block as a request to somebody else; its result is the `code` of what it raises."""
    started, result = time.perf_counter(), FAULT
    try:
        yield
        result = OK
    except Exception as error:
        result = _results.of(getattr(error, "code", FAULT))
        raise
    finally:
        OUTBOUND.labels(result).observe(time.perf_counter() - started)


def register_collector(collect: Collect) -> Collect:
    """
    Ask `collect` at every scrape for its metric families, as `prometheus_client.core` has them.

    For what is better asked than counted, by few indexed queries. One that raises is left out of that answer:
    what it knows is absent while, say, the database is away. May be used as a decorator; a second call is nothing.
    """
    if collect not in _collectors:
        _collectors.append(collect)
    return collect


def exposition() -> bytes:
    """Return everything in Prometheus' text format."""
    answer = _counted()
    gauges = CollectorRegistry(auto_describe=False)
    for collect in _collectors:
        gauges.register(_Asked(collect))
    return answer + generate_latest(gauges)


def _counted() -> bytes:
    if not settings.PROMETHEUS_MULTIPROC_DIR:
        return generate_latest(REGISTRY)
    together = CollectorRegistry(auto_describe=False)
    MultiProcessCollector(together, settings.PROMETHEUS_MULTIPROC_DIR)  # type: ignore[no-untyped-call]  # the library has no annotation here
    return generate_latest(together)


class _Asked(Collector):
    def __init__(self, collect: Collect) -> None:
        self._collect = collect

    def collect(self) -> Iterable[Metric]:
        try:
            return list(self._collect())
        except Exception as error:  # whatever one of them meets, the rest is still wanted
            log.warning("collector_failed", collector=self._collect.__qualname__, reason=type(error).__name__)
            return []
