"""POST /oauth/revoke: a bot gives a token up (RFC 7009)."""

from django.http import HttpRequest, HttpResponse

from ssoconsole.actors import Actor
from tokens.errors import InvalidRequest
from tokens.oauth import answers
from tokens.oauth.door import client_of, form_endpoint
from tokens.protocol.form import Form
from tokens.records.ending import revoke_token
from tokens.records.verification import find_record


@form_endpoint()
def revocation_endpoint(request: HttpRequest, form: Form) -> HttpResponse:
    """
    Revoke a token of the caller's own.

    200 also for a token that is unknown, dead already, or somebody else's, which stays what it was.
    `token_type_hint` is not needed: there is one kind of token.
    """
    bot = client_of(request, form).bot
    token = form.one("token")
    if token is None:
        raise InvalidRequest("The parameter token is missing.")
    record = find_record(token)
    if record is not None and record.bot_id == bot.pk:
        revoke_token(record=record, by=Actor.bot(bot.name, request.META.get("REMOTE_ADDR") or None))
    return answers.empty_success()
