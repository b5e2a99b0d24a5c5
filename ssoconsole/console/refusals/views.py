"""GET /refusals/<reference>."""

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ssoconsole.console.refusals.finding import find_refusal, may_look_up


@never_cache
@require_safe
def refusal(request: HttpRequest, reference: str) -> HttpResponse:
    """Lead an administrator on to the explanation; to everybody else there is no such page."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not may_look_up(request.user):
        raise Http404
    found = find_refusal(reference, user=request.user)
    if found is None:
        raise Http404
    return HttpResponseRedirect(found.url)
