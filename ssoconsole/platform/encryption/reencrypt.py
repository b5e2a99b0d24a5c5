"""
Move encrypted values to the newest key of the ring.

Can be stopped and run again at any time, beside a running console: each value is replaced only while it still
is what was read, and a value that is under the newest key already is not touched.

Columns of keyed hashes are listed here too. A hash moves to a newer key only when its value comes by, because nobody
keeps the value. A test holds that every use of `keyed_hash` is named here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import Exact, StartsWith

from ssoconsole.platform.encryption.field import EncryptedTextField, Envelope
from ssoconsole.platform.encryption.keyring import VERSION, DecryptionFailed, key_ring
from ssoconsole.platform.progress import over

BATCH_ROWS = 200

AnyField = EncryptedTextField[Any, Any]


def reencrypt_all(registry: Apps = installed_apps) -> dict[str, int]:
    """
    Seal every value that is under an older key again under the newest; `{"app.model.field": how many}`.

    A value that does not open is left as it is, for `outdated_counts` to report.
    """
    return {str(field): _reencrypt(field) for field in encrypted_fields(registry)}


def outdated_counts(registry: Apps = installed_apps) -> dict[str, int]:
    """Count the values that are not under the newest key: `{"app.model.field": how many}`."""
    return {str(field): outdated(field).count() for field in encrypted_fields(registry)}


def encrypted_fields(registry: Apps = installed_apps) -> Iterator[AnyField]:
    """Give every encrypted field once, at the model whose table has the column."""
    for model in registry.get_models():
        if not model._meta.proxy:
            fields = model._meta.local_concrete_fields
            yield from (field for field in fields if isinstance(field, EncryptedTextField))


def outdated(field: AnyField) -> models.QuerySet[Any]:
    """Rows whose value in `field` is not under the newest key."""
    newest = StartsWith(F(field.name), f"{VERSION}.{key_ring().newest_key_id}.")
    # NULL and "" are stored as they are; NULL is neither like nor unlike anything, so both filters drop it.
    return field.model._base_manager.exclude(Exact(F(field.name), "")).filter(~Q(newest))


def _reencrypt(field: AnyField) -> int:
    rows = over(_rows(field), total=outdated(field).count(), what=str(field))
    return sum(_replace(field, row) for row in rows)


def _rows(field: AnyField) -> Iterator[models.Model]:
    last: Any = None
    # By key, not by an open cursor: no long transaction, and a value that does not open is met only once.
    rows = outdated(field).only(field.name).order_by("pk")
    while batch := list((rows if last is None else rows.filter(pk__gt=last))[:BATCH_ROWS]):
        yield from batch
        last = batch[-1].pk


def _replace(field: AnyField, row: models.Model) -> int:
    envelope = getattr(row, field.attname)
    ring, context = key_ring(), field.context(row)
    try:
        renewed = Envelope(ring.encrypt(ring.decrypt(envelope, context=context), context=context))
    except DecryptionFailed:
        return 0
    # Conditional: a value that somebody has changed since it was read is newer than ours and stays.
    unchanged = field.model._base_manager.filter(Exact(F(field.name), envelope), pk=row.pk)
    return unchanged.update(**{field.name: renewed})


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
