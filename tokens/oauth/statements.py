"""
What bots ask for most, found by two statements that are prepared: a token, an introspection and a revocation by client
secret.

`…_at_once` of each endpoint answers a request that is right in every way, and None for any other: the endpoint
then goes the ordinary way, which is slower, decides anew and tells the cause. Both ways go by the same rules: which
rows count is what the QuerySets say, and what a row permits is what the same functions say.
`tests/tokens/test_at_once.py` holds the two equal.
"""

from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import BooleanField, CharField, DateTimeField, ExpressionWrapper, OuterRef, Q, Subquery

from ssoconsole.connections.prepared import Parameter, Statement, insert, select
from ssoconsole.encryption.ring import key_ring
from tokens.credentials.services import PURPOSE
from tokens.credentials.use import LAST_USED_EVERY, note_use
from tokens.models import Credential, Grant, SigningKey, TokenRecord
from tokens.models.credential import CredentialQuerySet
from tokens.models.record import audience_counts, bot_counts
from tokens.protocol.access_token import AccessToken
from tokens.protocol.client_authentication import UnverifiedClient


class Client(NamedTuple):
    """A bot that has proved itself, and the secret that it did it with."""

    credential_id: UUID
    secret_hash: str
    use_is_due: bool
    bot_id: int
    name: str
    allowed_networks: list[Any]


class GrantHeld(NamedTuple):
    """What it may ask for at one audience, and which key signs there; None in each for a bot without a grant."""

    max_live_tokens: int
    audience_id: int
    audience_counts: bool
    identifier: str
    profile: str
    token_lifetime: int
    audience_scopes: list[str]
    scopes: list[str]
    roles: list[str]
    signing_key_id: UUID | None


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


_AT = Parameter("at", DateTimeField())
_CLIENT = ("pk", "secret_hash", "use_is_due", "bot_id", "bot__name", "bot__allowed_networks")


def _clients(hashes: int) -> CredentialQuerySet:
    """The live secret of this client, by its hash under any key of the ring."""
    hashed = [Parameter(f"hash_{place}", CharField()) for place in range(hashes)]
    live = Credential.objects.client_secrets().live(at=_AT)
    proved = live.filter(
        bot_counts("bot__"), secret_hash__in=hashed, bot__name=Parameter("client_id", CharField())
    )
    due = Q(last_used_at=None) | Q(last_used_at__lte=Parameter("used_before", DateTimeField()))
    return proved.annotate(use_is_due=_truth(due))


@cache
def client_by_secret(hashes: int) -> Statement:
    return select(lambda: _clients(hashes).values_list(*_CLIENT))


@cache
def grants_of_client(hashes: int, *, named: bool) -> Statement:
    signing = SigningKey.objects.signing().filter(alg=OuterRef("bot__grants__audience__signing_alg"))

    def rows() -> Any:
        found = _clients(hashes)
        if named:
            found = found.filter(bot__grants__audience__identifier=Parameter("identifier", CharField()))
        return found.annotate(
            audience_counts=_truth(audience_counts("bot__grants__audience__")),
            signing_key=Subquery(signing.values("pk")[:1]),
        ).values_list(
            *_CLIENT,
            "bot__max_live_tokens",
            "bot__grants__audience_id",
            "audience_counts",
            "bot__grants__audience__identifier",
            "bot__grants__audience__profile",
            "bot__grants__audience__token_lifetime",
            "bot__grants__audience__scopes",
            "bot__grants__scopes",
            "bot__grants__roles",
            "signing_key",
        )[:2]

    return select(rows)


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
LIVE_RECORD = select(
    lambda: (
        TokenRecord.objects.live(at=_AT)
        .filter(jti=_JTI)
        .annotate(roles_there=Subquery(_ROLES_THERE[:1]))
        .values_list(*_record_columns(), "roles_there")
    )
)
NEW_RECORD = insert(TokenRecord)


@cache
def client_and_own_record(hashes: int) -> Statement:
    return select(
        lambda: (
            _clients(hashes)
            .filter(bot__token_records__jti=_JTI)
            .values_list(*_CLIENT, *_record_columns("bot__token_records__"))
        )
    )


def _truth(condition: Q) -> "ExpressionWrapper[Any]":
    return ExpressionWrapper(condition, output_field=BooleanField())


def hashes_of(client: UnverifiedClient) -> list[str]:
    return key_ring().keyed_hashes(client.unverified_client_secret, purpose=PURPOSE)


def proof(client: UnverifiedClient, hashes: list[str], *, at: datetime) -> dict[str, Any]:
    named = {f"hash_{place}": value for place, value in enumerate(hashes)}
    return {**named, "client_id": client.unverified_client_id, "at": at, "used_before": at - LAST_USED_EVERY}


def note_client_use(caller: Client, *, address: str | None, at: datetime, secret_hash: str) -> None:
    if caller.use_is_due or caller.secret_hash != secret_hash:
        credential = Credential(pk=caller.credential_id, secret_hash=caller.secret_hash)
        note_use(credential, address=address, at=at, secret_hash=secret_hash)
