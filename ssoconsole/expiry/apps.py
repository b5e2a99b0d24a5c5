"""Warnings before things end."""

from django.apps import AppConfig


class ExpiryConfig(AppConfig):
    name = "ssoconsole.expiry"
    label = "expiry"
    verbose_name = "Warnings"

    def ready(self) -> None:
        from ssoconsole.expiry import checks  # noqa: F401 - registers the checks
        from ssoconsole.expiry.gauges import collect_endings
        from ssoconsole.metrics.scrape import register_collector

        register_collector(collect_endings)
