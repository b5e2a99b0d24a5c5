"""watch_providers [--json] [--exit-code]"""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from providers.drift.watch import Report, watch_providers
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.runs.models import LastRun
from ssoconsole.platform.runs.services import failures_noted, note_run


class Command(BaseCommand):
    help = (
        "Read what every enabled provider publishes again, and tell what has changed; for cron. "
        "Exit status 0 when everything was read, 1 when something could not be; with --exit-code 2 when something that "
        "was read needs a person."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument(
            "--exit-code", action="store_true", help="exit with 2 when something needs a person"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with failures_noted(LastRun.What.WATCH):
            reports = watch_providers(by=Actor.command("watch_providers"), at=timezone.now())
            if options["json"]:
                self.stdout.write(json.dumps(_document(reports), indent=2, ensure_ascii=False))
            else:
                self._print(reports)
            if any(report.unread for report in reports):
                raise SystemExit(1)
            note_run(LastRun.What.WATCH)
        if options["exit_code"] and not all(report.ok for report in reports):
            raise SystemExit(2)

    def _print(self, reports: list[Report]) -> None:
        for report in reports:
            state = "could not be read" if report.unread else "needs a person"
            self.stdout.write(f"{report.provider}: {'ok' if report.ok else state}")
            for found in report.findings:
                self.stdout.write(_printable(f"  {found.severity}: {found.title} ({found.code})"))
                if found.expected or found.received:
                    self.stdout.write(_printable(f"    expected {found.expected or 'nothing'}"))
                    self.stdout.write(_printable(f"    received {found.received or 'nothing'}"))
                if found.remedy:
                    self.stdout.write(f"    {found.remedy}")


def _document(reports: list[Report]) -> dict[str, Any]:
    providers = [
        {"provider": each.provider, "ok": each.ok, "findings": [asdict(found) for found in each.findings]}
        for each in reports
    ]
    return {"ok": all(report.ok for report in reports), "providers": providers}


def _printable(line: str) -> str:
    """What a provider writes into its document must not steer the terminal of who reads this."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line
    )
