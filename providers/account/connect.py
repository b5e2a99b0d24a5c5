"""POST /account/connect/<slug>: leaving for a provider to prove that an account there is one's own too."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST

from providers.kinds import kind_of
from providers.models import SignInAttempt
from providers.sessions.services import console_session_of
from providers.signin.guard import refuses_in_words
from providers.signin.leaving import leave, registered_provider
from providers.signin.limits import count_sign_in
from providers.signin.redirects import lead_on_instead, with_next
from ssoconsole.platform.http.methods import mark_only_post


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
