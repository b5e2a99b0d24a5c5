"""Where a provider reads the console's public keys."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from providers.client_keys.services import published_client_keys

MAX_AGE = 300  # seconds; far less than a key is published before it signs


@require_safe
def client_jwks(request: HttpRequest, slug: str) -> HttpResponse:
    """
    Answer the key set towards one provider (RFC 7517 section 5), for everybody; 404 where there is none.

    As application/json, which every provider reads. A disabled provider's set stays: public keys open nothing,
    and a provider that finds the set again needs no second registration.
    """
    keys = published_client_keys(slug=slug, at=timezone.now())
    if not keys:
        # Not kept: a provider may look before the registration here is saved.
        return JsonResponse({"error": "not_found"}, status=404, headers={"Cache-Control": "no-store"})
    return JsonResponse({"keys": keys}, headers={"Cache-Control": f"public, max-age={MAX_AGE}"})
