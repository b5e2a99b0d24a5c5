"""
What bots ask for most, by one or two statements that are prepared: a token, an introspection and a revocation by
client secret.

`…_at_once` of each endpoint answers a request that is right in every way, and None for any other: the endpoint
then goes the ordinary way, which is slower, decides anew and tells the cause. Both ways go by the same rules: which
rows count is what the QuerySets say, and what a row permits is what the same functions say.
`tests/tokens/test_at_once.py` holds the two equal.

What a process has read it remembers for a minute, with the version of the registry that it was read with. The statement
that answers the request finds the same version, or nothing: it never goes by what it remembers alone.
"""

import json
from datetime import datetime
from functools import cache
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
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    UUIDField,
)
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact

from ssoconsole.platform.connections.prepared import Parameter, Statement, insert, select
from tokens.credentials.services import LAST_USED_EVERY, Hashes, note_use
from tokens.models import Audience, Credential, Grant, RegistryVersion, SigningKey, TokenRecord
from tokens.models.credential import CredentialQuerySet
from tokens.models.record import TokenRecordQuerySet, audience_counts, bot_counts
from tokens.protocol.access_token import AccessToken
from tokens.protocol.client_authentication import UnverifiedClient
from tokens.records.revocation import revocation

MOST_KNOWN = 10_000
Found = TypeVar("Found")


class Client(NamedTuple):
    """A bot that has proved itself, the secret that it did it with, and the version that it was read with."""

    credential_id: UUID
    secret_hash: str
    ends_at: datetime | None
    use_is_due: bool
    bot_id: int
    name: str
    networks: str
    version: UUID | None

    @property
    def allowed_networks(self) -> list[Any]:
        return [] if self.networks == "[]" else json.loads(self.networks)


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
    """A record, and what its JWT says; whose token it is, and for which audience, stands last."""

    number: int
    bot_id: int
    audience_id: int
    signing_key_id: UUID
    scopes: list[str]
    roles: list[str]
    jti: str
    issued_at: datetime
    expires_at: datetime | None
    bot: str
    audience: str
    profile: str

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
_VERSION = Subquery(RegistryVersion.objects.readable().values("version")[:1])
_AUDIENCE = "bot__grants__audience__"
_SIGNING = SigningKey.objects.signing().filter(alg=OuterRef(f"{_AUDIENCE}signing_alg"))
_USE_IS_DUE = _truth(Q(last_used_at=None) | Q(last_used_at__lte=Parameter("used_before", DateTimeField())))
# Where the fields of `Client` and `GrantHeld` come from, in their order.
_CLIENT: dict[str, Any] = {
    "credential_id": F("pk"),
    "secret_hash": F("secret_hash"),
    "ends_at": F("expires_at"),
    "use_is_due": _USE_IS_DUE,
    "bot_id": F("bot_id"),
    "name": F("bot__name"),
    "networks": _text("bot__allowed_networks"),
    "version": _VERSION,
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


def _same_version() -> "QuerySet[RegistryVersion]":
    return RegistryVersion.objects.filter(version=Parameter("version", UUIDField()))


_JTI = Parameter("jti", CharField())
_CALLER = Parameter("caller", TokenRecord._meta.get_field("number"))
_ROLES_THERE = Grant.objects.filter(bot=_CALLER, audience=OuterRef("audience")).order_by().values("roles")
# Where the fields of `Issued` come from, in their order.
_OF_RECORD = (
    *("number", "bot_id", "audience_id", "signing_key_id", "scopes", "roles", "jti", "issued_at"),
    "expires_at",
)
_OF_HOLDER = ("bot__name", "audience__identifier", "audience__profile")


def _live_record() -> Any:
    found = TokenRecord.objects.live(at=_AT).filter(jti=_JTI)
    return found.annotate(roles_there=Subquery(_ROLES_THERE[:1]), version=_VERSION).values_list(
        *_OF_RECORD, *_OF_HOLDER, "roles_there", "signing_key__verify_until", "version"
    )


def _unended_record() -> Any:
    found = TokenRecord.objects.unended(at=_AT).filter(Exists(_same_version()), jti=_JTI)
    return found.values_list(*_OF_RECORD)


# The fields of `Issued`; the roles of the caller there, until when the key verifies, and the version.
LIVE_RECORD = select(_live_record)
# What ends a token by itself; nothing where the version is another one.
UNENDED_RECORD_OF_SAME_VERSION = select(_unended_record)
# There is one record of a jti.
NEW_RECORD = insert(TokenRecord, repeatable=True)
NEW_RECORD_OF_SAME_VERSION = insert(TokenRecord, where=_same_version, repeatable=True)


@cache
def client_and_own_record(hashes: int) -> Statement:
    columns = [f"bot__token_records__{column}" for column in (*_OF_RECORD, *_OF_HOLDER)]
    return select(
        lambda: _clients(hashes).filter(bot__token_records__jti=_JTI).values_list(*_CLIENT.values(), *columns)
    )


def _own_record_of_same_version() -> TokenRecordQuerySet:
    """The record that says what a token of this client's says."""
    said = {
        "bot_id": IntegerField,
        "signing_key_id": UUIDField,
        "issued_at": DateTimeField,
        "expires_at": DateTimeField,
    }
    same = [Exact(_by_no_index(name), Parameter(f"said_{name}", field())) for name, field in said.items()]
    audience = {name: Parameter(f"said_{name}", CharField()) for name in ("identifier", "profile")}
    there = Audience.objects.filter(pk=_by_no_index(OuterRef("audience")), **audience)
    return TokenRecord.objects.filter(Exists(there), Exists(_same_version()), *same, jti=_JTI).order_by()


def _by_no_index(column: Any) -> Coalesce:
    """A column, but for the planner: of a bot, a key, an audience or an end there may be thousands, of a jti one."""
    return Coalesce(column, column)


REVOKE_OWN_RECORD_OF_SAME_VERSION = revocation(_own_record_of_same_version)


class Known(Generic[Found]):
    """
    What this process has read lately, and with which version: a part of the next statement, never an answer.

    Kept for as long as a use of a secret needs not be written.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[Any, ...], tuple[Found, datetime]] = {}

    def get(self, *key: Any, at: datetime) -> Found | None:
        found, until = self._found.get(key, (None, at))
        return found if at < until else None

    def get_of_secret(self, hashes: Hashes, *asked: Any, at: datetime) -> Found | None:
        """What is kept of the client whose secret has one of these hashes."""
        for newest in set(hashes.values()):
            if (found := self.get(newest, *asked, at=at)) is not None:
                return found
        return None

    def keep(
        self, *key: Any, found: Found, version: UUID | None, at: datetime, ends_at: datetime | None
    ) -> None:
        """Keep what was read with a version, and nothing else; `ends_at` is when it is over by the clock, if it is."""
        if version is None:
            return
        if len(self._found) >= MOST_KNOWN:
            self._found.clear()
        until = at + LAST_USED_EVERY
        self._found[key] = found, until if ends_at is None else min(until, ends_at)

    def keep_of_secret(self, client: "Client", *asked: Any, found: Found, at: datetime) -> None:
        """Keep what was read with a client, by the hash of his secret, which is not the secret."""
        self.keep(
            client.secret_hash, *asked, found=found, version=client.version, at=at, ends_at=client.ends_at
        )

    def forget(self, *key: Any) -> None:
        self._found.pop(key, None)

    def clear(self) -> None:
        self._found.clear()


# By the hash of a secret and the client's name.
CLIENTS_KNOWN: Known[Client] = Known()


def proof(client: UnverifiedClient, hashes: Hashes, *, at: datetime) -> dict[str, Any]:
    named = {f"hash_{place}": value for place, value in enumerate(hashes)}
    return {**named, "client_id": client.unverified_client_id, "at": at, "used_before": at - LAST_USED_EVERY}


def note_client_use(caller: Client, hashes: Hashes, *, address: str | None, at: datetime) -> None:
    secret_hash = hashes[caller.secret_hash]
    if caller.use_is_due or caller.secret_hash != secret_hash:
        credential = Credential(pk=caller.credential_id, secret_hash=caller.secret_hash)
        note_use(credential, address=address, at=at, secret_hash=secret_hash)
