"""Requests that a client may repeat without doing the thing twice."""

from django.db import models


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
