"""
A sign-in attempt: the transaction between leaving for a provider and coming back, and afterwards its trace.

A rehearsal is an attempt for a registration that people do not depend on yet.
"""

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models

from providers.models.provider import Provider
from ssoconsole.platform.encryption.field import EncryptedTextField
from ssoconsole.platform.encryption.keyring import DecryptionFailed
from ssoconsole.platform.eventlog.services import mask

ATTEMPT_LIFETIME = timedelta(minutes=10)
REHEARSAL_LIFETIME = timedelta(minutes=30)


class SignInAttempt(models.Model):
    """
    A row, not a session entry: tabs that start together all finish, and a stranger's visit makes no session.

    `state_hash` and `binding_hash` are hex SHA-256 of the `state` parameter and of the browser-binding cookie.
    `provider` is empty for an answer that belongs to no attempt we know. A refused back-channel logout leaves a trace
    as well, with the purpose `logout`.
    """

    class Purpose(models.TextChoices):
        SIGN_IN = "sign_in"
        REFRESH = "refresh"
        LINK = "link"
        REHEARSAL = "rehearsal"
        LOGOUT = "logout"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=64, unique=True)
    provider = models.ForeignKey(
        Provider, null=True, on_delete=models.CASCADE, related_name="sign_in_attempts", db_index=False
    )
    purpose = models.CharField(max_length=16, choices=Purpose, default=Purpose.SIGN_IN)

    # The session that is checked again (refresh), or that an identity is added to (link).
    session = models.ForeignKey(
        "providers.ConsoleSession", null=True, on_delete=models.SET_NULL, related_name="+"
    )

    # What an attempt of that purpose goes through instead of the stored registration.
    rehearsal = models.ForeignKey(
        "providers.Rehearsal", null=True, on_delete=models.SET_NULL, related_name="attempts"
    )

    state_hash = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001 - NULL for strays
    binding_hash = models.CharField(max_length=64, blank=True)
    issuer = models.CharField(max_length=512, blank=True)
    redirect_uri = models.CharField(max_length=512, blank=True)
    next_url = models.CharField(max_length=2000, blank=True)
    nonce = EncryptedTextField(blank=True, null=True)
    code_verifier = EncryptedTextField(blank=True, null=True)
    posted_answer = EncryptedTextField(blank=True, null=True)

    started_at = models.DateTimeField(db_index=True)
    consumed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    stage = models.CharField(max_length=32, default="started")
    outcome = models.CharField(max_length=64, blank=True)
    expected = models.CharField(max_length=1000, blank=True)
    received = models.CharField(max_length=1000, blank=True)
    trace = models.JSONField(default=dict)
    # JSON; personal data, and what a change of the mapping is tried on.
    claims = EncryptedTextField(null=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="sign_in_attempts",
        db_index=False,
    )
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ("-started_at",)
        # Whatever the list is narrowed to, its newest rows are read off one of these and no further.
        indexes = (
            models.Index(fields=["outcome", "-started_at"], name="attempt_by_outcome"),
            models.Index(fields=["provider", "-started_at"], name="attempt_by_provider"),
            models.Index(fields=["purpose", "-started_at"], name="attempt_by_purpose"),
            models.Index(fields=["user", "-started_at"], name="attempt_by_user"),
            models.Index(fields=["address", "-started_at"], name="attempt_by_address"),
            models.Index(fields=["binding_hash", "-started_at"], name="attempt_by_browser"),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def claims_shown(self) -> dict[str, Any]:
        """The claims that the provider has proven, secrets masked; empty without any, or where no key opens them."""
        try:
            claims = json.loads(self.claims) if self.claims else None
        except DecryptionFailed:
            return {}
        shown: dict[str, Any] = mask(claims) if isinstance(claims, dict) else {}
        return shown

    @property
    def groups_untold(self) -> list[str]:
        """The paths of groups of which the provider said that there are some, and not which; nothing was taken away."""
        return list((self.trace or {}).get("groups_untold") or [])

    @property
    def timings(self) -> dict[str, int]:
        """Milliseconds by stage, of those that were timed."""
        return dict((self.trace or {}).get("timings") or {})


class ClaimedName(models.Model):
    """
    A name, address or subject that the claims of a refused attempt have, so that the attempt is found by it.

    `name_hash` is a keyed hash: what a provider says of somebody whom the console did not let in is kept encrypted.
    """

    PURPOSE = "claimed name"

    attempt = models.ForeignKey(SignInAttempt, on_delete=models.CASCADE, related_name="claimed_names")
    name_hash = models.CharField(max_length=73, db_index=True)

    def __str__(self) -> str:
        return f"a name claimed in {self.attempt_id}"


class RehearsalQuerySet(models.QuerySet["Rehearsal"]):
    def fresh(self, *, at: datetime) -> "RehearsalQuerySet":
        """Rehearsals that still count and can still be read."""
        return self.filter(started_at__gt=at - REHEARSAL_LIFETIME)


class Rehearsal(models.Model):
    """
    What an administrator signs in through to see what would happen: the registration as it was typed, unsaved.

    `registration` is JSON with the client secret in it, `result` JSON of what was decided. `provider` is the stored
    row that it may become a change of; a registration that is not stored yet has none. How it went is in the
    sign-in attempt that points here.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(Provider, null=True, on_delete=models.CASCADE, related_name="rehearsals")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    registration = EncryptedTextField()
    result = EncryptedTextField(null=True)
    started_at = models.DateTimeField(db_index=True)

    objects = RehearsalQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"{self.provider or 'a new provider'} {self.started_at:%Y-%m-%d %H:%M}"
