"""The section `providers`."""

from collections.abc import Iterable
from copy import deepcopy

from providers.errors import ProviderUnknown
from providers.kinds import all_kinds, kind_of
from providers.models import Provider
from providers.models.provider import readable_secret
from providers.registration.errors import RegistrationInvalid
from providers.registration.fields import FIELDS, SESSION
from providers.registration.secret import set_client_secret
from providers.registration.services import disable_provider, enable_provider, save_provider
from ssoconsole.console.configuration.plan import Hidden
from ssoconsole.console.configuration.sections.section import Applied, Entry, EntryRefused, fill, require
from ssoconsole.console.configuration.shape import moment
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.yaml import Path


def extra_keys() -> set[str]:
    """Keys that only some kinds of provider read."""
    return {name for kind in all_kinds().values() for name in kind.extra_fields}


class Providers:
    """Registrations at identity providers."""

    name = "providers"
    key = "slug"

    def apply(self, entry: Entry, *, by: Actor) -> Applied:
        row = Provider.objects.filter(slug=entry["slug"]).first()
        before = describe(row) if row else None
        row = row or self._new(entry)
        self._fill(row, entry)
        warnings: list[str] = []
        if changed := before != describe(row):
            # The file was reviewed; that nothing was rehearsed is in the event.
            warnings = save_provider(provider=row, by=by, fetch_metadata=False, anyway=True)
        changed |= self._switch(row, entry, by=by)
        after = describe(Provider.objects.get(pk=row.pk)) if changed or before is None else before
        return Applied(before, after, tuple(warnings))

    def locate(self, error: DomainError, entry: Entry) -> Path:
        return ("kind",) if isinstance(error, ProviderUnknown) else ()

    def disable_others(self, named: Iterable[str], *, by: Actor) -> list[str]:
        others = list(Provider.objects.enabled().exclude(slug__in=named).order_by("slug"))
        for provider in others:
            disable_provider(provider=provider, by=by)
        return [provider.slug for provider in others]

    def _new(self, entry: Entry) -> Provider:
        kind = kind_of(entry.get("kind") or Provider().kind)
        row = Provider(slug=entry["slug"], kind=kind.key, **deepcopy(dict(kind.defaults)))
        require(entry, ("client_id", *(() if row.name else ("name",))), noun="provider")
        return row

    def _fill(self, row: Provider, entry: Entry) -> None:
        fill(row, _with_moments(entry), FIELDS)
        if entry.get("client_secret"):
            set_client_secret(row, entry["client_secret"])
        kind = kind_of(row.kind)
        for name in FIELDS:
            if name in kind.defaults and name in entry and entry[name] is None:
                setattr(row, name, deepcopy(kind.defaults[name]))
        self._fill_issuer(row, entry)
        if "session" in entry:
            session = entry["session"] or dict.fromkeys(SESSION)
            flat = {f"session_{name}": value for name, value in session.items()}
            fill(row, flat, flat)

    def _fill_issuer(self, row: Provider, entry: Entry) -> None:
        kind = kind_of(row.kind)
        foreign = [name for name in extra_keys() - kind.extra_fields.keys() if name in entry]
        if foreign:
            raise EntryRefused(((name,), f"is not for a provider of kind {kind.key}") for name in foreign)
        given = {name: entry[name] for name in ("issuer", *kind.extra_fields) if entry.get(name)}
        if given:
            try:
                row.issuer = kind.issuer_from(given)
            except RegistrationInvalid as error:
                raise refusal(error, entry) from None

    def _switch(self, row: Provider, entry: Entry, *, by: Actor) -> bool:
        """Tell whether it was the other way."""
        wanted = entry["enabled"] is not False if "enabled" in entry else row.enabled
        switched = wanted != row.enabled
        if wanted and not row.enabled:
            enable_provider(provider=row, by=by, anyway=True)
        if not wanted and row.enabled:
            disable_provider(provider=row, by=by)
        return switched


def _with_moments(entry: Entry) -> Entry:
    """The file has text where the row has a moment."""
    end = entry.get("client_secret_expires_at")
    return {**entry, "client_secret_expires_at": moment(end)} if end else entry


def describe(row: Provider) -> Entry:
    """Tell a registration in the file's keys, in the file's order."""
    end = row.client_secret_expires_at
    special = {
        "client_secret": _secret(row),
        "client_secret_expires_at": end and end.isoformat(),
        "prompt": row.prompt or None,
    }
    described: Entry = {"slug": row.slug}
    described |= {name: special[name] if name in special else getattr(row, name) for name in FIELDS}
    described["session"] = {name: getattr(row, f"session_{name}") for name in SESSION}
    described["enabled"] = row.enabled
    return described


def _secret(row: Provider) -> Hidden | None:
    secret = readable_secret(row)
    # One that does not open is told as UNREADABLE: it differs from every text, and a file that has it repairs it.
    return Hidden(secret) if secret else None


def refusal(error: RegistrationInvalid, entry: Entry) -> EntryRefused:
    """The registration's problems at the file's keys."""
    problems = error.problems.items()
    return EntryRefused((_path(field, entry), sentence) for field, found in problems for sentence in found)


def _path(field: str, entry: Entry) -> Path:
    if field.startswith("session_"):
        return ("session", field.removeprefix("session_"))
    if field == "issuer" and "issuer" not in entry:
        return next(((name,) for name in extra_keys() if name in entry), ("issuer",))
    return () if field == "__all__" else (field,)
