"""GET /refusals/<reference>, and the box to look a reference up."""

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

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


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def look_up(request: HttpRequest) -> HttpResponse:
    """Lead on from a reference that was typed, in any spelling, or say that there is none."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not may_look_up(request.user):
        raise Http404
    typed = (request.POST if request.method == "POST" else request.GET).get("reference", "")
    found = find_refusal(typed, user=request.user) if typed.strip() else None
    if found:
        return HttpResponseRedirect(found.url)
    context = {**admin.site.each_context(request), "title": "Look up a reference", "typed": typed[:200]}
    return render(request, "admin/refusals.html", context, status=404 if typed.strip() else 200)
