"""/bots/<name>/secrets"""

import uuid

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from tokens.api.authentication import actor_of, visible_bots
from tokens.api.examples import NEW_SECRET, REVOKED
from tokens.api.serializers import NewSecretSerializer, RevokedSerializer, SecretSerializer
from tokens.api.views import IDEMPOTENCY_KEY, ConsoleView, created, one, repeatable
from tokens.credentials.services import add_client_secret, retire_credential
from tokens.models import Credential
from tokens.records.revocation import revoke_tokens_of_credential


class SecretsView(ConsoleView):
    """The client secrets of one bot."""

    serializer_class = SecretSerializer
    owners_may_read = True
    ordering = ("-created_at", "id")

    @extend_schema(operation_id="secrets_list", responses=SecretSerializer(many=True))
    def get(self, request: Request, name: str) -> Response:
        """List secrets, newest first; never what they are."""
        return self.listed(_secrets(request, name))

    @extend_schema(
        operation_id="secrets_create",
        parameters=[IDEMPOTENCY_KEY],
        request=SecretSerializer,
        responses={201: NewSecretSerializer},
        examples=NEW_SECRET,
    )
    @repeatable
    def post(self, request: Request, name: str) -> Response:
        """Make a secret; this answer is the only one that holds it."""
        bot = one(visible_bots(request), name=name)
        data = self.body(request)
        credential, client_secret = add_client_secret(
            bot=bot,
            label=data.get("label", ""),
            expires_at=data.get("expires_at"),
            retire_after_unused_days=data.get("retire_after_unused_days"),
            by=actor_of(request),
        )
        shown = NewSecretSerializer(credential, context={"client_secret": client_secret})
        return created(shown.data, "api_secret", name=bot.name, id=credential.pk)


class SecretView(ConsoleView):
    """One client secret."""

    serializer_class = SecretSerializer
    owners_may_read = True

    @extend_schema(operation_id="secrets_read", responses=SecretSerializer)
    def get(self, request: Request, name: str, id: uuid.UUID) -> Response:
        """Read about a secret; never what it is."""
        return Response(self.shown(one(_secrets(request, name), pk=id)))

    @extend_schema(operation_id="secrets_retire", responses={204: None})
    def delete(self, request: Request, name: str, id: uuid.UUID) -> Response:
        """Retire a secret: it proves nothing from now on. Tokens that it fetched stay, unless they are revoked."""
        retire_credential(credential=one(_secrets(request, name), pk=id), by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RevokeTokensOfSecretView(ConsoleView):
    """Everything that was fetched with a client secret."""

    serializer_class = RevokedSerializer
    owners_may_read = True

    @extend_schema(
        operation_id="secrets_revoke_tokens", request=None, responses=RevokedSerializer, examples=REVOKED
    )
    def post(self, request: Request, name: str, id: uuid.UUID) -> Response:
        """Revoke all tokens that were fetched with a secret, at once and for good; the secret itself stays."""
        credential = one(_secrets(request, name), pk=id)
        return Response({"revoked": revoke_tokens_of_credential(credential=credential, by=actor_of(request))})


def _secrets(request: Request, name: str) -> QuerySet[Credential]:
    bot = one(visible_bots(request), name=name)
    return Credential.objects.client_secrets().filter(bot=bot).select_related("bot")
