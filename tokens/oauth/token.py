"""POST /oauth/token: a bot turns its secret into a short-lived JWT (RFC 6749 section 4.4, RFC 8707)."""

import json
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.connections.prepared import Row
from ssoconsole.platform.metrics import count_token_issued
from tokens.bots.grants import choose_grant, granted_scopes
from tokens.credentials.services import hashes_of
from tokens.errors import (
    AudienceAmbiguous,
    AudienceUnknown,
    CredentialUnknown,
    InvalidRequest,
    UnsupportedGrantType,
)
from tokens.keys.services import signing_key_of
from tokens.models import Credential, TokenRecord
from tokens.oauth import answers
from tokens.oauth.door import QuickEndpoint, client_of, form_endpoint
from tokens.oauth.statements import (
    NEW_RECORD,
    NEW_RECORD_OF_SAME_VERSION,
    Client,
    GrantHeld,
    Known,
    grants_of_client,
    note_client_use,
    proof,
)
from tokens.protocol.access_token import AccessToken
from tokens.protocol.client_authentication import UnverifiedClient, client_credentials_of
from tokens.protocol.form import Form
from tokens.protocol.networks import is_allowed
from tokens.protocol.scopes import is_resource, parse_scope
from tokens.records.services import LONG_LIVED, issue_token, sign_access_token, take_room

Grant = Callable[[HttpRequest, Form, Credential], HttpResponse]


def token_at_once(form: Form, authorization: str | None, address: str | None) -> bytes | None:
    """
    Return the answer of the token endpoint, or None.

    The record is inserted before the token is signed: its number is its place in the status list. One statement
    finds that nothing has changed since this process read credential, bot, owner, grant, audience and signing key,
    and inserts; another one before it reads them, where it has not, or something has changed.
    """
    client = client_credentials_of(form, authorization=authorization)
    if form.one("grant_type") != "client_credentials" or not isinstance(client, UnverifiedClient):
        return None
    now, target = timezone.now(), requested_audience(form)
    hashes = hashes_of(client.unverified_client_secrets)
    asked = client.unverified_client_id, target
    known = GRANTS_KNOWN.get_of_secret(hashes, *asked, at=now)
    if known is not None and is_allowed(address, known[0].allowed_networks):
        insert = partial(NEW_RECORD_OF_SAME_VERSION.rows, version=known[0].version)
        answer = _issue(*known, form, address=address, at=now, insert=insert)
        if answer is not None:
            return answer
        GRANTS_KNOWN.forget(known[0].secret_hash, *asked)
    statement = grants_of_client(len(hashes), named=target is not None)
    found = statement.rows(**proof(client, hashes, at=now), identifier=target)
    if not found and target is None:
        raise CredentialUnknown
    if len(found) != 1:  # nobody, or no grant there; or several grants, and none was named
        return None
    caller, grant = Client(*found[0][: len(Client._fields)]), GrantHeld(*found[0][len(Client._fields) :])
    if not (grant.audience_counts and grant.signing_key_id and is_allowed(address, caller.allowed_networks)):
        return None
    note_client_use(caller, hashes, address=address, at=now)
    GRANTS_KNOWN.keep_of_secret(caller, *asked, found=(caller, grant), at=now)
    return _issue(caller, grant, form, address=address, at=now, insert=NEW_RECORD.rows)


def _issue(
    caller: Client,
    grant: GrantHeld,
    form: Form,
    *,
    address: str | None,
    at: datetime,
    insert: Callable[..., list[Row]],
) -> bytes | None:
    """Issue what the grant permits, if `insert` takes the record: it gives the number, or nothing."""
    scope = form.one("scope")
    scopes = granted_scopes(
        held=_listed(grant.scopes),
        there=_listed(grant.audience_scopes),
        asked=None if scope is None else parse_scope(scope),
    )
    roles = _listed(grant.roles)
    take_room(bot_id=caller.bot_id, most=grant.max_live_tokens, at=at)
    by, lifetime = Actor.bot(caller.name, address), timedelta(seconds=grant.token_lifetime)
    issued_at = at.replace(microsecond=0)
    jti = secrets.token_hex(16)
    inserted = insert(
        jti=jti,
        bot_id=caller.bot_id,
        audience_id=grant.audience_id,
        credential_id=caller.credential_id,
        signing_key_id=grant.signing_key_id,
        scopes=scopes,
        roles=roles,
        label="",
        issued_at=issued_at,
        issued_by=str(by)[:300],
        expires_at=issued_at + lifetime,
        long_lived=lifetime > LONG_LIVED,
    )
    if not inserted:
        return None
    [[number]] = inserted
    says = AccessToken(
        issuer=settings.BASE_URL,
        bot=caller.name,
        audience=grant.identifier,
        scopes=scopes,
        roles=roles,
        issued_at=int(issued_at.timestamp()),
        expires_at=int(issued_at.timestamp()) + grant.token_lifetime,
        jti=jti,
    )
    try:
        key = signing_key_of(grant.signing_key_id)
        token = sign_access_token(says, number=number, profile=grant.profile, key=key, by=by)
    except Exception:
        # A record says that there is a token. Where even this fails, it says so of one that nobody has.
        TokenRecord.objects.filter(pk=number).delete()
        raise
    transaction.on_commit(partial(count_token_issued, by=by.kind))
    return json.dumps(token_answer(token, lifetime=grant.token_lifetime, scopes=scopes)).encode()


@lru_cache(maxsize=1_000)
def _listed(names: str) -> tuple[str, ...]:
    return tuple(json.loads(names))


# By the hash of a secret, the client's name and the audience that was named.
GRANTS_KNOWN: Known[tuple[Client, GrantHeld]] = Known()
TOKEN = QuickEndpoint(token_at_once, repeatable=("resource",))


@form_endpoint(TOKEN)
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
    audience = choose_grant(bot, identifier=requested_audience(form)).audience
    scope = form.one("scope")
    record, token = issue_token(
        bot=bot,
        audience=audience,
        scopes=None if scope is None else parse_scope(scope),
        lifetime=timedelta(seconds=audience.token_lifetime),
        credential=credential,
        by=Actor.bot(bot.name, request.META.get("REMOTE_ADDR") or None),
    )
    return answers.success(token_answer(token, lifetime=audience.token_lifetime, scopes=record.scopes))


def token_answer(token: str, *, lifetime: int, scopes: Sequence[str]) -> dict[str, Any]:
    """The members of RFC 6749 section 5.1; `lifetime` is in seconds."""
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": lifetime,
        "scope": " ".join(scopes),
    }


def requested_audience(form: Form) -> str | None:
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
