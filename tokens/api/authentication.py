"""Who calls the REST API (tokens of this console by RFC 6750), and what each caller may do."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotFound
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from tokens.audiences import READ, WRITE, console_identifier
from tokens.errors import InsufficientScope, InvalidRequest, InvalidToken
from tokens.models import Bot, TokenRecord
from tokens.records.verification import find_live_record

REALM = "console"


@dataclass(frozen=True)
class TokenCaller:
    """The bot behind a token, where Django expects a user; it is nobody's account."""

    name: str
    is_authenticated: bool = True
    is_anonymous: bool = False
    is_active: bool = True
    is_staff: bool = False
    is_superuser: bool = False

    def get_username(self) -> str:
        return self.name


class ConsoleTokenAuthentication(BaseAuthentication):
    """A bearer token whose audience is this API; no bearer header is somebody else's business."""

    def authenticate(self, request: Request) -> tuple[TokenCaller, TokenRecord] | None:
        """
        Return the caller and the token's record, or None without a bearer header.

        Raises InvalidToken for every token that does not count here, InvalidRequest for one in the URL.
        """
        if "access_token" in request.query_params:
            raise InvalidRequest("A token belongs into the Authorization header, never into the URL.")
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        record = find_live_record(token.strip())
        if record is None or record.audience.identifier != console_identifier(settings.BASE_URL):
            raise InvalidToken
        return TokenCaller(record.bot.name), record

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for; without an error, as nothing was sent (RFC 6750 section 3.1)."""
        return f'Bearer realm="{REALM}"'


class ConsoleTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its metaclass is untyped
    """How the schema describes it."""

    target_class = ConsoleTokenAuthentication
    name = "consoleToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def actor_of(request: Request) -> Actor:
    """Who does what this request asks for."""
    if isinstance(request.auth, TokenRecord):
        return Actor.bot(request.auth.bot.name, request.META.get("REMOTE_ADDR") or None)
    return Actor.of(request._request)


def is_administrator(user: Any) -> bool:
    """Tell whether a person administers the console."""
    return bool(user.is_active and user.is_staff and user.is_superuser)


class ConsoleAdministrator(BasePermission):
    """
    Administrators, and tokens with the scope; console.write includes reading.

    A person who owns a bot may read what belongs to it, on views that say `owners_may_read`. To everybody
    else signed in, nothing here exists. A view that says `only_reads` changes nothing by any method.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        reads = request.method in SAFE_METHODS or getattr(view, "only_reads", False)
        if isinstance(request.auth, TokenRecord):
            return _has_scope(request.auth, reads=reads)
        if not request.user.is_authenticated:
            return False
        if is_administrator(request.user):
            return True
        if not getattr(view, "owners_may_read", False):
            raise NotFound
        if reads:
            return True
        # An owner is told that he may not; to a stranger there is nothing that he might not do it to.
        if not visible_bots(request).filter(name=view.kwargs.get("name", "")).exists():
            raise NotFound
        return False


def visible_bots(request: Request) -> QuerySet[Bot]:
    """The bots that this caller may see."""
    if isinstance(request.auth, TokenRecord) or is_administrator(request.user):
        return Bot.objects.all()
    if not isinstance(request.user, User):
        return Bot.objects.none()
    return Bot.objects.owned_by(request.user)


def _has_scope(record: TokenRecord, *, reads: bool) -> bool:
    needed = {READ, WRITE} if reads else {WRITE}
    if needed & set(record.scopes):
        return True
    raise InsufficientScope(expected=READ if READ in needed else WRITE)
