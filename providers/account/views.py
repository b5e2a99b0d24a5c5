"""
The account page: a person's own sessions and links, which he can end, and connecting another provider.

A browser is named after its `User-Agent` header: a hint for the person, never a proof.
"""

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST, require_safe

from providers.identities.linking import LastWayIn, has_way_in, unlink_identity
from providers.kinds import kind_of
from providers.models import ConsoleSession, Identity, Provider, SignInAttempt
from providers.sessions.services import console_session_of, end_session, end_sessions_of_user
from providers.signin.guard import count_sign_in, refuses_in_words
from providers.signin.leaving import leave, registered_provider
from providers.signin.redirects import lead_on_instead, with_next
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.http.doors import mark_only_post, only_post

if TYPE_CHECKING:
    from ssoconsole.platform.accounts.models import User


# The first that fits decides: most browsers also name the ones they want to be taken for.
UNKNOWN = gettext_noop("Unknown browser")
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
    ("FreeBSD", "FreeBSD"),
)


def browser_name(user_agent: str) -> str:
    """Return a name such as "Firefox on Linux"; "Unknown browser" for what is none of the usual ones."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), UNKNOWN)
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    shown = gettext(browser) if browser == UNKNOWN else browser
    return gettext("%(browser)s on %(system)s") % {"browser": shown, "system": system} if system else shown


@require_safe
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Show the person's live sessions, the newest first, and her identities, the oldest first."""
    context = {
        "sessions": sessions_of(request),
        "identities": identities_of(request),
        "connectable": _connectable(request),
    }
    return render(request, "account.html", context)


def sessions_of(request: HttpRequest) -> list[dict[str, Any]]:
    """The live sessions of the person behind a request, as a page shows them."""
    current = console_session_of(request)
    return [
        {
            "is_current": current is not None and session.pk == current.pk,
            "provider": session.provider.name,
            "started_at": session.started_at,
            "last_seen_at": session.last_seen_at,
            "checked_at": session.checked_at if _is_checked(session) else None,
            "address": session.address,
            "browser": browser_name(session.user_agent),
            "user_agent": session.user_agent,
            "end_url": reverse("session_end", args=[session.pk]),
        }
        for session in _own_sessions(request)
    ]


def identities_of(request: HttpRequest) -> list[dict[str, Any]]:
    """The accounts at providers that open this one, as a page shows them."""
    identities = list(_own_identities(request))
    current = console_session_of(request)
    return [
        {
            "provider": identity.provider.name,
            "is_current": current is not None and _began_by(current, identity),
            "is_usable": identity.provider.enabled,
            "is_needed": not has_way_in(
                _person(request), [other for other in identities if other != identity]
            ),
            "email": identity.email,
            "sub": identity.sub,
            "last_signed_in_at": identity.last_signed_in_at,
            "unlink_url": reverse("identity_unlink", args=[identity.pk]),
        }
        for identity in identities
    ]


@only_post
@csrf_protect
@login_required
def session_end(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """End one of one's own sessions; anybody else's is not found."""
    session = get_object_or_404(_own_sessions(request), pk=session_id)
    current = console_session_of(request)
    end_session(session=session, by=Actor.of(request))
    return _signed_out(request) if session == current else HttpResponseRedirect(reverse("account"))


@only_post
@csrf_protect
@login_required
def sessions_end_all(request: HttpRequest) -> HttpResponse:
    """End every other session of one's own, or with `which=all` this one too."""
    everywhere = request.POST.get("which") == "all"
    kept = None if everywhere else console_session_of(request)
    ended = end_sessions_of_user(user=_person(request), by=Actor.of(request), apart_from=kept)
    if everywhere:
        return _signed_out(request)
    told = gettext("This is your only session now.") if ended else gettext("There was no other session.")
    messages.success(request, told)
    return HttpResponseRedirect(reverse("account"))


@only_post
@csrf_protect
@login_required
def identity_unlink(request: HttpRequest, identity_id: int) -> HttpResponse:
    """Disconnect one of one's own accounts at providers, but not the last way in; anybody else's is not found."""
    identity = get_object_or_404(_own_identities(request), pk=identity_id)
    current = console_session_of(request)
    try:
        unlink_identity(identity=identity, by=Actor.of(request), keep_a_way_in=True)
    except LastWayIn:
        told = gettext("%(provider)s is your only way in, so it stays connected.")
        messages.error(request, told % {"provider": identity.provider})
        return HttpResponseRedirect(reverse("account"))
    if current is not None and _began_by(current, identity):
        return _signed_out(request)
    told = gettext("%(provider)s is disconnected.")
    messages.success(request, told % {"provider": identity.provider})
    return HttpResponseRedirect(reverse("account"))


def _signed_out(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return HttpResponseRedirect(reverse("signed_out"))


def _connectable(request: HttpRequest) -> QuerySet[Provider]:
    """
    The providers where one more account can be connected; none for who is signed in by a password.

    No configuration of theirs is shown, and leaving for one asks what is in force.
    """
    enabled = Provider.objects.enabled().in_order()
    return enabled if console_session_of(request) else enabled.none()


def _own_sessions(request: HttpRequest) -> QuerySet[ConsoleSession]:
    live = ConsoleSession.objects.live(at=timezone.now())
    return live.filter(user_id=_person(request).pk).select_related("provider")


def _own_identities(request: HttpRequest) -> QuerySet[Identity]:
    own = Identity.objects.filter(user_id=_person(request).pk)
    return own.select_related("provider").order_by("created_at", "pk")


def _began_by(session: ConsoleSession, identity: Identity) -> bool:
    return (session.provider_id, session.sub) == (identity.provider_id, identity.sub)


def _is_checked(session: ConsoleSession) -> bool:
    return session.provider.session_refresh != Provider.Refresh.NONE


def _person(request: HttpRequest) -> "User":
    """Whom `login_required` has let through."""
    return cast("User", request.user)


@mark_only_post
@csrf_protect  # or another site could connect its account to hers
@refuses_in_words
@require_POST
def connect(request: HttpRequest, slug: str) -> HttpResponse:
    """
    Answer the page that leads to the provider: a form may not be answered by a redirect to another origin.

    The attempt belongs to the session of whoever is signed in here; who is not signed in through a provider is sent to
    sign in.
    """
    session, account = console_session_of(request), reverse("account")
    if session is None:
        return HttpResponseRedirect(with_next(reverse("signin"), account))
    count_sign_in(request)
    provider = registered_provider(request, slug, account)
    # On a shared machine somebody else may be signed in at the provider: it is to ask who this is.
    again = kind_of(provider).reauthentication_parameters()
    redirect = leave(
        request, provider, account, purpose=SignInAttempt.Purpose.LINK, session=session, more=again
    )
    return lead_on_instead(request, redirect, name=provider.name)
