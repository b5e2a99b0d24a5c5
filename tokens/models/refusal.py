"""
The trace of a request by a program that was refused, and a request that its client may repeat.

However often it is repeated, what it asks for is done once.
"""

from django.db import models

from tokens.models.bot import Bot
from tokens.models.credential import Credential


class TokenRefusal(models.Model):
    """
    What was refused, to whom and why, for an administrator; never a token or a secret.

    `code` is the cause, `answered` what the caller was told. `unverified_client_id` is a name that the caller gave,
    if it could be a bot's; proven only where `bot` is set. `unverified_token` is what the token that was shown says
    of itself, some members of its `header` and `claims`; nothing of it was verified.
    """

    class Door(models.TextChoices):
        TOKEN = "token", "/oauth/token"
        INTROSPECT = "introspect", "/oauth/introspect"
        REVOKE = "revoke", "/oauth/revoke"
        API = "api", "/api/v1"

    reference = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(db_index=True)
    door = models.CharField(max_length=16, choices=Door)
    endpoint = models.CharField(max_length=200)
    status = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=64)
    answered = models.CharField(max_length=64)
    expected = models.CharField(max_length=1000, blank=True)
    received = models.CharField(max_length=1000, blank=True)
    unverified_client_id = models.CharField(max_length=100, blank=True)
    unverified_token = models.JSONField(default=dict)
    bot = models.ForeignKey(Bot, null=True, on_delete=models.SET_NULL, related_name="+")
    credential = models.ForeignKey(Credential, null=True, on_delete=models.SET_NULL, related_name="+")
    actor = models.CharField(max_length=300)
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("-at",)
        verbose_name = "refusal"
        # Whatever the list is narrowed to, its newest rows are read off one of these and no further.
        indexes = (
            models.Index(fields=["code", "-at"], name="refusal_by_code"),
            models.Index(fields=["door", "-at"], name="refusal_by_door"),
            models.Index(fields=["unverified_client_id", "-at"], name="refusal_by_client"),
            models.Index(fields=["address", "-at"], name="refusal_by_address"),
        )

    def __str__(self) -> str:
        return self.reference


class RepeatableRequest(models.Model):
    """
    A request that created something, by the `Idempotency-Key` of its caller.

    `key_hash` is hex SHA-256 of caller, path and key; `body_hash` that of the body, so that one key cannot mean two
    things. `resource` is the path of what was created; the secret that was shown is not kept.
    """

    key_hash = models.CharField(max_length=64, unique=True)
    body_hash = models.CharField(max_length=64)
    resource = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.resource
