"""Leaving for a provider whose registration is not saved."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from providers.metadata import fetch_discovery
from providers.models import Rehearsal, SignInAttempt
from providers.rehearsal import services
from providers.rehearsal.services import attempt_to_leave, keep_metadata, refuse_rehearsal, rehearsed_provider
from providers.signin.guard import as_refusal, count_sign_in
from providers.signin.leaving import leave
from providers.signin.redirects import lead_on_instead
from ssoconsole.platform.actors import Actor


def leave_for_rehearsal(request: HttpRequest, rehearsal: Rehearsal, *, page: str) -> HttpResponse:
    """Send the browser to the provider, or to `page`, which tells why that could not be done."""
    provider = rehearsed_provider(rehearsal)
    try:
        count_sign_in(request)
        if not provider.discovery:
            provider.discovery = fetch_discovery(provider)
            keep_metadata(rehearsal=rehearsal, provider=provider)
        purpose = SignInAttempt.Purpose.REHEARSAL
        redirect = leave(request, provider, page, purpose=purpose, rehearsal=rehearsal, asks_for_more=True)
        # The form that led here may not be answered by a redirect to another origin.
        return lead_on_instead(request, redirect, name=provider.name)
    except Exception as error:  # as at the door of every sign-in: a fault of ours is told, and is no 500
        refused, by = as_refusal(error), Actor.of(request)
        agent = request.headers.get("User-Agent", "")
        sign_in = attempt_to_leave(rehearsal=rehearsal, provider=provider, by=by, user_agent=agent)
        told = services.of_refusal(refused, provider, {})
        refuse_rehearsal(rehearsal=rehearsal, sign_in=sign_in, error=refused, result=told, by=by)
        return HttpResponseRedirect(page)
