"""The two probes. Neither looks at who asks, so neither opens a session."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ssoconsole.console.health.checks import check_everything, is_ready
from ssoconsole.serve.drain import is_draining


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Say that the process answers; touches nothing else, so that a lost database restarts nobody."""
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """
    Say whether to send requests here: {"status", "checks": {part: "ok" or what is wrong}}, 200 or 503.

    `?except=cache,database` leaves out what all replicas share: to take every one of them out of service for it
    would make an outage of a slow minute. A server that is about to leave is `draining`, however well it is.
    """
    checks = check_everything()
    ready = is_ready(checks, apart_from=request.GET.get("except", "").split(","))
    status = "ready" if ready else "not_ready"
    if is_draining():
        status = "draining"
    return JsonResponse({"status": status, "checks": checks}, status=200 if status == "ready" else 503)
