"""The operation of the console."""

from django.apps import AppConfig


class OperationConfig(AppConfig):
    name = "ssoconsole.operation"
    label = "operation"
    verbose_name = "Operation"

    def ready(self) -> None:
        from ssoconsole.metrics.scrape import register_collector
        from ssoconsole.operation import gauges

        register_collector(gauges.collect_build)
        register_collector(gauges.collect_from_database)
