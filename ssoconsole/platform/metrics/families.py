"""Every counter and histogram of a process. `docs/operation.md` explains each; a test keeps its table complete."""

from prometheus_client import CollectorRegistry, Counter, Histogram

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
