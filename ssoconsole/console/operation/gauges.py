"""What is asked of the database when somebody scrapes: few queries by index, however much there is."""

from collections import Counter
from collections.abc import Iterator

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from providers.models import ConsoleSession, Provider
from ssoconsole.platform.runs.models import LastFailure, LastRun
from ssoconsole.platform.version import VERSION
from tokens.models import SigningKey

COUNTED = 100_000  # no more live sessions than this are counted
PREFIX = "sso_console"


def collect_build() -> Iterator[Metric]:
    build = GaugeMetricFamily(f"{PREFIX}_build", "The version that runs", labels=["version"])
    build.add_metric([VERSION], 1)
    yield build


def collect_from_database() -> Iterator[Metric]:
    """Sessions, providers, signing keys and last runs; nothing while the database does not answer."""
    yield _sessions()
    yield _providers()
    yield from _signing_keys()
    yield from _last_runs()


def _sessions() -> Metric:
    # By the partial index of sessions that have not ended, and not further than anybody looks at the number.
    live = ConsoleSession.objects.live(at=timezone.now()).order_by()
    number = live[:COUNTED].count()
    return GaugeMetricFamily(
        f"{PREFIX}_sessions_live", f"Browsers signed in, counted up to {COUNTED}", number
    )


def _providers() -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_providers", "Identity providers", labels=["state"])
    states = Counter(Provider.objects.order_by().values_list("enabled", flat=True))
    for state, enabled in (("enabled", True), ("disabled", False)):
        family.add_metric([state], states[enabled])
    return family


def _signing_keys() -> Iterator[Metric]:
    now = timezone.now()
    number = GaugeMetricFamily(f"{PREFIX}_signing_keys", "Signing keys", labels=["alg", "state"])
    age = GaugeMetricFamily(
        f"{PREFIX}_signing_key_age_seconds", "How long the key that signs has signed", labels=["alg"]
    )
    # Without the private keys: nothing is decrypted to count.
    keys = list(SigningKey.objects.order_by().defer("private_key", "public_jwk"))
    for (alg, state), count in sorted(Counter((key.alg, key.state(at=now)) for key in keys).items()):
        number.add_metric([alg, state], count)
    for key in keys:
        if key.state(at=now) == "signing" and key.signing_from:
            age.add_metric([key.alg], (now - key.signing_from).total_seconds())
    yield number
    yield age


def _last_runs() -> Iterator[Metric]:
    last = GaugeMetricFamily(
        f"{PREFIX}_last_run_timestamp_seconds", "When it last came to its end", labels=["what"]
    )
    failed = GaugeMetricFamily(
        f"{PREFIX}_last_run_failed", "1 when it has failed and not come to its end since", labels=["what"]
    )
    runs = dict(LastRun.objects.values_list("what", "at"))
    failures = dict(LastFailure.objects.values_list("what", "at"))
    for what, at in runs.items():
        last.add_metric([what], at.timestamp())
    for what in {**runs, **failures}:
        failed.add_metric([what], what in failures and (what not in runs or failures[what] > runs[what]))
    yield last
    yield failed
