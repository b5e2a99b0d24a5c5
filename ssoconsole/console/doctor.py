"""
The token doctor: explain a token of a bot, a token that a provider has signed, or the reference of a refusal.

GET and POST /token-doctor is the page, /tokens/explain the API. Shown is what a token says, as far as it may be shown
(never the token itself, nor anything that proves something), with links to the pages of what it belongs to.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from providers.diagnosis.id_tokens import Examined, examine_provider_token
from providers.explanations.remedies import checks_of_attempt
from providers.models import SignInAttempt
from ssoconsole.console.refusals import KINDS, Found, find_refusal
from ssoconsole.platform.eventlog.services import MASK, mask
from ssoconsole.platform.examination import Check, first_failure, is_valid
from ssoconsole.platform.jose.verify import MAX_BYTES
from ssoconsole.platform.references import number_of_words
from ssoconsole.platform.rest import StrictSerializer
from ssoconsole.platform.rest_views import ResourceView
from tokens.api.authentication import is_administrator
from tokens.doctor import explain_token
from tokens.models import SigningKey, TokenRecord, TokenRefusal
from tokens.protocol.examination.text import Unverified, read_unverified
from tokens.refusals.services import checks_of, refusal_as_check

# It binds a token to a browser, and who knows it could make a token that fits.
NOT_SHOWN = frozenset({"nonce"})
_TOKEN = re.compile(r"[\w-]{8,}\.[\w-]{8,}\.[\w-]*")

BOT_TOKEN, UNREADABLE = "access token", "no token"

KINDS_TOLD = ("access token", "ID token", "logout token", "no token", "refusal", "sign-in")


@dataclass(frozen=True)
class Link:
    label: str
    url: str


def links_of_bot_token(unverified: Unverified) -> list[Link]:
    """Return the record, bot, audience, credential and key that a token names, those that there are."""
    jti, kid = (unverified.claims or {}).get("jti"), unverified.header_text("kid")
    record = TokenRecord.objects.select_related("bot", "audience").filter(jti=jti).first() if jti else None
    key = SigningKey.objects.filter(kid=kid).first() if kid and "\0" not in kid else None
    links = [Link("Signing key", reverse("admin:tokens_signingkey_change", args=[key.pk]))] if key else []
    if record is None:
        return links
    pages = {
        f"Bot {record.bot.name}": ("bot", record.bot_id),
        "Record of the token": ("tokenrecord", record.pk),
        f"Audience {record.audience.name}": ("audience", record.audience_id),
        "Credential": ("credential", record.credential_id),
    }
    return [
        Link(label, reverse(f"admin:tokens_{model}_change", args=[pk]))
        for label, (model, pk) in pages.items()
        if pk
    ] + links


def header_shown(unverified: Unverified) -> dict[str, Any] | None:
    return None if unverified.header is None else _shown(unverified.header)


def claims_shown(unverified: Unverified) -> dict[str, Any] | None:
    return None if unverified.claims is None else _shown(unverified.claims)


def _shown(members: Mapping[str, Any]) -> dict[str, Any]:
    hidden = {name: MASK if name in NOT_SHOWN else value for name, value in members.items()}
    shown: dict[str, Any] = _without_tokens(mask(hidden))
    return shown


def _without_tokens(value: Any) -> Any:
    """The same with every text masked that is a token within the token."""
    if isinstance(value, dict):
        return {name: _without_tokens(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_tokens(inner) for inner in value]
    return MASK if isinstance(value, str) and _TOKEN.fullmatch(value) else value


@dataclass(frozen=True)
class Examination:
    """
    Every step in the order of checking; it is in order exactly if all of them passed.

    `kind` says what was brought. `header` and `claims` are decoded, unverified where a step before them failed, with
    secrets masked; None for what has none.
    """

    kind: str
    checks: list[Check]
    header: dict[str, Any] | None = None
    claims: dict[str, Any] | None = None
    links: list[Link] = field(default_factory=list)


def explain(text: str, *, user: Any = None, at: datetime | None = None) -> Examination:
    """
    Explain a token or a reference; nothing is written, logged or sent.

    A reference is looked up among what `user` may see, None for everything.
    """
    now = at or timezone.now()
    if number_of_words(text) in KINDS:
        found = find_refusal(text, user=user)
        return _of_refusal(found, at=now) if found else Examination("reference", [_unknown_reference()])
    return explain_a_token(text, at=now)


def explain_a_token(token: str, *, at: datetime) -> Examination:
    """Explain what is, or should be, a token."""
    unverified = read_unverified(token)
    contents = {"header": header_shown(unverified), "claims": claims_shown(unverified)}
    ours = (unverified.claims or {}).get("iss") == settings.BASE_URL
    examined = None if ours else examine_provider_token(token, at=at)
    if examined:
        return Examination(examined.kind, examined.checks, links=_links_of(examined), **contents)
    kind = BOT_TOKEN if unverified.header is not None else UNREADABLE
    links = links_of_bot_token(unverified)
    return Examination(kind, explain_token(token, at=at), links=links, **contents)


def _of_refusal(found: Found, *, at: datetime) -> Examination:
    trace, links = found.trace, [Link("The whole trace", found.url)]
    if isinstance(trace, SignInAttempt):
        return Examination("sign-in", checks_of_attempt(trace), links=links)
    refusal: TokenRefusal = trace
    checks = [refusal_as_check(refusal), *checks_of(refusal, at=at)]
    kept = refusal.unverified_token
    return Examination("refusal", checks, header=kept.get("header"), claims=kept.get("claims"), links=links)


def _unknown_reference() -> Check:
    remedy = (
        "Compare the words. Traces are dropped after a time, and of a flood of refusals only some are kept."
    )
    return Check("reference", False, "a reference on record", "words that stand for nothing here", remedy)


def _links_of(examined: Examined) -> list[Link]:
    links = [Link("Provider", reverse("admin:providers_provider_change", args=[examined.provider.pk]))]
    if examined.identity:
        user = reverse("admin:accounts_user_change", args=[examined.identity.user_id])
        identity = reverse("admin:providers_identity_change", args=[examined.identity.pk])
        links += [Link("Person", user), Link("Identity", identity)]
    return links


class TokenToExplainSerializer(StrictSerializer):
    # As it is: white space around a token is one of the causes.
    token = serializers.CharField(
        max_length=2 * MAX_BYTES,
        trim_whitespace=False,
        allow_blank=True,
        write_only=True,
        required=False,
    )
    reference = serializers.CharField(max_length=100, write_only=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Give either token or reference.")
        return attrs


class TokenCheckSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    ok = serializers.BooleanField()
    expected = serializers.CharField(allow_blank=True)
    received = serializers.CharField(allow_blank=True)
    remedy = serializers.CharField(allow_blank=True)


class PageSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # shadows Field.label, which no one reads here
    url = serializers.URLField()


class ExplainedTokenSerializer(serializers.Serializer[Any]):
    valid = serializers.BooleanField()
    checks = TokenCheckSerializer(many=True)
    kind = serializers.ChoiceField(choices=KINDS_TOLD)
    header = serializers.DictField(allow_null=True)
    claims = serializers.DictField(allow_null=True)
    pages = PageSerializer(many=True)


class ExplainTokenView(ResourceView):
    """The token doctor; nothing is stored, logged or sent."""

    serializer_class = TokenToExplainSerializer
    only_reads = True

    @extend_schema(
        operation_id="tokens_explain",
        request=TokenToExplainSerializer,
        responses=ExplainedTokenSerializer,
        examples=[
            OpenApiExample("a text that is no token", value={"token": "opaque"}, request_only=True),
            OpenApiExample(
                "what a program was told", value={"reference": "canyon-lamp-violet-river"}, request_only=True
            ),
            OpenApiExample(
                "the first failure ends what cannot be read",
                value={
                    "valid": False,
                    "checks": [
                        {
                            "name": "parts",
                            "ok": False,
                            "expected": "three parts between two dots",
                            "received": "one part",
                            "remedy": "An opaque token, or part of one.",
                        }
                    ],
                    "kind": "no token",
                    "header": None,
                    "claims": None,
                    "pages": [],
                },
                response_only=True,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """
        Tell step by step, in the order of checking, whether a token counts, and what to do where it does not.

        The token is one of this console or one that a registered provider has signed. `reference` in its place is that
        of a refusal. `header` and `claims` are decoded, with secrets masked; `pages` are where it belongs to.
        """
        body = self.body(request)
        if "token" in body:
            return _answer(explain_a_token(body["token"], at=timezone.now()))
        if find_refusal(body["reference"], user=None) is None:
            raise NotFound
        return _answer(explain(body["reference"]))


def _answer(explanation: Examination) -> Response:
    return Response(
        {
            "valid": is_valid(explanation.checks),
            "checks": [asdict(check) for check in explanation.checks],
            "kind": explanation.kind,
            "header": explanation.header,
            "claims": explanation.claims,
            "pages": [
                {"label": link.label, "url": f"{settings.BASE_URL}{link.url}"} for link in explanation.links
            ],
        }
    )


@sensitive_post_parameters("token")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def token_doctor(request: HttpRequest) -> HttpResponse:
    """
    Explain the token in the form to an administrator; to everybody else there is no such page.

    The token is looked at and forgotten: it is not kept, logged, sent anywhere, or shown again.
    """
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not is_administrator(request.user):
        raise Http404
    if request.method != "POST":
        return render(request, "token_doctor.html")
    return examination(request, request.POST.get("token", ""))


def examination(request: HttpRequest, text: str) -> HttpResponse:
    """Return the page that explains a token or a reference; who asks administers the console."""
    # What a person selects with the mouse often has a line break at its end, which says nothing about the token.
    explanation = explain(text.strip(), user=request.user)
    checks = explanation.checks
    context = {
        "kind": explanation.kind,
        "checks": checks,
        "valid": is_valid(checks),
        "failure": first_failure(checks),
        "header": _written(explanation.header),
        "claims": _written(explanation.claims),
        "links": explanation.links,
    }
    return render(request, "token_doctor.html", context)


def _written(members: dict[str, Any] | None) -> str:
    return json.dumps(members, indent=2, ensure_ascii=False) if members else ""


urlpatterns = [
    path("token-doctor", token_doctor, name="token_doctor"),
    path("api/v1/tokens/explain", ExplainTokenView.as_view(), name="api_explain_token"),
]
