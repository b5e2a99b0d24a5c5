"""check_provider SLUG [--json]"""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from providers.diagnosis.services import check_provider
from providers.models import Provider
from providers.protocol.preflight.findings import Check, Finding, Report
from ssoconsole.platform.actors import Actor

MARKS = {True: "ok", False: "FAILED", None: "not run"}


class Command(BaseCommand):
    help = "Tell why a registration does not work, and what to do. Asks the provider; exit 1 when something is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the provider")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        provider = Provider.objects.named(options["slug"])
        if provider is None:
            raise CommandError("There is no such provider.")
        report = check_provider(provider=provider, by=Actor.command("check_provider"))
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=2))
        else:
            self.stdout.write("\n".join(_lines(report)))
        if not report.ok:
            sys.exit(1)


def _lines(report: Report) -> list[str]:
    findings = [line for each in report.findings for line in _about(each)]
    verdict = "Nothing stands in the way of signing in." if report.ok else "People cannot sign in."
    return [f"{report.provider}: {verdict}", "", *findings, *map(_line, report.checks)]


def _about(finding: Finding) -> list[str]:
    return [
        f"{finding.severity.upper()}  {finding.title}  [{finding.code}]",
        f"  expected: {finding.expected}",
        f"  received: {finding.received}",
        f"  remedy:   {finding.remedy}",
        "",
    ]


def _line(check: Check) -> str:
    return f"{MARKS[check.ok]:<8}  {check.name}{check.why}"
