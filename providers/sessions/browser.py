"""Where a request's session row is kept while it is served."""

from django.http import HttpRequest

from providers.models import ConsoleSession

SESSION_KEY = "console_session"  # in the browser's own session: the primary key of the row
PROVIDER_BACKEND = "providers.signin.backend.ProviderBackend"


def set_console_session(request: HttpRequest, session: ConsoleSession | None) -> None:
    request.console_session = session  # type: ignore[attr-defined]  # read by `console_session_of` alone


def console_session_of(request: HttpRequest) -> ConsoleSession | None:
    """Return the live session of this browser with its provider; None for strangers and password sign-ins."""
    return getattr(request, "console_session", None)
