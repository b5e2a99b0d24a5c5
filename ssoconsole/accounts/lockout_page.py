"""The answer to whoever has to wait at the password door."""

import math
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from ssoconsole.accounts.lockout import source_of, waits_until


def come_back_later(
    request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """
    Answer 429 with `Retry-After` (RFC 6585 section 4), the same words for every name; called by django-axes.
    """
    now = timezone.now()
    name = str((credentials or {}).get("username") or "")
    until = waits_until(name=name, source=source_of(request), at=now) or now
    seconds = max(1, math.ceil((until - now).total_seconds()))
    context = {"minutes": math.ceil(seconds / 60)}
    refusal = render(request, "password_door_closed.html", context, status=429)
    refusal.headers["Retry-After"] = str(seconds)
    refusal.headers["Cache-Control"] = "no-store"
    return refusal
