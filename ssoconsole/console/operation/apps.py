"""The operation of the console."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class OperationConfig(AppConfig):
    name = "ssoconsole.console.operation"
    label = "operation"
    verbose_name = "Operation"

    def ready(self) -> None:
        from ssoconsole.console.operation import gauges
        from ssoconsole.console.operation.services import note_migration
        from ssoconsole.platform.metrics.scrape import register_collector

        post_migrate.connect(note_migration, sender=self)
        register_collector(gauges.collect_build)
        register_collector(gauges.collect_from_database)
