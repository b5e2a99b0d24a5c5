"""Tokens that are revoked without anybody doing so."""

from django.utils import timezone

from tokens.models import Revocation


def revoke_by_hand(record, *, at=None, by="test"):
    Revocation.objects.create(
        record=record, bot=record.bot, expires_at=record.expires_at, at=at or timezone.now(), by=by
    )
