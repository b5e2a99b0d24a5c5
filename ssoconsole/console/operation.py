"""
The door of Prometheus: who may read the metrics, while everybody else is told that there are none, and the gauges.

Those are asked of the database when somebody scrapes: few queries by index, however much there is.
"""

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_network

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from providers.models import ConsoleSession, Provider
from ssoconsole.platform.http.forwarding import (
    ASKED_HOST,
    FORWARDED_BY_NOBODY_TRUSTED,
    FROM_TRUSTED_PROXY,
    is_trusted,
)
from ssoconsole.platform.metrics import CONTENT_TYPE, exposition
from ssoconsole.platform.runs.models import LastFailure, LastRun
from ssoconsole.platform.version import VERSION
from tokens.models import SigningKey

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


def may_read_metrics(request: HttpRequest) -> bool:
    """
    Tell whether this request shows METRICS_TOKEN or comes from METRICS_NETWORKS.

    Where neither is set, a program on this machine may, that calls the console by a loopback name and comes
    through no proxy. An address proves nothing when somebody who is not trusted has forwarded the request, or when
    a trusted proxy has left it uncertain.
    """
    if settings.METRICS_TOKEN and _shown_token(request):
        return True
    if request.META.get(FORWARDED_BY_NOBODY_TRUSTED):
        return False
    address = request.META.get("REMOTE_ADDR", "")
    if is_trusted(address, settings.METRICS_NETWORKS):
        return True
    if settings.METRICS_TOKEN or settings.METRICS_NETWORKS:
        return False
    return _is_on_this_machine(request, address)


def _shown_token(request: HttpRequest) -> bool:
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    shown = token.strip().encode("utf-8", "replace")
    return scheme.lower() == "bearer" and constant_time_compare(shown, settings.METRICS_TOKEN.encode())


def _is_on_this_machine(request: HttpRequest, address: str) -> bool:
    # A proxy on this machine that forwards a stranger must pass the console's name on, or no page would work.
    host = str(request.META.get(ASKED_HOST, ""))
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    through_proxy = request.META.get(FROM_TRUSTED_PROXY)
    return is_trusted(address, LOOPBACK) and name in LOOPBACK_NAMES and not through_proxy


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the metrics; 404 for whoever may not read them, as if there were none."""
    if not may_read_metrics(request):
        raise Http404
    return HttpResponse(exposition(), content_type=CONTENT_TYPE)


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


urlpatterns = [path("metrics", metrics, name="metrics")]
