"""POST /oauth/revoke: a bot gives a token up (RFC 7009)."""

from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.jose.verify import UnverifiedJws
from tokens.credentials.services import hashes_of
from tokens.errors import InvalidRequest
from tokens.keys.services import known_key, signing_key_of
from tokens.oauth import answers
from tokens.oauth.door import QuickEndpoint, client_of, form_endpoint
from tokens.oauth.statements import (
    CLIENTS_KNOWN,
    REVOKE_OWN_RECORD_OF_SAME_VERSION,
    Client,
    Issued,
    client_and_own_record,
    note_client_use,
    proof,
)
from tokens.protocol.access_token import LAST_SECOND, TYP, AccessToken
from tokens.protocol.client_authentication import UnverifiedClient, client_credentials_of
from tokens.protocol.form import Form
from tokens.protocol.networks import is_allowed
from tokens.records.revocation import REVOKE_ONE, revoke_record, revoke_token
from tokens.records.verification import check_token, find_record, jti_of, parsed

PROFILES = {typ: profile for profile, typ in TYP.items()}


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
    name = client.unverified_client_id
    known = CLIENTS_KNOWN.get_of_secret(hashes, name, at=now)
    if known is not None:
        if is_allowed(address, known.allowed_networks) and _revoke_at_once(jws, token, known, address):
            return b""
        CLIENTS_KNOWN.forget(known.secret_hash, name)
    found = client_and_own_record(len(hashes)).rows(**proof(client, hashes, at=now), jti=jti_of(jws))
    if not found:  # nobody, or a token that is none of this bot's
        return None
    caller, record = Client(*found[0][: len(Client._fields)]), Issued(*found[0][len(Client._fields) :])
    if not is_allowed(address, caller.allowed_networks):
        return None
    key = signing_key_of(record.signing_key_id)
    check_token(jws, says=record.says(), profile=record.profile, key=key)
    note_client_use(caller, hashes, address=address, at=now)
    CLIENTS_KNOWN.keep_of_secret(caller, name, found=caller, at=now)
    revoke_record(
        REVOKE_ONE,
        {"number": record.number},
        jti=record.jti,
        bot=caller.name,
        by=Actor.bot(caller.name, address),
    )
    return b""


def _revoke_at_once(jws: UnverifiedJws, token: str, known: Client, address: str | None) -> bool:
    """
    Revoke a token by one statement: it finds a record that says what the token says, and that the client is still who
    this process remembers. False where it finds none, or the token is of a kind that another statement is for.

    Raises JwtRefused for a token that is not signed by the key that it names.
    """
    key = known_key(jws.unverified_header.get("kid", ""))
    profile = PROFILES.get(jws.unverified_header.get("typ", ""))
    audience, issued_at, expires_at = map(jws.unverified_claims.get, ("aud", "iat", "exp"))
    if not (key and profile and isinstance(audience, str) and issued_at):
        return False
    if expires_at is None or expires_at == LAST_SECOND:  # no end, which no record is equal to
        return False
    says = AccessToken(
        issuer=settings.BASE_URL,
        bot=known.name,
        audience=audience,
        scopes=[],
        roles=[],
        issued_at=issued_at,
        expires_at=expires_at,
        jti=jti_of(jws),
    )
    check_token(jws, says=says, profile=profile, key=key, text=token, ends=True)
    said = {
        "bot_id": known.bot_id,
        "signing_key_id": key.pk,
        "identifier": audience,
        "profile": profile,
        "issued_at": datetime.fromtimestamp(issued_at, UTC),
        "expires_at": datetime.fromtimestamp(expires_at, UTC),
    }
    which = {f"said_{name}": value for name, value in said.items()} | {
        "version": known.version,
        "jti": says.jti,
    }
    by = Actor.bot(known.name, address)
    return revoke_record(REVOKE_OWN_RECORD_OF_SAME_VERSION, which, jti=says.jti, bot=known.name, by=by)


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
