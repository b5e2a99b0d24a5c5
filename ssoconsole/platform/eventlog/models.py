"""The append-only event log."""

from datetime import UTC
from typing import Any, NoReturn

from django.db import models
from django.utils import timezone


class EventIsFinal(TypeError):
    """An event, once written, is neither changed nor deleted through the application."""


class EventQuerySet(models.QuerySet["Event"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise EventIsFinal

    def delete(self) -> NoReturn:
        raise EventIsFinal

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise EventIsFinal


class Event(models.Model):
    """
    Who did what to what, from where, with what outcome; before and after with secrets masked.

    A database trigger refuses UPDATE as well, so that raw SQL by mistake does not rewrite history either.
    """

    at = models.DateTimeField(default=timezone.now, db_index=True)
    action = models.CharField(max_length=64)
    actor = models.CharField(max_length=300)
    target = models.CharField(max_length=300, blank=True)
    outcome = models.CharField(max_length=64, default="ok")
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["action", "-id"], name="event_by_action"),
            models.Index(fields=["target", "-id"], name="event_by_target"),
        )

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise EventIsFinal

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC {self.actor} {self.action} {self.target}"
