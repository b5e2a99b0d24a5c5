"""Coming back from a provider: the answer is matched to its attempt before anything of it is used."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import auth
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView

from providers.errors import InternalError
from providers.models import Provider
from providers.sessions.browser import console_session_of, set_console_session
from providers.signin import answers, form_post
from providers.signin.attempts import finish_attempt
from providers.signin.guard import refuses_in_words
from providers.signin.per_provider import PerProvider
from providers.signin.progress import SignIn, set_sign_in
from providers.signin.purposes import ending_of
from ssoconsole.actors import Actor
from ssoconsole.eventlog.services import events_in_one_insert

if TYPE_CHECKING:
    from ssoconsole.accounts.models import User


@method_decorator(csrf_exempt, name="dispatch")  # the state and the binding cookie do what a CSRF token does
@method_decorator(refuses_in_words, name="dispatch")
class CallbackView(PerProvider, OIDCAuthenticationCallbackView):
    """The library's view for the code flow, behind everything that must be certain before a code is spent."""

    http_method_names = ["get", "post"]  # noqa: RUF012 - as the library declares it
    sign_in: SignIn

    def get(self, request: HttpRequest, slug: str = "") -> HttpResponse:
        """Take an answer that came by redirect, or the second leg of one that was posted."""
        self.sign_in, answer = answers.take_answer(request)
        self.provider = self.sign_in.provider
        set_sign_in(request, self.sign_in)
        ending_of(self.sign_in.attempt).check_browser(request, self.sign_in.attempt)
        answers.check_answer(request, self.sign_in, answer)
        browser = (request.session, request.user, console_session_of(request))
        try:
            return self._finish(request, answer)
        except Exception:
            # Whatever was half done to the session is not saved: the browser stays who it was.
            session, request.user, console_session = browser
            request.session = _reopened(session)
            set_console_session(request, console_session)
            raise

    def post(self, request: HttpRequest, slug: str = "") -> HttpResponse:
        """Keep what a provider's form brings, and send the browser for it (form_post, first leg)."""
        return form_post.keep(request)

    def _finish(self, request: HttpRequest, answer: QueryDict) -> HttpResponse:
        nonce, code_verifier = self.sign_in.attempt.nonce, self.sign_in.attempt.code_verifier
        self._browser_session = request.session
        if self.provider.response_type == Provider.ResponseType.ID_TOKEN:
            user = auth.authenticate(request, id_token=answer["id_token"], nonce=nonce)
            if user is None:
                return self.login_failure()
            self.user = user
            return self.login_success()
        request.GET = answer  # type: ignore[assignment]  # the library reads it there; a form may have brought it
        states = {answer["state"]: {"nonce": nonce, "code_verifier": code_verifier}}
        request.session = _Transaction(oidc_states=states)  # type: ignore[assignment]  # a dictionary is all it needs
        response: HttpResponse = super().get(request)  # type: ignore[no-untyped-call]  # the library has no types
        return response

    def login_success(self) -> HttpResponse:
        """Do to the browser what the attempt was for, and write the trace."""
        request, sign_in, user = self.request, self.sign_in, cast("User", self.user)
        request.session = _reopened(self._browser_session)
        with transaction.atomic(), events_in_one_insert():
            with sign_in.step("session"):
                ending_of(sign_in.attempt).succeed(request, sign_in, user)
                if request.session.modified:
                    request.session.save()  # with the rest or not at all; there is nothing left to save afterwards
            sign_in.stage = "done"
            finish_attempt(sign_in=sign_in, by=Actor.of(request), user=user)
        answer = HttpResponseRedirect(self.success_url)
        return ending_of(sign_in.attempt).mark_browser(request, answer, sign_in)

    def login_failure(self) -> HttpResponse:
        """Where the library ends when no backend answered, which only a wrong setting can bring about."""
        raise InternalError(expected="a user or a refusal", received="neither")

    @property
    def success_url(self) -> str:
        """The attempt's own way on: each tab goes where it wanted to go."""
        return self.sign_in.attempt.next_url or "/"


class _Transaction(dict[str, Any]):
    """
    Stands in for the session while the library looks its state up, so that a refused answer leaves no
    session.

    The library saves it and opens it again by its key; neither does anything.
    """

    session_key = None

    def __init__(self, session_key: str | None = None, **entries: Any) -> None:
        super().__init__(**entries)

    def save(self) -> None:
        """There is nothing to keep."""


def _reopened(session: SessionBase) -> SessionBase:
    """
    Return the browser's session as it is stored now: other tabs may have written while a provider was slow.
    """
    return type(session)(session.session_key)
