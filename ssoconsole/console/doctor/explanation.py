"""Explain whatever is brought: a token of the console's, one that a provider has signed, or a reference."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from providers.diagnosis.id_tokens import Examined, examine_provider_token
from providers.explanations.checks import checks_of_attempt
from providers.models import SignInAttempt
from ssoconsole.console.doctor.contents import claims_shown, header_shown
from ssoconsole.console.doctor.links import Link, links_of_bot_token
from ssoconsole.console.refusals.finding import KINDS, Found, find_refusal
from ssoconsole.platform.examination.checks import Check
from ssoconsole.platform.references import number_of_words
from tokens.doctor.services import explain_token
from tokens.models import TokenRefusal
from tokens.protocol.examination.text import read_unverified
from tokens.refusals.explaining import checks_of, refusal_as_check

BOT_TOKEN, UNREADABLE = "access token", "no token"


@dataclass(frozen=True)
class Explanation:
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


def explain(text: str, *, user: Any = None, at: datetime | None = None) -> Explanation:
    """
    Explain a token or a reference; nothing is written, logged or sent.

    A reference is looked up among what `user` may see, None for everything.
    """
    now = at or timezone.now()
    if number_of_words(text) in KINDS:
        found = find_refusal(text, user=user)
        return _of_refusal(found, at=now) if found else Explanation("reference", [_unknown_reference()])
    return explain_a_token(text, at=now)


def explain_a_token(token: str, *, at: datetime) -> Explanation:
    """Explain what is, or should be, a token."""
    unverified = read_unverified(token)
    contents = {"header": header_shown(unverified), "claims": claims_shown(unverified)}
    ours = (unverified.claims or {}).get("iss") == settings.BASE_URL
    examined = None if ours else examine_provider_token(token, at=at)
    if examined:
        return Explanation(examined.kind, examined.checks, links=_links_of(examined), **contents)
    kind = BOT_TOKEN if unverified.header is not None else UNREADABLE
    links = links_of_bot_token(unverified)
    return Explanation(kind, explain_token(token, at=at), links=links, **contents)


def _of_refusal(found: Found, *, at: datetime) -> Explanation:
    trace, links = found.trace, [Link("The whole trace", found.url)]
    if isinstance(trace, SignInAttempt):
        return Explanation("sign-in", checks_of_attempt(trace), links=links)
    refusal: TokenRefusal = trace
    checks = [refusal_as_check(refusal), *checks_of(refusal, at=at)]
    kept = refusal.unverified_token
    return Explanation("refusal", checks, header=kept.get("header"), claims=kept.get("claims"), links=links)


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
