"""A provider on trial, in the admin: the choice in the form, the mark in the list, and the way back."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timeuntil

from providers.history import NOW, VersionUnknown, difference_between
from providers.models import Provider
from providers.models.provider import VersionUnusable
from providers.registration.rolling_back import roll_back_now
from providers.registration.trial import NOBODY_COULD, nobody_could_confirm
from ssoconsole.platform.actors import Actor

if TYPE_CHECKING:
    ProviderModelAdmin = admin.ModelAdmin[Provider]
else:
    ProviderModelAdmin = admin.ModelAdmin

MINUTES = (5, 10, 30, 60)
CHOICES = [("", "for good"), *((str(number), f"on trial for {number} minutes") for number in MINUTES)]
STALE = (
    "It was changed since this page was opened, by somebody else or by the end of a trial. What you typed is still "
    "here; open the page again to see what is stored now."
)


class TrialField(forms.TypedChoiceField):
    """For how long a change is kept if nobody confirms it: a timedelta, None for good."""

    def __init__(self) -> None:
        super().__init__(
            label="Keep it",
            required=False,
            choices=CHOICES,
            coerce=lambda number: timedelta(minutes=int(number)),
            empty_value=None,
            help_text="On trial: it is rolled back by itself, also through a restart, unless an administrator signs "
            "in through this provider in that time.",
        )


class SeenField(forms.CharField):
    """When the row was written that the page shows; a page that is older than the row saves nothing."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.HiddenInput)


def stamp_of(provider: Provider) -> str:
    """Return what `SeenField` holds for a row; metadata that is fetched again does not make it another."""
    return provider.updated_at.isoformat() if provider.updated_at else ""


def trial_mark(provider: Provider) -> SafeString | str:
    """How long a trial goes on, for the list."""
    if provider.trial_ends_at is None:
        return "no"
    return format_html(
        '<span class="mark" title="Rolled back at {}">{} left</span>',
        _clock(provider.trial_ends_at),
        _time_left(provider.trial_ends_at),
    )


def trial_banner(provider: Provider) -> dict[str, str] | None:
    """What the page of a provider on trial says above everything else."""
    if provider.trial_ends_at is None:
        return None
    return {
        "ends_at": _clock(provider.trial_ends_at),
        "left": _time_left(provider.trial_ends_at),
        "baseline": str(provider.trial_baseline),
        "nobody": NOBODY_COULD if nobody_could_confirm(provider) else "",
    }


def roll_back_page(model_admin: ProviderModelAdmin, request: HttpRequest, pk: str) -> HttpResponse:
    """Ask whether to go back now, and do so. Needs the right to change the provider."""
    provider = get_object_or_404(Provider, pk=pk)
    if not model_admin.has_change_permission(request, provider):
        raise PermissionDenied
    if provider.trial_ends_at is None:
        messages.warning(request, f"{provider} is not on trial any more.")
        return redirect("admin:providers_provider_change", provider.pk)
    if request.method == "POST":
        return _roll_back(request, provider)
    baseline = str(provider.trial_baseline)
    try:
        changes = difference_between(provider, NOW, baseline)
    except (VersionUnknown, VersionUnusable):
        changes = None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Roll back {provider}",
        "provider": provider,
        "baseline": baseline,
        "changes": changes,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/providers/provider/roll_back.html", context)


def _roll_back(request: HttpRequest, provider: Provider) -> HttpResponse:
    if roll_back_now(provider=provider, by=Actor.of(request)):
        is_off = " It is disabled." if not provider.enabled else ""
        messages.success(request, f"{provider} is rolled back.{is_off}")
    else:
        messages.warning(request, f"{provider} is not on trial any more.")
    return redirect("admin:providers_provider_change", provider.pk)


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S %Z}"


def _time_left(moment: datetime) -> str:
    """In minutes, the last of them as such."""
    left = moment - timezone.now()
    return "less than a minute" if left < timedelta(minutes=1) else timeuntil(moment)
