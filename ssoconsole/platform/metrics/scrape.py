"""
What a scrape answers: the counters of this host's processes, and what collectors find at that moment.

With PROMETHEUS_MULTIPROC_DIR each process keeps its counters in files there, and any of them answers for all;
without it each answers for itself.
"""

from collections.abc import Callable, Iterable

import structlog
from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ssoconsole.platform.metrics.counting import REGISTRY

log = structlog.get_logger("metrics")

CONTENT_TYPE = CONTENT_TYPE_LATEST
Collect = Callable[[], Iterable[Metric]]

_collectors: list[Collect] = []


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
