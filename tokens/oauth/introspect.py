"""POST /oauth/introspect: is this token live, and what does it say (RFC 7662)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ssoconsole.metrics.counting import count_introspection
from tokens.audiences.console import READ, WRITE, console_identifier
from tokens.errors import InvalidRequest, InvalidToken
from tokens.models import Bot, Grant, TokenRecord
from tokens.oauth import answers
from tokens.oauth.door import client_of, form_endpoint
from tokens.protocol.access_token import claims_of
from tokens.protocol.form import Form
from tokens.records.services import access_token_of
from tokens.records.verification import find_live_record

INACTIVE = {"active": False}

# A grant with this role at an audience says that the bot is the API itself, which may look into whatever is
# presented to it. Merely holding a grant there makes a bot another customer of that API.
RESOURCE_SERVER = "resource_server"


@form_endpoint()
def introspection_endpoint(request: HttpRequest, form: Form) -> HttpResponse:
    """
    Answer the claims of a live token, or exactly `{"active": false}`.

    The caller is a bot (client authentication) or a bearer of a console token with console.read. A bot sees
    its own tokens, and those for an audience where it holds a grant with the role resource_server; every
    other token looks inactive to it (RFC 7662 section 4). A console token sees all.
    """
    caller = _caller(request, form)
    token = form.one("token")
    if token is None:
        raise InvalidRequest("The parameter token is missing.")
    record = find_live_record(token, at=timezone.now())
    if record is None or not _may_see(caller, record):
        count_introspection(active=False)
        return answers.success(INACTIVE)
    count_introspection(active=True)
    return answers.success(introspection_of(record))


def introspection_of(record: TokenRecord) -> dict[str, Any]:
    """Return the members of RFC 7662 section 2.2; each has the value that the JWT has."""
    claims = claims_of(access_token_of(record), profile=record.audience.profile)
    names = ("iss", "sub", "aud", "iat", "exp", "jti")
    shown: dict[str, Any] = {name: claims[name] for name in names if name in claims}
    if record.scopes:
        shown["scope"] = " ".join(record.scopes)
    return {"active": True, "client_id": record.bot.name, "token_type": "Bearer", **shown}


def _caller(request: HttpRequest, form: Form) -> Bot | None:
    """The bot that asks, or None for the bearer of a console token. Raises InvalidClient, InvalidToken."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer":
        return client_of(request, form).bot
    if any(form.one(name) for name in ("client_id", "client_secret", "client_assertion")):
        raise InvalidRequest("The caller authenticates in two ways at once.")
    record = find_live_record(token.strip(), at=timezone.now())
    # Too little privilege is 401 here as well (RFC 7662 section 2.3).
    if (
        record is None
        or record.audience.identifier != console_identifier(settings.BASE_URL)
        or not {READ, WRITE} & set(record.scopes)
    ):
        raise InvalidToken
    return None


def _may_see(caller: Bot | None, record: TokenRecord) -> bool:
    if caller is None or caller.pk == record.bot_id:
        return True
    roles = Grant.objects.filter(bot=caller, audience=record.audience_id).values_list("roles", flat=True)
    return any(RESOURCE_SERVER in held for held in roles)
