"""Drop what is past its retention; safe to run at any time, by cron."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from providers.client_keys import drop_retired_client_keys
from providers.registration.rolling_back import roll_back_overdue
from providers.retention import drop_old_sign_ins, drop_old_versions
from ssoconsole.console.checklist.services import summary
from ssoconsole.console.dashboard import count_closed
from ssoconsole.console.expiry.webhook import drop_old_warnings
from ssoconsole.management.commands import LongCommand
from ssoconsole.platform.accounts.passwords import drop_old_failures
from ssoconsole.platform.accounts.shown_once import drop_unseen_secrets
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.runs.models import LastRun
from ssoconsole.platform.runs.services import failures_noted, last_run, note_run
from tokens.credentials.own_keys import drop_spent_assertions
from tokens.credentials.retirement import retire_unused_credentials
from tokens.keys.services import drop_gone_keys
from tokens.records.services import drop_old_records
from tokens.refusals.services import drop_old_refusals
from tokens.repeats import drop_old_repeats

WARNINGS_KEPT = timedelta(days=400)


class Command(LongCommand):
    help = "Delete old sign-in traces, ended sessions, expired browser sessions and retired client keys."

    @failures_noted(LastRun.What.CLEANUP)
    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"trials that nobody confirmed: {roll_back_overdue(at=timezone.now())} rolled back")
        run = last_run(LastRun.What.CLEANUP)
        details = dict(run.details) if run else {}
        details["counts"] = count_closed(kept=details.get("counts", {}), at=timezone.now())
        # Before anything is deleted, so that it is counted though this run may fail.
        LastRun.objects.filter(what=LastRun.What.CLEANUP).update(details=details)
        keep = timedelta(days=settings.SIGN_IN_TRACE_DAYS)
        for what, count in drop_old_sign_ins(at=timezone.now(), keep=keep).items():
            self.stdout.write(f"{what}: {count} deleted")
        self.stdout.write(f"old versions of providers: {drop_old_versions()} deleted")
        keys = drop_retired_client_keys(at=timezone.now(), by=Actor.command("cleanup"))
        self.stdout.write(f"retired client keys: {keys} deleted")
        unused = retire_unused_credentials(at=timezone.now(), by=Actor.command("cleanup"))
        self.stdout.write(f"credentials unused for too long: {unused} retired")
        assertions = drop_spent_assertions(at=timezone.now())
        self.stdout.write(f"used client assertions: {assertions} deleted")
        keep = timedelta(days=settings.TOKEN_RECORD_DAYS)
        records = drop_old_records(at=timezone.now(), keep=keep)
        self.stdout.write(f"records of tokens long past their end: {records} deleted")
        refusals = drop_old_refusals(at=timezone.now(), keep=timedelta(days=settings.TOKEN_REFUSAL_DAYS))
        self.stdout.write(f"traces of programs' refusals: {refusals} deleted")
        repeats = drop_old_repeats(at=timezone.now())
        self.stdout.write(f"keys of requests that nobody repeats: {repeats} deleted")
        gone = drop_gone_keys(at=timezone.now(), by=Actor.command("cleanup"))
        self.stdout.write(f"signing keys that nothing needs: {gone} deleted")
        failures = drop_old_failures(at=timezone.now())
        self.stdout.write(f"failed sign-ins by password: {failures} deleted")
        unseen = drop_unseen_secrets(at=timezone.now())
        self.stdout.write(f"new secrets that nobody looked at: {unseen} forgotten")
        told = drop_old_warnings(at=timezone.now(), keep=WARNINGS_KEPT)
        self.stdout.write(f"warnings sent long ago: {told} forgotten")
        call_command("clearsessions")
        self.stdout.write("browser sessions: expired ones deleted")
        details["checklist"] = summary(at=timezone.now(), before=details.get("checklist") or {})
        note_run(LastRun.What.CLEANUP, details=details)
