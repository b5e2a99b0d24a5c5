"""POST /oauth/revoke: a bot gives a token up (RFC 7009)."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from tokens.credentials.services import hashes_of
from tokens.errors import InvalidRequest
from tokens.keys.parsed import signing_key_of
from tokens.oauth import answers
from tokens.oauth.door import QuickEndpoint, client_of, form_endpoint
from tokens.oauth.statements import (
    Client,
    Issued,
    client_and_own_record,
    note_client_use,
    proof,
)
from tokens.protocol.client_authentication import UnverifiedClient, client_credentials_of
from tokens.protocol.form import Form
from tokens.protocol.networks import is_allowed
from tokens.records.ending import revoke_record, revoke_token
from tokens.records.verification import check_token, find_record, jti_of, parsed


def revocation_at_once(form: Form, authorization: str | None, address: str | None) -> bytes | None:
    """Revoke a token of the client's own and return the empty answer of the revocation endpoint, or None."""
    client = client_credentials_of(form, authorization=authorization)
    token = form.one("token")
    if not isinstance(client, UnverifiedClient) or token is None:
        return None
    jws = parsed(token)
    if jws is None:
        return None
    now, hashes = timezone.now(), hashes_of(client.unverified_client_secrets)
    statement = client_and_own_record(len(hashes))
    found = statement.rows(**proof(client, hashes, at=now), jti=jti_of(jws))
    if not found:  # nobody, or a token that is none of this bot's
        return None
    caller, record = Client(*found[0][: len(Client._fields)]), Issued(*found[0][len(Client._fields) :])
    if not is_allowed(address, caller.allowed_networks):
        return None
    key = signing_key_of(record.signing_key_id)
    check_token(jws, says=record.says(), profile=record.profile, key=key)
    note_client_use(caller, hashes, address=address, at=now)
    by = Actor.bot(caller.name, address)
    revoke_record(number=record.number, jti=record.jti, bot=caller.name, by=by)
    return b""


REVOCATION = QuickEndpoint(revocation_at_once)


@form_endpoint(REVOCATION)
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
