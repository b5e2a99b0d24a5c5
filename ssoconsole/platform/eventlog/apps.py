"""The event log: who did what, to what, from where."""

from django.apps import AppConfig


class EventLogConfig(AppConfig):
    name = "ssoconsole.platform.eventlog"
    label = "eventlog"
    verbose_name = "Event log"
