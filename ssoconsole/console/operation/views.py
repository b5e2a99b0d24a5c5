"""The door of Prometheus.

Who may read the metrics: everybody else is told that there are none.
"""

from ipaddress import ip_network

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ssoconsole.platform.http.forwarding import (
    ASKED_HOST,
    FORWARDED_BY_NOBODY_TRUSTED,
    FROM_TRUSTED_PROXY,
    is_trusted,
)
from ssoconsole.platform.metrics.scrape import CONTENT_TYPE, exposition

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


def may_read_metrics(request: HttpRequest) -> bool:
    """
    Tell whether this request shows METRICS_TOKEN or comes from METRICS_NETWORKS.

    Where neither is set, a program on this machine may, that calls the console by a loopback name and comes
    through no proxy. An address proves nothing when somebody who is not trusted has forwarded the request, or when
    a trusted proxy has left it uncertain.
    """
    if settings.METRICS_TOKEN and _shown_token(request):
        return True
    if request.META.get(FORWARDED_BY_NOBODY_TRUSTED):
        return False
    address = request.META.get("REMOTE_ADDR", "")
    if is_trusted(address, settings.METRICS_NETWORKS):
        return True
    if settings.METRICS_TOKEN or settings.METRICS_NETWORKS:
        return False
    return _is_on_this_machine(request, address)


def _shown_token(request: HttpRequest) -> bool:
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    shown = token.strip().encode("utf-8", "replace")
    return scheme.lower() == "bearer" and constant_time_compare(shown, settings.METRICS_TOKEN.encode())


def _is_on_this_machine(request: HttpRequest, address: str) -> bool:
    # A proxy on this machine that forwards a stranger must pass the console's name on, or no page would work.
    host = str(request.META.get(ASKED_HOST, ""))
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    through_proxy = request.META.get(FROM_TRUSTED_PROXY)
    return is_trusted(address, LOOPBACK) and name in LOOPBACK_NAMES and not through_proxy


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the metrics; 404 for whoever may not read them, as if there were none."""
    if not may_read_metrics(request):
        raise Http404
    return HttpResponse(exposition(), content_type=CONTENT_TYPE)
