"""Read-only panels on a provider's page: what to enter at the provider, and what it has published."""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from providers.errors import ProviderUnknown
from providers.kinds import all_kinds, kind_of
from providers.models import Provider

ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "end_session_endpoint",
)


def setup_panel(provider: Provider) -> SafeString:
    """The values for the provider's own form, each with a button that appears where scripts run."""
    try:
        kind = kind_of(provider)
    except ProviderUnknown as unknown:
        return format_html("Unknown {}.", unknown.received)
    rows = [
        (number, label, number, value, number)
        for number, (label, value) in enumerate(kind.setup_values(provider))
    ]
    steps = format_html_join("", "<li>{}</li>", ((step,) for step in kind.guide.splitlines()))
    values = format_html_join(
        "",
        '<p><label for="setup-{}">{}</label> <input id="setup-{}" class="vURLField" value="{}" readonly> '
        '<button type="button" class="button" data-copy="setup-{}" hidden>Copy</button></p>',
        rows,
    )
    return format_html("<ol>{}</ol>{}", steps, values)


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
        "<p>Fetched {}.</p><ul>{}</ul>{}",
        f"{localtime(provider.discovery_fetched_at):%Y-%m-%d %H:%M:%S %Z}",
        format_html_join("", "<li>{}: {}</li>", named),
        button,
    )


def starting_points() -> SafeString:
    """Links to an empty form with the usual values of each kind."""
    links = format_html_join(
        " · ", '<a href="?kind={}">{}</a>', ((k.key, k.name) for k in all_kinds().values())
    )
    return format_html("Begin with the usual values of: {}", links)
