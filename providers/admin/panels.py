"""Read-only panels on a provider's pages and in the list, and the page that checks a registration at its provider."""

import uuid
from datetime import datetime
from functools import partial

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.timezone import localtime, now

from providers.diagnosis.services import check_provider, is_of_form
from providers.kinds import all_kinds
from providers.metadata import metadata_age
from providers.models import Provider
from providers.registration.cautions import standing_cautions
from providers.rehearsal.services import fresh_rehearsal
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_base import AnyModelAdmin
from ssoconsole.platform.eventlog.models import Event

MOST_EVENTS = 50
ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "end_session_endpoint",
)
METHODS = ("GET", "HEAD", "POST")


def metadata_panel(provider: Provider) -> SafeString:
    """When the discovery document was fetched, the endpoints in it, and the button to fetch it again."""
    button = format_html(
        '<p><button type="submit" class="button" name="{}" value="1">Save and refresh metadata</button></p>',
        "_refresh_metadata",
    )
    if not provider.discovery_fetched_at:
        return format_html("<p>Not fetched yet: the provider has not answered.</p>{}", button)
    named = ((name, provider.endpoint(name) or "none") for name in ENDPOINTS)
    return format_html(
        "<p>Fetched {}. Keys: {}.</p>{}<ul>{}</ul>{}",
        _when(provider.discovery_fetched_at),
        _age_of_keys(provider),
        _watched(provider),
        format_html_join("", "<li>{}: {}</li>", named),
        button,
    )


def _watched(provider: Provider) -> SafeString:
    """What the watch has seen last: since when something cannot be read, and until when the certificate is good."""
    seen = [
        ("The discovery document cannot be read since", provider.discovery_failing_since),
        ("The keys cannot be read since", provider.jwks_failing_since),
        ("The certificate of the issuer's host ends", provider.tls_not_after),
    ]
    told = ((words, f"{localtime(moment):%Y-%m-%d %H:%M %Z}") for words, moment in seen if moment)
    return format_html_join("", "<p>{} {}.</p>", told)


def _age_of_keys(provider: Provider) -> str:
    """When they were fetched, and how long that copy serves while the provider does not answer."""
    age = metadata_age(provider, now())
    if not (provider.jwks_fetched_at and age.keys_serve_until):
        return "not fetched yet"
    if age.keys_serve:
        rest = f"used until {localtime(age.keys_serve_until):%Y-%m-%d %H:%M:%S %Z} if the provider does not answer"
    else:
        rest = "too old to be used before the provider answers again"
    return f"{_when(provider.jwks_fetched_at)}; {rest}"


def _when(moment: datetime) -> str:
    """The moment and how long ago it was."""
    return f"{localtime(moment):%Y-%m-%d %H:%M:%S %Z}, {timesince(moment, depth=1)} ago"


def starting_points() -> SafeString:
    """Links to an empty form with the usual values of each kind."""
    links = format_html_join(
        " · ", '<a href="?kind={}">{}</a>', ((k.key, k.name) for k in all_kinds().values())
    )
    return format_html("Begin with the usual values of: {}", links)


def progress_of(provider: Provider) -> list[tuple[str, bool]]:
    """
    Return how far a provider has come on its way to the sign-in page, and how far it has not.

    The last check counts as long as nothing risky was changed since; it is looked for among the newest events alone.
    """
    since = provider.risky_change_at or provider.created_at
    last = last_check_in(newest_events(provider))
    is_checked = last is not None and last.at >= since and last.outcome == "ok"
    is_rehearsed = fresh_rehearsal(provider, at=now()) is not None
    return [("Draft", True), ("Checked", is_checked), ("Rehearsed", is_rehearsed), ("On", provider.enabled)]


def newest_events(provider: Provider) -> list[Event]:
    """Return what the event log has last about a provider, the newest first."""
    return list(Event.objects.filter(target=provider.slug).order_by("-id")[:MOST_EVENTS])


def last_check_in(events: list[Event]) -> Event | None:
    """Return the newest check of the registration as it was stored."""
    checks = (event for event in events if event.action == "provider_checked" and not is_of_form(event))
    return next(checks, None)


def flow_mark(provider: Provider) -> SafeString:
    """The flow in one word or two; what is legacy is called so."""
    if provider.response_type == Provider.ResponseType.ID_TOKEN:
        return format_html('id_token <span class="mark">{}</span>', "legacy")
    return format_html("{}", "code with PKCE" if provider.pkce else "code")


def cautions_mark(provider: Provider, *, others_enabled: bool, has_changed: bool = False) -> SafeString:
    """How many warnings a provider's page has, and which they are for a pointer that rests on the number."""
    found = standing_cautions(provider, others_enabled=others_enabled)
    if has_changed:
        found = ["The provider has changed: adopt or refuse that on its page.", *found]
    if not found:
        return format_html("{}", "none")
    return format_html('<span class="mark" title="{}">{}</span>', "\n".join(found), len(found))


def preflight_urls(model_admin: AnyModelAdmin) -> list[URLPattern]:
    """The address of the page, under the provider's own."""
    view = model_admin.admin_site.admin_view(partial(preflight, model_admin))
    return [path("<uuid:pk>/check", view, name="providers_provider_preflight")]


def preflight(model_admin: AnyModelAdmin, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """
    Explain what a check does; by POST, because it sends requests, make it and show what it has found.

    Needs the right to change the provider: the client's credentials are sent to it.
    """
    provider = get_object_or_404(Provider, pk=pk)
    if not model_admin.has_change_permission(request, provider):
        raise PermissionDenied
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    report = check_provider(provider=provider, by=Actor.of(request)) if request.method == "POST" else None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Check {provider.name}",
        "provider": provider,
        "report": report,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/providers/provider/preflight.html", context)
