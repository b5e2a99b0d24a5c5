"""What exists after every migration: keys, one of which signs, the console's own API as an audience, a status list."""

from typing import Any

from django.conf import settings
from django.db import connections, router, transaction

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tokens.audiences import CONSOLE_SCOPES, console_identifier, ensure_audience
from tokens.keys.services import provide_signing_keys
from tokens.models import Audience, SigningKey, StatusList
from tokens.status.services import ensure_status_list, forget_status_lists

DEFAULT_ALGORITHM = Audience.Algorithm.ES256


def provision(*, using: str = "default", **kwargs: Any) -> None:
    """
    Make sure of all three; called after migrations, and harmless at any other time.

    What an administrator has changed since stays as it is. Does nothing while the tables are not there, as
    when the migrations are undone.
    """
    if not router.allow_migrate_model(using, SigningKey) or not _tables_exist(using):
        return
    forget_status_lists()  # the tables may have been emptied since
    by = Actor.command("migrate")
    with transaction.atomic(using=using):
        provide_signing_keys(signing=DEFAULT_ALGORITHM, by=by)
        ensure_audience(
            identifier=console_identifier(settings.BASE_URL),
            name="Console API",
            scopes=CONSOLE_SCOPES,
            by=by,
        )
        ensure_status_list(number=0, by=by)


def _tables_exist(using: str) -> bool:
    with connections[using].cursor() as cursor:
        present = set(connections[using].introspection.table_names(cursor))
    return {model._meta.db_table for model in (SigningKey, Audience, StatusList, Event)} <= present
