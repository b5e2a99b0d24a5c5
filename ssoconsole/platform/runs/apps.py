"""What ran when."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RunsConfig(AppConfig):
    name = "ssoconsole.platform.runs"
    label = "operation"
    verbose_name = "Operation"

    def ready(self) -> None:
        from ssoconsole.platform.runs.services import note_migration

        post_migrate.connect(note_migration, sender=self)
