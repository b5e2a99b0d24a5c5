"""/bots"""

from typing import Any

from django.db import transaction
from django.db.models import Max, Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from tokens.api.authentication import actor_of, visible_bots
from tokens.api.examples import NEW_BOT
from tokens.api.serializers import BotChangeSerializer, BotSerializer
from tokens.api.views import IDEMPOTENCY_KEY, ConsoleView, created, one, repeatable
from tokens.bots.services import GrantSpec, confirm_owner, disable_bot, enable_bot, retire_bot, save_bot
from tokens.errors import AudienceUnknown
from tokens.models import Audience, Bot, Grant


class BotsView(ConsoleView):
    """All bots that the caller may see."""

    serializer_class = BotSerializer
    owners_may_read = True
    ordering = "name"

    @extend_schema(operation_id="bots_list", responses=BotSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List bots by name."""
        return self.listed(shown_bots(request))

    @extend_schema(
        operation_id="bots_create",
        parameters=[IDEMPOTENCY_KEY],
        request=BotSerializer,
        responses={201: BotSerializer},
        examples=NEW_BOT,
    )
    @repeatable
    def post(self, request: Request) -> Response:
        """Create a bot."""
        data = self.body(request)
        with transaction.atomic():
            bot = _save(Bot(name=data["name"]), data, request)
        return created(self.shown(_read(request, bot.name)), "api_bot", name=bot.name)


class BotView(ConsoleView):
    """One bot."""

    serializer_class = BotSerializer
    owners_may_read = True

    @extend_schema(operation_id="bots_read", responses=BotSerializer)
    def get(self, request: Request, name: str) -> Response:
        """Read a bot."""
        return Response(self.shown(_read(request, name)))

    @extend_schema(operation_id="bots_change", request=BotChangeSerializer, responses=BotSerializer)
    def patch(self, request: Request, name: str) -> Response:
        """
        Change what is given; `{"disabled": true}` stops the bot, and its tokens with it.

        To name an owner confirms that the account which has that name now is the person who is meant.
        """
        bot = one(visible_bots(request), name=name)
        data = self.body(request, BotChangeSerializer)
        with transaction.atomic():
            _save(bot, data, request)
        return Response(self.shown(_read(request, bot.name)))

    @extend_schema(operation_id="bots_retire", responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        """Disable a bot for good. Its name stays taken."""
        retire_bot(bot=one(visible_bots(request), name=name), by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def shown_bots(request: Request) -> QuerySet[Bot]:
    """The bots this caller may see, with everything their bodies show."""
    grants = Prefetch("grants", Grant.objects.select_related("audience"))
    return (
        visible_bots(request).annotate(last_used_at=Max("credentials__last_used_at")).prefetch_related(grants)
    )


def _read(request: Request, name: str) -> Bot:
    return one(shown_bots(request), name=name)


def _save(bot: Bot, data: dict[str, Any], request: Request) -> Bot:
    by = actor_of(request)
    own = ("name", "description", "owner", "allowed_networks", "max_live_tokens")
    changes = {name: data[name] for name in own if name in data}
    for name, value in changes.items():
        setattr(bot, name, value)
    grants = _grant_specs(data["grants"]) if "grants" in data else None
    if bot.pk is None or changes or grants is not None:
        save_bot(bot=bot, grants=grants, by=by)
    if "owner" in data:
        confirm_owner(bot=bot, by=by)
    if "disabled" in data:
        (disable_bot if data["disabled"] else enable_bot)(bot=bot, by=by)
    return bot


def _grant_specs(grants: list[dict[str, Any]]) -> list[GrantSpec]:
    identifiers = {grant["audience"] for grant in grants}
    found = {
        audience.identifier: audience for audience in Audience.objects.filter(identifier__in=identifiers)
    }
    for identifier in sorted(identifiers - set(found)):
        raise AudienceUnknown(received=identifier)
    return [GrantSpec(found[grant["audience"]], grant["scopes"], grant["roles"]) for grant in grants]
