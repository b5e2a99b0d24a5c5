"""A provider's changed document: shown beside the one in use, adopted or refused by a button."""

from copy import copy
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.views.decorators.debug import sensitive_post_parameters

from providers.drift.decisions import adopt_drift, refuse_drift
from providers.drift.pending import undecided
from providers.models import DiscoveryDrift, Provider
from providers.protocol.drift import host_of
from providers.registration.errors import RegistrationInvalid
from providers.registration.secret import problem_of_secret
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.eventlog.services import in_words

if TYPE_CHECKING:
    ProviderModelAdmin = admin.ModelAdmin[Provider]
else:
    ProviderModelAdmin = admin.ModelAdmin

ACTIONS = {
    "adopt": "What the provider shows now is used from now on.",
    "refuse": "Nothing has changed: the endpoints in use stay.",
}


def drift_urls(model_admin: ProviderModelAdmin) -> list[URLPattern]:
    """The address of the decision, under the provider's own."""

    @sensitive_post_parameters("client_secret")
    def view(request: HttpRequest, pk: UUID, number: int) -> HttpResponse:
        return decide_drift(model_admin, request, pk=pk, number=number)

    guarded = model_admin.admin_site.admin_view(view)
    return [path("<uuid:pk>/drift/<int:number>", guarded, name="providers_provider_drift")]


def drift_section(provider: Provider) -> dict[str, Any] | None:
    """What waits for a decision at this provider, for `_drift.html`; None when nothing does."""
    drift = undecided(provider)
    if drift is None:
        return None
    rows = [
        {
            "member": member,
            "before": in_words(change["before"]),
            "after": in_words(change["after"]),
            "moves": _moves(change),
        }
        for member, change in drift.changes.items()
    ]
    adopted = copy(provider)
    adopted.issuer = drift.document["issuer"]
    return {
        "row": drift,
        "members": rows,
        "other_issuer": "issuer" in drift.changes,
        "asks_for_secret": problem_of_secret(adopted, drift.document),
    }


def decide_drift(
    model_admin: ProviderModelAdmin, request: HttpRequest, *, pk: UUID, number: int
) -> HttpResponse:
    """Adopt or refuse exactly the change that the page has shown; needs the right to change the provider."""
    provider = get_object_or_404(Provider, pk=pk)
    if not model_admin.has_change_permission(request, provider):
        raise PermissionDenied
    decision = request.POST.get("decision", "")
    if request.method != "POST" or decision not in ACTIONS:
        return HttpResponseNotAllowed(["POST"])
    drift = get_object_or_404(DiscoveryDrift, provider=provider, pk=number)
    try:
        if decision == "adopt":
            secret = request.POST.get("client_secret", "")
            adopt_drift(drift=drift, by=Actor.of(request), client_secret=secret)
        else:
            refuse_drift(drift=drift, by=Actor.of(request))
    except RegistrationInvalid as invalid:
        model_admin.message_user(request, f"Not adopted. {invalid.message}", messages.ERROR)
    except DomainError as refused:
        details = [f"Expected {refused.expected}."] if refused.expected else []
        details += [f"Received {refused.received}."] if refused.received else []
        model_admin.message_user(request, " ".join([refused.message, *details]), messages.ERROR)
    else:
        model_admin.message_user(request, ACTIONS[decision], messages.SUCCESS)
    return HttpResponseRedirect(reverse("admin:providers_provider_change", args=[provider.pk]))


def _moves(change: dict[str, Any]) -> bool:
    """Tell whether people or secrets would be sent to another host."""
    before, after = host_of(change["before"]), host_of(change["after"])
    return bool(after) and before != after
