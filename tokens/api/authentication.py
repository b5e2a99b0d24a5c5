"""Callers with a token of this console (RFC 6750)."""

from dataclasses import dataclass

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from ssoconsole.platform.actors import Actor
from tokens.audiences import console_identifier
from tokens.errors import InvalidRequest, InvalidToken
from tokens.models import TokenRecord
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
