"""Probes and scrapers call a server by its address: for their paths, any name will do."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

PATHS = ("/healthz", "/readyz", "/metrics")
ASKED_HOST = "console.asked_host"  # no header can have this name


class ProbeHostMiddleware:
    """
    Let the three paths that answer without looking at the Host header be called by any name.

    A kubelet or Prometheus has an address to call and not the console's name, which every page insists on.
    `ASKED_HOST` keeps what was asked for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in PATHS:
            request.META[ASKED_HOST] = request.META.get("HTTP_HOST", "")
            request.META["HTTP_HOST"] = urlsplit(settings.BASE_URL).netloc
        return self.get_response(request)
