"""Warnings before things end."""

from django.apps import AppConfig


class ExpiryConfig(AppConfig):
    name = "ssoconsole.console.expiry"
    label = "expiry"
    verbose_name = "Warnings"

    def ready(self) -> None:
        from ssoconsole.console.expiry import checks  # noqa: F401 - registers the checks
        from ssoconsole.console.expiry.checks import collect_endings
        from ssoconsole.platform.metrics.counting import register_collector

        register_collector(collect_endings)
