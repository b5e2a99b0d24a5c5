"""The section `audiences`."""

from collections.abc import Iterable

from django.conf import settings

from ssoconsole.console.configuration.sections.section import Applied, Entry, fill, require
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.yaml import Path
from tokens.audiences import console_identifier, disable_audience, enable_audience, save_audience
from tokens.models import Audience

FIELDS = ("name", "scopes", "profile", "signing_alg", "token_lifetime", "max_token_lifetime")
KEY_OF_CODE = {
    "audience_identifier_invalid": "identifier",
    "audience_taken": "identifier",
    "invalid_scope": "scopes",
    "lifetime_too_long": "token_lifetime",
}


class Audiences:
    """APIs that trust the console's tokens."""

    name = "audiences"
    key = "identifier"

    def apply(self, entry: Entry, *, by: Actor) -> Applied:
        row = Audience.objects.filter(identifier=entry["identifier"]).first()
        before = describe(row) if row else None
        if row is None:
            require(entry, ("name",), noun="audience")
            row = Audience(identifier=entry["identifier"])
        fill(row, entry, FIELDS)
        if before != describe(row):
            save_audience(audience=row, by=by)
        self._switch(row, entry, by=by)
        return Applied(before, describe(Audience.objects.get(pk=row.pk)))

    def locate(self, error: DomainError, entry: Entry) -> Path:
        key = KEY_OF_CODE.get(error.code)
        return (key,) if key else ()

    def disable_others(self, named: Iterable[str], *, by: Actor) -> list[str]:
        # The console's own API is not the file's to take away: without it, nobody could undo that by API.
        kept = [*named, console_identifier(settings.BASE_URL)]
        others = list(Audience.objects.enabled().exclude(identifier__in=kept).order_by("identifier"))
        for audience in others:
            disable_audience(audience=audience, by=by)
        return [audience.identifier for audience in others]

    def _switch(self, row: Audience, entry: Entry, *, by: Actor) -> None:
        if "enabled" not in entry:
            return
        wanted = entry["enabled"] is not False
        if wanted != (row.disabled_at is None):
            (enable_audience if wanted else disable_audience)(audience=row, by=by)


def describe(row: Audience) -> Entry:
    """Tell an audience in the file's keys, in the file's order."""
    described: Entry = {"identifier": row.identifier} | {name: getattr(row, name) for name in FIELDS}
    described["enabled"] = row.disabled_at is None
    return described
