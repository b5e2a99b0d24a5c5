"""The feed itself."""

import hashlib
from datetime import UTC, datetime, timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from ssoconsole.expiry.calendar.icalendar import Entry, calendar
from ssoconsole.expiry.calendar.services import find_calendar_address
from ssoconsole.expiry.ending import Ending
from ssoconsole.expiry.endings import endings_for

AHEAD = timedelta(days=400)


@login_not_required
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """
    Show what ends within the next year as the owner of the address may see it; 404 for whatever is no address.

    The address is all that the caller has: no cookie is read or set, and nobody on the way may keep a copy.
    """
    now = timezone.now()
    address = find_calendar_address(token, at=now)
    if address is None:
        raise Http404
    endings = endings_for(address.owner, at=now, within=AHEAD)
    body = calendar("SSO Console", [_entry(each) for each in endings], stamp=now)
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Cache-Control"] = "private"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _entry(each: Ending) -> Entry:
    return Entry(
        uid=_uid(each.kind, each.url, each.ends_at),
        at=each.ends_at,
        summary=f"{each.about.title}: {each.name}",
        description=f"{each.about.remedy}\n{each.url}",
        url=each.url,
    )


def _uid(kind: str, url: str, ends_at: datetime) -> str:
    spelt = f"{kind}\n{url}\n{ends_at.astimezone(UTC).isoformat()}"
    return f"{hashlib.sha256(spelt.encode()).hexdigest()[:32]}@sso-console"
