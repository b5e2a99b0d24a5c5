"""The operation of the console."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class OperationConfig(AppConfig):
    name = "ssoconsole.operation"
    label = "operation"
    verbose_name = "Operation"

    def ready(self) -> None:
        from ssoconsole.metrics.scrape import register_collector
        from ssoconsole.operation import gauges
        from ssoconsole.operation.services import note_migration

        post_migrate.connect(note_migration, sender=self)
        register_collector(gauges.collect_build)
        register_collector(gauges.collect_from_database)
