"""Drop what is past its retention; safe to run at any time, by cron."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from providers.retention import drop_old_sign_ins


class Command(BaseCommand):
    help = "Delete old sign-in traces, ended sessions and expired browser sessions."

    def handle(self, *args: Any, **options: Any) -> None:
        keep = timedelta(days=settings.SIGN_IN_TRACE_DAYS)
        for what, count in drop_old_sign_ins(at=timezone.now(), keep=keep).items():
            self.stdout.write(f"{what}: {count} deleted")
        call_command("clearsessions")
        self.stdout.write("browser sessions: expired ones deleted")
