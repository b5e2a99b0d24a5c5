"""The provider under examination, and what has been learnt about it on the way; nothing is written to its row."""

from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils import timezone

from providers import outgoing
from providers.models import Provider, SignInAttempt
from providers.protocol.discovery import discovery_url
from providers.protocol.preflight.documents import judge_adopted
from providers.protocol.preflight.findings import Finding
from ssoconsole.platform.outbound.errors import OutboundError
from ssoconsole.platform.outbound.probe import Probe
from ssoconsole.platform.outbound.response import JSON_DOCUMENT, Response

MOST_SIGN_INS = 20


class NotRun(Exception):
    """This step has nothing to look at; the message says why."""


@dataclass(frozen=True)
class Answered:
    """What came of a request, and when."""

    answer: Response | OutboundError
    at: datetime


def look(url: str) -> Answered:
    """Ask for a document; an error is an answer too."""
    try:
        answer: Response | OutboundError = outgoing.look(url, accept=JSON_DOCUMENT)
    except OutboundError as error:
        answer = error
    return Answered(answer, timezone.now())


def newest_claims(provider: Provider | None) -> list[dict[str, Any]]:
    """Return the claims that the newest successful sign-ins came with, as far as they are kept."""
    if provider is None:
        return []
    attempts = SignInAttempt.objects.filter(provider=provider, claims__isnull=False, outcome="ok")
    newest = attempts.order_by("-started_at")[:MOST_SIGN_INS]
    return [claims for attempt in newest if (claims := attempt.claims_shown)]


class Subject:
    """
    `provider` is a copy whose `discovery` becomes what is published now; `stored` is the row as it is.

    Everything is asked for once, when the first step needs it.
    """

    def __init__(self, provider: Provider) -> None:
        self.stored = provider
        self.provider = copy(provider)
        # Set by the steps that have learnt it.
        self.client_is_unknown = False
        self.credentials_found: list[Finding] | None = None

    @cached_property
    def probe(self) -> Probe:
        return outgoing.probe(self.discovery_url)

    @cached_property
    def discovery_answer(self) -> Answered:
        return look(self.discovery_url)

    @property
    def discovery_url(self) -> str:
        return discovery_url(self.provider.issuer)

    @property
    def document(self) -> dict[str, Any]:
        """The published document; {} before it was read."""
        return self.provider.discovery or {}

    @property
    def not_adopted(self) -> list[Finding]:
        """What of the published endpoints no person has adopted: nothing secret goes there."""
        return judge_adopted(self.document, self.stored.discovery)

    @cached_property
    def others_enabled(self) -> bool:
        return Provider.objects.enabled().exclude(pk=self.provider.pk).exists()

    @cached_property
    def people(self) -> list[dict[str, Any]]:
        return newest_claims(self.stored)

    @property
    def values(self) -> dict[str, str]:
        """What an administrator may have to type, at the provider or here."""
        return {
            "redirect_uri": self.provider.redirect_uri,
            "jwks_url": self.stored.jwks_url,
            "client_id": self.stored.client_id,
            "response_type": self.stored.response_type,
            "auth_method": self.stored.token_endpoint_auth_method,
            "scopes": " ".join(self.stored.scopes),
        }

    @property
    def uses_code(self) -> bool:
        return self.provider.response_type == Provider.ResponseType.CODE
