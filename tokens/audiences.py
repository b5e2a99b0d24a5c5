"""Audiences: the APIs that trust the console's tokens, the console's own REST API among them."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_change, record_event
from tokens.errors import AudienceTaken, IdentifierImmutable, LifetimeTooLong, ProfileInUse
from tokens.keys.services import publish_ahead
from tokens.models import Audience, TokenRecord
from tokens.protocol.scopes import check_identifier, check_scopes
from tokens.status.services import status_lists_changed

READ = "console.read"
WRITE = "console.write"
CONSOLE_SCOPES = (READ, WRITE)


def console_identifier(base_url: str) -> str:
    """The `aud` of tokens for the REST API."""
    return f"{base_url}/api/v1"


FIELDS = (
    "identifier",
    "name",
    "scopes",
    "profile",
    "signing_alg",
    "token_lifetime",
    "max_token_lifetime",
)


def check_audience(audience: Audience) -> None:
    """
    Apply the rules that need no database, and put the scopes in order.

    The profile `openmetadata` is always signed with RS256, the only algorithm its servers sign with. Raises
    IdentifierInvalid, ScopeMalformed, LifetimeTooLong.
    """
    check_identifier(audience.identifier)
    audience.scopes = check_scopes(audience.scopes if isinstance(audience.scopes, list) else [None])
    if audience.profile == Audience.Profile.OPENMETADATA:
        audience.signing_alg = Audience.Algorithm.RS256
    longest = audience.max_token_lifetime
    if longest is not None and audience.token_lifetime is not None and audience.token_lifetime > longest:
        raise LifetimeTooLong(
            "The usual lifetime is longer than the longest.",
            expected=f"up to {longest} seconds",
            received=f"{audience.token_lifetime} seconds",
        )


def check_change(audience: Audience, before: Audience | None = None) -> None:
    """Apply all rules, with what is on record; `before` is read if it is not given."""
    check_audience(audience)
    if Audience.objects.exclude(pk=audience.pk).filter(identifier=audience.identifier).exists():
        raise AudienceTaken(received=audience.identifier)
    before = before or Audience.objects.filter(pk=audience.pk).first()
    if before:
        _check_tokens_stay_true(before, audience)


@transaction.atomic
def save_audience(*, audience: Audience, by: Actor) -> Audience:
    """
    Create or change an audience.

    Raises what `check_audience` raises, AudienceTaken, IdentifierImmutable once tokens carry the identifier,
    ProfileInUse while live tokens have the profile, SuperuserRequired for the console's own, and Django's
    ValidationError for the shape of a field.
    """
    before = (
        Audience.objects.select_for_update(no_key=True).filter(pk=audience.pk).first()
        if audience.pk
        else None
    )
    check_change(audience, before)
    if console_identifier(settings.BASE_URL) in (audience.identifier, before and before.identifier):
        by.refuse_if_limited("change the audience of this console's own API")
    audience.full_clean()
    try:
        with transaction.atomic():
            audience.save()
    except IntegrityError as error:
        raise AudienceTaken(received=audience.identifier) from error
    publish_ahead(alg=audience.signing_alg, by=by)
    if before is None:
        record_event("audience_created", by=by, target=audience.identifier, after=_shown(audience))
    elif _shown(before) != _shown(audience):
        record_change(
            "audience_changed",
            by=by,
            target=audience.identifier,
            before=_shown(before),
            after=_shown(audience),
        )
    return audience


def ensure_audience(*, identifier: str, name: str, scopes: Sequence[str], by: Actor) -> Audience:
    """Return the audience called `identifier`, made with these scopes if there is none."""
    found = Audience.objects.filter(identifier=identifier).first()
    if found:
        return found
    try:
        return save_audience(audience=Audience(identifier=identifier, name=name, scopes=list(scopes)), by=by)
    except AudienceTaken:
        return Audience.objects.get(identifier=identifier)


@transaction.atomic
def disable_audience(*, audience: Audience, by: Actor) -> bool:
    """Withdraw an audience: its tokens stop counting at once. A second call changes nothing."""
    changed = Audience.objects.filter(pk=audience.pk, disabled_at=None).update(
        disabled_at=timezone.now(), disabled_by=str(by)[:300]
    )
    if changed:
        record_event("audience_disabled", by=by, target=audience.identifier)
        status_lists_changed()
    audience.refresh_from_db(fields=["disabled_at", "disabled_by"])
    return bool(changed)


@transaction.atomic
def enable_audience(*, audience: Audience, by: Actor) -> bool:
    """Bring an audience back, and with it its tokens that are neither revoked nor past their end."""
    if audience.identifier == console_identifier(settings.BASE_URL):
        by.refuse_if_limited("enable the audience of this console's own API")
    disabled = Audience.objects.filter(pk=audience.pk, disabled_at__isnull=False)
    changed = disabled.update(disabled_at=None, disabled_by="")
    if changed:
        record_event("audience_enabled", by=by, target=audience.identifier)
        status_lists_changed()
    audience.refresh_from_db(fields=["disabled_at", "disabled_by"])
    return bool(changed)


def _check_tokens_stay_true(before: Audience, after: Audience) -> None:
    if before.identifier != after.identifier and before.token_records.exists():
        raise IdentifierImmutable(expected=before.identifier, received=after.identifier)
    if before.profile != after.profile:
        live = TokenRecord.objects.live(at=timezone.now())
        if live.filter(audience=before).exists():
            raise ProfileInUse(expected=before.profile, received=after.profile)


def _shown(audience: Audience) -> dict[str, Any]:
    return {name: getattr(audience, name) for name in FIELDS}
