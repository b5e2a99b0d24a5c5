"""The project as an application: its commands and its system checks."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConsoleConfig(AppConfig):
    default = True
    name = "ssoconsole"
    verbose_name = "SSO Console"

    def ready(self) -> None:
        from ssoconsole import checks  # noqa: F401 - registers the checks
        from ssoconsole.console import operation
        from ssoconsole.console.checklist import deploy_check  # noqa: F401 - registers the checklist
        from ssoconsole.platform.metrics.counting import register_collector
        from ssoconsole.platform.tracing.span import start_tracing

        register_collector(operation.collect_build)
        register_collector(operation.collect_from_database)
        start_tracing()


class ConsoleAdminConfig(admin_apps.AdminConfig):
    """Django admin with the console's own site."""

    default = False
    default_site = "ssoconsole.admin.ConsoleAdminSite"
