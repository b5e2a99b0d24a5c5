"""/bots/<name>/tokens and /tokens/<jti>"""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from tokens.api.authentication import actor_of, visible_bots
from tokens.api.examples import NEW_TOKEN, REVOKED
from tokens.api.serializers import (
    NewTokenSerializer,
    RevokedSerializer,
    TokenRequestSerializer,
    TokenSerializer,
)
from tokens.api.views import IDEMPOTENCY_KEY, ConsoleView, created, one, repeatable
from tokens.bots.grants import choose_grant
from tokens.models import Audience, TokenRecord
from tokens.protocol.access_token import parse_lifetime
from tokens.protocol.scopes import check_scopes
from tokens.records.revocation import revoke_token, revoke_tokens_of_bot
from tokens.records.services import issue_token


class TokensView(ConsoleView):
    """The tokens of one bot."""

    serializer_class = TokenSerializer
    owners_may_read = True
    ordering = "-number"

    @extend_schema(operation_id="tokens_list", responses=TokenSerializer(many=True))
    def get(self, request: Request, name: str) -> Response:
        """List the bot's tokens, newest first; never the tokens themselves."""
        bot = one(visible_bots(request), name=name)
        return self.listed(_visible_records(request).filter(bot=bot))

    @extend_schema(
        operation_id="tokens_create",
        parameters=[IDEMPOTENCY_KEY],
        request=TokenRequestSerializer,
        responses={201: NewTokenSerializer},
        examples=NEW_TOKEN,
    )
    @repeatable
    def post(self, request: Request, name: str) -> Response:
        """Issue a token to the bot; this answer is the only one that holds it."""
        bot = one(visible_bots(request), name=name)
        data = self.body(request, TokenRequestSerializer)
        audience = choose_grant(bot, identifier=data.get("audience")).audience
        record, token = issue_token(
            bot=bot,
            audience=audience,
            scopes=check_scopes(data["scopes"]) if "scopes" in data else None,
            lifetime=_lifetime(data, audience),
            label=data.get("label", ""),
            by=actor_of(request),
        )
        shown = NewTokenSerializer(record, context={"token": token})
        return created(shown.data, "api_token", jti=record.jti)


class TokenView(ConsoleView):
    """One token."""

    serializer_class = TokenSerializer
    owners_may_read = True

    @extend_schema(operation_id="tokens_read", responses=TokenSerializer)
    def get(self, request: Request, jti: str) -> Response:
        """Read the record of a token."""
        return Response(self.shown(one(_visible_records(request), jti=jti)))

    @extend_schema(operation_id="tokens_revoke", responses={204: None})
    def delete(self, request: Request, jti: str) -> Response:
        """Revoke a token, at once and for good."""
        revoke_token(record=one(_visible_records(request), jti=jti), by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RevokeTokensView(ConsoleView):
    """Everything a bot holds."""

    serializer_class = RevokedSerializer
    owners_may_read = True

    @extend_schema(
        operation_id="tokens_revoke_all", request=None, responses=RevokedSerializer, examples=REVOKED
    )
    def post(self, request: Request, name: str) -> Response:
        """Revoke all tokens of a bot, at once and for good."""
        bot = one(visible_bots(request), name=name)
        return Response({"revoked": revoke_tokens_of_bot(bot=bot, by=actor_of(request))})


def _visible_records(request: Request) -> QuerySet[TokenRecord]:
    return TokenRecord.objects.filter(bot__in=visible_bots(request)).select_related(
        "audience", "bot", "revocation"
    )


def _lifetime(data: dict[str, Any], audience: Audience) -> timedelta | None:
    if data.get("lifetime") is None:
        return timedelta(seconds=audience.token_lifetime)
    return parse_lifetime(data["lifetime"])
