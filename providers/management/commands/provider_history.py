"""provider_history SLUG [--diff A B] [--restore N]"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from providers.history import NOW, Difference, difference_between, page_of_versions
from providers.models import Provider
from providers.registration.services import restore_version
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError


class Command(BaseCommand):
    help = "Show what a provider's registration was, how two versions differ, or bring one back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the provider")
        parser.add_argument(
            "--diff",
            nargs=2,
            metavar=("A", "B"),
            help=f"what differs from one version to another; {NOW} is what is stored",
        )
        parser.add_argument("--restore", type=int, metavar="N", help="save this version again")

    def handle(self, *args: Any, **options: Any) -> None:
        provider = Provider.objects.named(options["slug"])
        if provider is None:
            raise CommandError("There is no such provider.")
        try:
            if options["diff"]:
                self._tell(difference_between(provider, *options["diff"]))
            elif options["restore"] is not None:
                self._restore(provider, options["restore"])
            else:
                self._list(provider)
        except DomainError as error:
            received = f" {error.received}" if error.received not in ("", error.message) else ""
            raise CommandError(f"{error.message}{received}") from error

    def _list(self, provider: Provider) -> None:
        before = None
        while True:
            page = page_of_versions(provider, before=before)
            for entry in page.entries:
                version, note = entry.version, f" ({entry.version.note})" if entry.version.note else ""
                told = f"{version.number}  {version.at:%Y-%m-%d %H:%M:%S} UTC  {version.by}{note}"
                self.stdout.write(_printable(told))
                self._tell(entry.changes or [], indent="     ")
            if page.older is None:
                break
            before = page.older
        if provider.trial_ends_at:
            self.stdout.write(
                f"On trial until {provider.trial_ends_at:%Y-%m-%d %H:%M:%S} UTC; version "
                f"{provider.trial_baseline} comes back unless an administrator signs in."
            )

    def _tell(self, changes: list[Difference], *, indent: str = "") -> None:
        for change in changes:
            told = f"{change.field}: {change.before} -> {change.after}"
            self.stdout.write(f"{indent}{_printable(told)}")

    def _restore(self, provider: Provider, number: int) -> None:
        by = Actor.command("provider_history")
        for warning in restore_version(provider=provider, number=number, by=by):
            self.stderr.write(f"warning: {warning}")
        self.stdout.write(f"Version {number} of {provider.slug} is restored.")


def _printable(text: str) -> str:
    """Escape what could move the cursor or turn the reading direction of a terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
