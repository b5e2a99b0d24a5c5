"""The pages of what a token belongs to."""

from dataclasses import dataclass

from django.urls import reverse

from tokens.models import SigningKey, TokenRecord
from tokens.protocol.examination.text import Unverified


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
