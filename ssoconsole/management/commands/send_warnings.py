from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ssoconsole.console.expiry.services import send_warnings
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.runs.models import LastRun
from ssoconsole.platform.runs.services import failures_noted, note_run


class Command(BaseCommand):
    help = "Tell by e-mail and webhook what ends soon, each thing once for every threshold; for cron."

    @failures_noted(LastRun.What.WARN)
    def handle(self, *args: Any, **options: Any) -> None:
        outcomes = send_warnings(by=Actor.command("send_warnings"), at=timezone.now())
        if not outcomes:
            self.stdout.write("Nobody to tell: set WARNINGS_EMAIL and EMAIL_URL, or WARNINGS_WEBHOOK_URL.")
        for outcome in outcomes:
            if not outcome.failed:
                self.stdout.write(f"{outcome.channel}: {outcome.sent} sent")
        failed = [
            f"{each.channel}: {each.failed} not sent ({each.reason})" for each in outcomes if each.failed
        ]
        if failed:
            raise CommandError("; ".join(failed) + ". The next run tries again.")
        note_run(LastRun.What.WARN)
