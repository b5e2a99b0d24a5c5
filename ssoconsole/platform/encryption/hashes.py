"""
The columns of keyed hashes. A hash moves to a newer key only when its value comes by, because nobody keeps the value.

A test holds that every use of `keyed_hash` is named here.
"""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

from ssoconsole.platform.encryption.keyring import key_ring


@dataclass(frozen=True, slots=True)
class HashColumn:
    """`end` says when its hashes end by themselves; empty where they last, and each has to be named to the operator."""

    model: str
    field: str
    end: str = ""

    def __str__(self) -> str:
        return f"{self.model}.{self.field}"

    def outdated(self) -> models.QuerySet[Any]:
        """Rows whose hash is not under the newest key, in whatever state they are."""
        rows: models.QuerySet[Any] = apps.get_model(self.model)._base_manager.all()
        return rows.filter(**{f"{self.field}__isnull": False}).exclude(
            **{f"{self.field}__startswith": f"{key_ring().newest_key_id}."}
        )


COLUMNS = (
    HashColumn("tokens.Credential", "secret_hash"),
    HashColumn("accounts.SecretToShow", "session_hash", "five minutes after it was made"),
    HashColumn("providers.ClaimedName", "name_hash", "with the trace of its sign-in (SIGN_IN_TRACE_DAYS)"),
)
