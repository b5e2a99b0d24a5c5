"""The project's applications: the project itself with its commands and checks, and what it stands on."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.db.models.signals import post_migrate


class ConsoleConfig(AppConfig):
    default = True
    name = "ssoconsole"
    verbose_name = "SSO Console"

    def ready(self) -> None:
        from ssoconsole import checks  # noqa: F401 - registers the checks
        from ssoconsole.console import operation
        from ssoconsole.console.checklist import deploy_check  # noqa: F401 - registers the checklist
        from ssoconsole.platform.metrics import register_collector
        from ssoconsole.platform.tracing import start_tracing

        register_collector(operation.collect_build)
        register_collector(operation.collect_from_database)
        start_tracing()


class ConsoleAdminConfig(admin_apps.AdminConfig):
    """Django admin with the console's own site."""

    default = False
    default_site = "ssoconsole.admin.ConsoleAdminSite"


class ConsoleStaticFilesConfig(StaticFilesConfig):
    """Django's static files; of Swagger UI the program alone is collected."""

    default = False
    ignore_patterns = [  # noqa: RUF012 - a list of the instance's, in Django's own class
        *StaticFilesConfig.ignore_patterns,
        *("swagger-ui-standalone-preset.*", "swagger-ui.css*", "swagger-ui-bundle.js.map"),
        *("oauth2-redirect.*", "favicon-32x32.png"),
    ]


class AccountsConfig(AppConfig):
    """People: the user model and the break-glass administrator."""

    name = "ssoconsole.platform.accounts"
    label = "accounts"
    verbose_name = "People"


class EventLogConfig(AppConfig):
    """Who did what, to what, from where."""

    name = "ssoconsole.platform.eventlog"
    label = "eventlog"
    verbose_name = "Event log"


class RunsConfig(AppConfig):
    """What ran when."""

    name = "ssoconsole.platform.runs"
    label = "operation"
    verbose_name = "Operation"

    def ready(self) -> None:
        from ssoconsole.platform.runs.services import note_migration

        post_migrate.connect(note_migration, sender=self)


class ExpiryConfig(AppConfig):
    """Warnings before things end."""

    name = "ssoconsole.console.expiry"
    label = "expiry"
    verbose_name = "Warnings"

    def ready(self) -> None:
        from ssoconsole.console.expiry import checks
        from ssoconsole.platform.metrics import register_collector

        register_collector(checks.collect_endings)
