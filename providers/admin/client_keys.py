"""The console's own keys at a provider, for the administrator: what there is, and letting the next one sign."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from providers.client_keys import OVERLAP, ClientKeysNotUsed, rotate_client_key, uses_client_keys
from providers.models import ClientKey, Provider
from providers.registration.rolling_back import roll_back_if_overdue
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.admin_base import asks_first

if TYPE_CHECKING:
    ProviderModelAdmin = admin.ModelAdmin[Provider]
else:
    ProviderModelAdmin = admin.ModelAdmin


def client_keys_panel(provider: Provider) -> SafeString:
    """The keys, each with its algorithm, state and since when, and the address that the provider reads them at."""
    keys = list(ClientKey.objects.published().filter(provider=provider))
    if not keys:
        wanted = uses_client_keys(provider)
        return format_html(
            "<p>{}</p>",
            "There is none yet: save the registration." if wanted else "Only private_key_jwt needs one.",
        )
    now = timezone.now()
    rows = ((key.kid, key.alg, *_state(key, at=now)) for key in keys)
    url = f"{settings.BASE_URL}{reverse('client_jwks', args=[provider.slug])}"
    return format_html(
        "<ul>{}</ul>"
        '<p><label for="client-keys-url">JWKS URL</label> <input id="client-keys-url" class="vURLField" '
        'value="{}" readonly> '
        '<button type="button" class="button" data-copy="client-keys-url" hidden>Copy</button></p>',
        format_html_join("", "<li><code>{}</code> ({}): {} since {}</li>", rows),
        url,
    )


@admin.action(description="Rotate the client key of the selected providers", permissions=["change"])
@asks_first(
    "The next key of each of these providers will sign from now on; the provider must have read it. The old one stays "
    "published for a while."
)
def rotate_client_keys(
    model_admin: ProviderModelAdmin, request: HttpRequest, providers: QuerySet[Provider]
) -> None:
    """One provider after the other; those that use no key are named and left alone."""
    for provider in providers:
        roll_back_if_overdue(provider)
        try:
            key = rotate_client_key(provider=provider, by=Actor.of(request))
        except ClientKeysNotUsed as unused:
            model_admin.message_user(request, f"{provider}: {unused.message}", messages.ERROR)
            continue
        model_admin.message_user(request, f"{provider}: key {key.kid} signs now.", messages.SUCCESS)


def _state(key: ClientKey, *, at: datetime) -> tuple[str, str]:
    if key.retired_at:
        gone = key.retired_at + OVERLAP <= at
        return ("retired" if gone else "retired and still published"), _shown(key.retired_at)
    if key.signing_from:
        return "signing", _shown(key.signing_from)
    return "next, published", _shown(key.created_at)


def _shown(moment: datetime) -> str:
    return f"{localtime(moment):%Y-%m-%d %H:%M:%S %Z}"
