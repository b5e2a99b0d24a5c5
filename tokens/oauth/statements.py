"""
What bots ask for most, by one or two statements that are prepared: a token, an introspection and a revocation by
client secret.

`…_at_once` of each endpoint answers a request that is right in every way, and None for any other: the endpoint
then goes the ordinary way, which is slower, decides anew and tells the cause. Both ways go by the same rules: which
rows count is what the QuerySets say, and what a row permits is what the same functions say.
`tests/tokens/test_at_once.py` holds the two equal.

What a process has found out about a client it remembers for a minute, and then asks, in the statement that answers the
request, whether it is still so, word for word. It never goes by what it remembers alone.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Field,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    TextField,
    UUIDField,
)
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact

from ssoconsole.platform.connections.prepared import Parameter, Statement, insert, select
from tokens.credentials.services import LAST_USED_EVERY, Hashes, note_use
from tokens.models import Audience, Credential, Grant, SigningKey, TokenRecord
from tokens.models.credential import CredentialQuerySet
from tokens.models.record import TokenRecordQuerySet, audience_counts, bot_counts
from tokens.protocol.access_token import AccessToken
from tokens.protocol.client_authentication import UnverifiedClient
from tokens.records.revocation import revocation

MOST_KNOWN = 10_000
Found = TypeVar("Found")


class Client(NamedTuple):
    """A bot that has proved itself, and the secret that it did it with."""

    credential_id: UUID
    secret_hash: str
    use_is_due: bool
    bot_id: int
    name: str
    networks: str

    @property
    def allowed_networks(self) -> list[Any]:
        return [] if self.networks == "[]" else json.loads(self.networks)

    def is_still(self, known: "Client") -> bool:
        """Tell whether a statement that asked for what is `known` has found this client."""
        return self[3:] == known[3:] and self.credential_id == known.credential_id


class GrantHeld(NamedTuple):
    """
    What it may ask for at one audience, and which key signs there; None in each for a bot without a grant.

    Lists are the JSON that the database has.
    """

    audience_id: int
    audience_counts: bool
    identifier: str
    profile: str
    token_lifetime: int
    audience_scopes: str
    scopes: str
    roles: str
    signing_key_id: UUID
    max_live_tokens: int


class Issued(NamedTuple):
    """A record, and what its JWT says."""

    number: int
    bot_id: int
    bot: str
    audience_id: int
    audience: str
    profile: str
    signing_key_id: UUID
    scopes: list[str]
    roles: list[str]
    jti: str
    issued_at: datetime
    expires_at: datetime | None

    def says(self) -> AccessToken:
        return AccessToken(
            issuer=settings.BASE_URL,
            bot=self.bot,
            audience=self.audience,
            scopes=self.scopes,
            roles=self.roles,
            issued_at=int(self.issued_at.timestamp()),
            expires_at=None if self.expires_at is None else int(self.expires_at.timestamp()),
            jti=self.jti,
        )


def _truth(condition: Q) -> "ExpressionWrapper[Any]":
    return ExpressionWrapper(condition, output_field=BooleanField())


def _text(field: str) -> Cast:
    return Cast(field, TextField())


_AT = Parameter("at", DateTimeField())
_AUDIENCE = "bot__grants__audience__"
_SIGNING = SigningKey.objects.signing().filter(alg=OuterRef(f"{_AUDIENCE}signing_alg"))
_USE_IS_DUE = _truth(Q(last_used_at=None) | Q(last_used_at__lte=Parameter("used_before", DateTimeField())))
# Where the fields of `Client` and `GrantHeld` come from, in their order.
_CLIENT: dict[str, Any] = {
    "credential_id": F("pk"),
    "secret_hash": F("secret_hash"),
    "use_is_due": _USE_IS_DUE,
    "bot_id": F("bot_id"),
    "name": F("bot__name"),
    "networks": _text("bot__allowed_networks"),
}
_GRANT: dict[str, Any] = {
    "audience_id": F("bot__grants__audience_id"),
    "audience_counts": _truth(audience_counts(_AUDIENCE)),
    "identifier": F(f"{_AUDIENCE}identifier"),
    "profile": F(f"{_AUDIENCE}profile"),
    "token_lifetime": F(f"{_AUDIENCE}token_lifetime"),
    "audience_scopes": _text(f"{_AUDIENCE}scopes"),
    "scopes": _text("bot__grants__scopes"),
    "roles": _text("bot__grants__roles"),
    "signing_key_id": Subquery(_SIGNING.values("pk")[:1]),
    "max_live_tokens": F("bot__max_live_tokens"),
}


def _clients(hashes: int) -> CredentialQuerySet:
    """The live secret of this client, by its hash under any key of the ring."""
    hashed = [Parameter(f"hash_{place}", CharField()) for place in range(hashes)]
    live = Credential.objects.client_secrets().live(at=_AT)
    return live.filter(
        bot_counts("bot__"), secret_hash__in=hashed, bot__name=Parameter("client_id", CharField())
    )


@cache
def client_by_secret(hashes: int) -> Statement:
    return select(lambda: _clients(hashes).values_list(*_CLIENT.values()))


@cache
def grants_of_client(hashes: int, *, named: bool) -> Statement:
    def rows() -> Any:
        found = _clients(hashes)
        if named:
            found = found.filter(**{f"{_AUDIENCE}identifier": Parameter("identifier", CharField())})
        return found.values_list(*_CLIENT.values(), *_GRANT.values())[:2]

    return select(rows)


def _as_known(columns: "Mapping[str, Any]", **fields: "type[Field[Any, Any]]") -> list[Exact]:
    """That these columns are what the parameters with their names, after `known_`, say."""
    return [Exact(columns[name], Parameter(f"known_{name}", field())) for name, field in fields.items()]


_CLIENT_AS_KNOWN = _as_known(_CLIENT, credential_id=UUIDField, bot_id=IntegerField, networks=TextField)
_GRANT_AS_KNOWN = _as_known(
    _GRANT,
    audience_id=IntegerField,
    identifier=TextField,
    profile=TextField,
    token_lifetime=IntegerField,
    audience_scopes=TextField,
    scopes=TextField,
    roles=TextField,
    signing_key_id=UUIDField,
    max_live_tokens=IntegerField,
)


def _known_client() -> CredentialQuerySet:
    return _clients(1).filter(*_CLIENT_AS_KNOWN).order_by()


def _known_grant() -> CredentialQuerySet:
    return _known_client().filter(audience_counts(_AUDIENCE), *_GRANT_AS_KNOWN)


def _known_only_grant() -> CredentialQuerySet:
    others = Grant.objects.filter(bot=OuterRef("bot")).exclude(
        audience=Parameter("known_audience_id", IntegerField())
    )
    return _known_grant().filter(~Exists(others))


def _record_columns(path: str = "") -> list[str]:
    return [
        f"{path}{column}"
        for column in (
            *("number", "bot_id", "bot__name", "audience_id", "audience__identifier", "audience__profile"),
            *("signing_key_id", "scopes", "roles", "jti", "issued_at", "expires_at"),
        )
    ]


_JTI = Parameter("jti", CharField())
_CALLER = Parameter("caller", TokenRecord._meta.get_field("number"))
_ROLES_THERE = Grant.objects.filter(bot=_CALLER, audience=OuterRef("audience")).order_by().values("roles")


def _live_records(*conditions: Exists) -> Any:
    found = TokenRecord.objects.live(at=_AT).filter(*conditions, jti=_JTI)
    return found.annotate(roles_there=Subquery(_ROLES_THERE[:1])).values_list(
        *_record_columns(), "roles_there"
    )


LIVE_RECORD = select(_live_records)
LIVE_RECORD_FOR_KNOWN = select(lambda: _live_records(Exists(_known_client())))
# There is one record of a jti.
NEW_RECORD = insert(TokenRecord, repeatable=True)
NEW_RECORD_FOR_KNOWN = insert(TokenRecord, where=_known_grant, repeatable=True)
NEW_RECORD_FOR_KNOWN_ONLY_GRANT = insert(TokenRecord, where=_known_only_grant, repeatable=True)


@cache
def client_and_own_record(hashes: int) -> Statement:
    return select(
        lambda: (
            _clients(hashes)
            .filter(bot__token_records__jti=_JTI)
            .values_list(*_CLIENT.values(), *_record_columns("bot__token_records__"))
        )
    )


def _own_record_of_known() -> TokenRecordQuerySet:
    """The record that says what a token of this client's says, as long as the client is who is known."""
    said = {
        "bot_id": IntegerField,
        "signing_key_id": UUIDField,
        "issued_at": DateTimeField,
        "expires_at": DateTimeField,
    }
    same = [Exact(_by_no_index(name), Parameter(f"said_{name}", field())) for name, field in said.items()]
    audience = {name: Parameter(f"said_{name}", CharField()) for name in ("identifier", "profile")}
    there = Audience.objects.filter(pk=_by_no_index(OuterRef("audience")), **audience)
    return TokenRecord.objects.filter(Exists(there), Exists(_known_client()), *same, jti=_JTI)


def _by_no_index(column: Any) -> Coalesce:
    """A column, but for the planner: of a bot, a key, an audience or an end there may be thousands, of a jti one."""
    return Coalesce(column, column)


REVOKE_OWN_RECORD_OF_KNOWN = revocation(_own_record_of_known)


class Known(Generic[Found]):
    """
    What this process has found lately, by what it was asked: a part of the next statement, never an answer.

    Kept for as long as a use of a secret needs not be written. What is asked holds the secret's hash, not the secret.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], tuple[Found, datetime]] = {}

    def get(self, hashes: Hashes, *asked: str, at: datetime) -> Found | None:
        for newest in hashes.values():
            found, until = self._found.get((newest, *asked), (None, at))
            if at < until:
                return found
        return None

    def keep(self, hashes: Hashes, *asked: str, found: Found, client: Client, at: datetime) -> None:
        self.forget(hashes, *asked)
        newest = hashes[client.secret_hash]
        if client.secret_hash != newest:  # kept under an older key of the ring: to be written anew first
            return
        if len(self._found) >= MOST_KNOWN:
            self._found.clear()
        self._found[newest, *asked] = found, at + LAST_USED_EVERY

    def forget(self, hashes: Hashes, *asked: str) -> None:
        for newest in hashes.values():
            self._found.pop((newest, *asked), None)

    def clear(self) -> None:
        self._found.clear()


# By the secret's hash and the client's name.
CLIENTS_KNOWN: Known[Client] = Known()


@lru_cache(maxsize=1_000)  # which are the same at every request
def known_values(client: Client, grant: GrantHeld | None = None) -> Mapping[str, Any]:
    """The parameters that say what is known, and by which hash."""
    known = client._asdict() | (grant._asdict() if grant else {})
    return {f"known_{name}": value for name, value in known.items()} | {"hash_0": client.secret_hash}


def proof(client: UnverifiedClient, hashes: Hashes, *, at: datetime) -> dict[str, Any]:
    named = {f"hash_{place}": value for place, value in enumerate(hashes)}
    return {**named, "client_id": client.unverified_client_id, "at": at, "used_before": at - LAST_USED_EVERY}


def note_client_use(caller: Client, hashes: Hashes, *, address: str | None, at: datetime) -> None:
    secret_hash = hashes[caller.secret_hash]
    if caller.use_is_due or caller.secret_hash != secret_hash:
        credential = Credential(pk=caller.credential_id, secret_hash=caller.secret_hash)
        note_use(credential, address=address, at=at, secret_hash=secret_hash)
