"""POST /oauth/introspect: is this token live, and what does it say (RFC 7662)."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ssoconsole.platform.jose.algorithms import spend_verification
from ssoconsole.platform.jose.errors import JwtRefused
from ssoconsole.platform.jose.verify import UnverifiedJws
from ssoconsole.platform.metrics import count_introspection
from tokens.audiences import READ, WRITE, console_identifier
from tokens.credentials.services import hashes_of
from tokens.errors import CredentialUnknown, InvalidRequest, InvalidToken
from tokens.keys.services import signing_key_of
from tokens.models import Bot, Grant, TokenRecord
from tokens.oauth import answers
from tokens.oauth.door import QuickEndpoint, client_of, form_endpoint
from tokens.oauth.statements import (
    CLIENTS_KNOWN,
    LIVE_RECORD,
    UNENDED_RECORD_OF_SAME_VERSION,
    Client,
    Issued,
    Known,
    client_by_secret,
    note_client_use,
    proof,
)
from tokens.protocol.access_token import AccessToken, claims_of
from tokens.protocol.client_authentication import UnverifiedClient, client_credentials_of
from tokens.protocol.form import Form
from tokens.protocol.networks import is_allowed
from tokens.records.services import access_token_of
from tokens.records.verification import STAND_IN, check_token, find_live_record, jti_of, parsed

INACTIVE = {"active": False}

# A grant with this role at an audience says that the bot is the API itself, which may look into whatever is
# presented to it. Merely holding a grant there makes a bot another customer of that API.
RESOURCE_SERVER = "resource_server"


def introspection_at_once(form: Form, authorization: str | None, address: str | None) -> bytes | None:
    """Return the answer of the introspection endpoint to a client that proves itself by secret, or None."""
    client = client_credentials_of(form, authorization=authorization)
    token = form.one("token")
    if not isinstance(client, UnverifiedClient) or token is None:
        return None
    now, hashes = timezone.now(), hashes_of(client.unverified_client_secrets)
    name, jws, live = client.unverified_client_id, parsed(token), None
    known = CLIENTS_KNOWN.get_of_secret(hashes, name, at=now)
    if known is not None and is_allowed(address, known.allowed_networks):
        # One statement finds the record, and that the client is still who this process remembers.
        live = _live_token(jws, token, known, at=now, is_remembered=True)
    if live is None:
        found = client_by_secret(len(hashes)).rows(**proof(client, hashes, at=now))
        if not found:
            raise CredentialUnknown
        caller = Client(*found[0])
        if not is_allowed(address, caller.allowed_networks):
            return None
        note_client_use(caller, hashes, address=address, at=now)
        if known is not None:
            CLIENTS_KNOWN.forget(known.secret_hash, name)
        CLIENTS_KNOWN.keep_of_secret(caller, name, found=caller, at=now)
        if known is None or known.version != caller.version:
            live = _live_token(jws, token, caller, at=now, is_remembered=False)
    count_introspection(active=live is not None)
    return json.dumps(INACTIVE if live is None else introspection_answer(live[0], profile=live[1])).encode()


def _live_token(
    jws: UnverifiedJws | None, token: str, caller: Client, *, at: datetime, is_remembered: bool
) -> tuple[AccessToken, str] | None:
    """What a live token says that this bot may see, and its profile; whatever is wrong costs the same."""
    found = _live_record(jti_of(jws), caller, at=at, is_remembered=is_remembered)
    if found is None or jws is None or not may_see(caller.bot_id, of=found[0].bot_id, roles=found[1]):
        spend_verification(STAND_IN)
        return None
    record = found[0]
    key, says = signing_key_of(record.signing_key_id), record.says()
    try:
        check_token(jws, says=says, profile=record.profile, key=key, text=token)
    except JwtRefused:
        return None
    return says, record.profile


def _live_record(
    jti: str, caller: Client, *, at: datetime, is_remembered: bool
) -> tuple[Issued, Sequence[str]] | None:
    """
    The record of this `jti`, if it counts, and the roles of the caller at its audience.

    A caller who is remembered has to be found as he was read, and so has who holds the token, where this process has
    read that as well.
    """
    if is_remembered:
        records = UNENDED_RECORD_OF_SAME_VERSION.rows(jti=jti, at=at, version=caller.version)
        if not records:
            return None
        known = HOLDERS_KNOWN.get(caller.version, caller.bot_id, *records[0][1:4], at=at)
        if known is not None:
            return Issued(*(records[0] + known[0])), known[1]
    records = LIVE_RECORD.rows(jti=jti, caller=caller.bot_id, at=at)
    if not records:
        return None
    *columns, roles_there, verify_until, version = records[0]
    record, roles = Issued(*columns), roles_there or []
    key = version, caller.bot_id, *record[1:4]
    HOLDERS_KNOWN.keep(*key, found=(record[-3:], roles), version=version, at=at, ends_at=verify_until)
    return record, roles


# By the version, the bot that asks, and bot, audience and signing key of a record: the last fields of `Issued`, and the
# roles of who asks.
HOLDERS_KNOWN: Known[tuple[tuple[str, str, str], Sequence[str]]] = Known()
INTROSPECTION = QuickEndpoint(introspection_at_once)


@form_endpoint(INTROSPECTION)
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
    """Return what the endpoint answers about a live token."""
    return introspection_answer(access_token_of(record), profile=record.audience.profile)


def introspection_answer(token: AccessToken, *, profile: str) -> dict[str, Any]:
    """The members of RFC 7662 section 2.2 for a live token; each has the value that the JWT has."""
    claims = claims_of(token, profile=profile)
    names = ("iss", "sub", "aud", "iat", "exp", "jti")
    shown: dict[str, Any] = {name: claims[name] for name in names if name in claims}
    if token.scopes:
        shown["scope"] = " ".join(token.scopes)
    return {"active": True, "client_id": token.bot, "token_type": "Bearer", **shown}


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
    if caller is None:
        return True
    there = Grant.objects.filter(bot=caller, audience=record.audience_id).values_list("roles", flat=True)
    return may_see(caller.pk, of=record.bot_id, roles=there.first() or [])


def may_see(caller: int, *, of: int, roles: Sequence[str]) -> bool:
    """Tell whether a bot may see a token of the bot `of`, for an audience where it has these roles itself."""
    return caller == of or RESOURCE_SERVER in roles
