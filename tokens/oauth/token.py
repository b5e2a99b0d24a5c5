"""POST /oauth/token: a bot turns its secret into a short-lived JWT (RFC 6749 section 4.4, RFC 8707)."""

from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse

from ssoconsole.actors import Actor
from tokens.bots.grants import choose_grant
from tokens.errors import AudienceAmbiguous, AudienceUnknown, InvalidRequest, UnsupportedGrantType
from tokens.models import Credential
from tokens.oauth import answers
from tokens.oauth.door import client_of, form_endpoint
from tokens.protocol.form import Form
from tokens.protocol.identifiers import is_resource
from tokens.protocol.scopes import parse_scope
from tokens.records.services import issue_token

Grant = Callable[[HttpRequest, Form, Credential], HttpResponse]


@form_endpoint(repeatable=("resource",))
def token_endpoint(request: HttpRequest, form: Form) -> HttpResponse:
    """
    Answer `access_token, token_type, expires_in, scope`.

    `resource` or `audience` names the API, optional for a bot with one grant; without `scope` the token has
    all that is granted there. A scope beyond the grant is refused, never narrowed.
    """
    grant_type = form.one("grant_type")
    if grant_type is None:
        raise InvalidRequest("The parameter grant_type is missing.")
    if grant_type not in GRANT_TYPES:
        raise UnsupportedGrantType(received=grant_type[:100])
    return GRANT_TYPES[grant_type](request, form, client_of(request, form))


def _client_credentials(request: HttpRequest, form: Form, credential: Credential) -> HttpResponse:
    bot = credential.bot
    audience = choose_grant(bot, identifier=_target(form)).audience
    scope = form.one("scope")
    record, token = issue_token(
        bot=bot,
        audience=audience,
        scopes=None if scope is None else parse_scope(scope),
        lifetime=timedelta(seconds=audience.token_lifetime),
        credential=credential,
        by=Actor.bot(bot.name, request.META.get("REMOTE_ADDR") or None),
    )
    return answers.success(
        {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": audience.token_lifetime,
            "scope": " ".join(record.scopes),
        }
    )


def _target(form: Form) -> str | None:
    """
    The one audience that is asked for, by either parameter.

    Tokens for several APIs at once are not issued: each could use them at the others (RFC 8707 section 3).
    """
    resources = set(form.many("resource"))
    if not all(is_resource(resource) for resource in resources):
        raise AudienceUnknown("A resource is an absolute URI without a fragment.")
    named = resources | {audience for audience in [form.one("audience")] if audience is not None}
    if len(named) > 1:
        raise AudienceAmbiguous("A token is for one audience; ask once for each.")
    return next(iter(named), None)


# What the metadata advertises is what the endpoint serves.
GRANT_TYPES: dict[str, Grant] = {"client_credentials": _client_credentials}
