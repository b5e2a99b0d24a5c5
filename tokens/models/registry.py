"""A word for what tokens are issued and judged by, so that a process may go by what it has read."""

from typing import Any

from django.db import models


class ThisTransaction(models.Expression):
    """What `changed_in` is after a change in this transaction."""

    def __init__(self) -> None:
        super().__init__(output_field=models.BigIntegerField())

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return "-1", ()

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return "coalesce(pg_current_xact_id_if_assigned()::text::bigint, -1)", ()


class RegistryVersionQuerySet(models.QuerySet["RegistryVersion"]):
    def readable(self) -> "RegistryVersionQuerySet":
        return self.exclude(changed_in=ThisTransaction())


class RegistryVersion(models.Model):
    """
    One row, whose random `version` is another one after every change of what it stands for.

    That is every bot, credential, grant, audience and signing key, and who is disabled. Triggers change it in the
    transaction of the change itself, whoever makes that. So what was read together with a version holds as long as a
    statement still finds the version, but for what ends by the clock.

    `changed_in` is the transaction that has changed it, on PostgreSQL: one change for all that a transaction does, at
    its end. So nobody goes by a version within a transaction, where what was changed may not be told yet.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.UUIDField()
    changed_in = models.BigIntegerField(default=0)

    objects = RegistryVersionQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.version)
