"""
A text field that is encrypted in the database and bound to its row.

On the model, `secret` is the clear text and `secret_envelope` is what the column holds, in the way of `owner`
and `owner_id`. Django moves values about by the second name only (loading, refreshing, copying, serialising,
saving), so that the clear text exists nowhere but in the hands of the code that asks for `row.secret`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django.core import checks
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import Lookup, Transform

from ssoconsole.platform.encryption.keyring import DecryptionFailed, key_id_of, key_ring

_ST = TypeVar("_ST", contravariant=True)
_GT = TypeVar("_GT", covariant=True)

if TYPE_CHECKING:

    class _Field(models.Field[_ST, _GT]):
        """What the type checker has to know: text, or text and None where the field is nullable."""

        _pyi_private_set_type: str
        _pyi_private_get_type: str
        db_index: bool

else:

    class _Field(models.Field):
        def __class_getitem__(cls, types: object) -> type:
            return cls


class Envelope(str):
    """
    A string that is sealed already and goes to the column as it is; any other string is clear text.

    `place` is what it was sealed for, where that was done in this process.
    """

    __slots__ = ("place",)
    place: str


class ClearText:
    """Reads and writes the clear text of one field of one row; the instance keeps only the envelope."""

    def __init__(self, field: "EncryptedTextField[Any, Any]") -> None:
        self.field = field

    def __get__(self, row: models.Model | None, model: type[models.Model]) -> Any:
        if row is None:
            return self
        envelope = getattr(row, self.field.attname)
        if not envelope:
            return envelope
        return key_ring().decrypt(envelope, context=self.field.context(row))

    def __set__(self, row: models.Model, value: object) -> None:
        """Keep what the column is to hold. Raises TypeError for anything but text and None."""
        if value is not None and value != "" and not isinstance(value, Envelope):
            if not isinstance(value, str):
                name = f"{self.field.model._meta.label}.{self.field.name}"
                raise TypeError(f"{name} takes text or None, not {type(value).__name__}")
            context = self.field.context(row)
            value = Envelope(key_ring().encrypt(value, context=context))
            value.place = context
        setattr(row, self.field.attname, value)


class EncryptedTextField(_Field[_ST, _GT]):
    """
    Text under AES-256-GCM with the row as associated data: `<app>.<model>.<field>:<primary key>`.

    The primary key must have a default (a UUID), because a value is sealed when it is assigned. An envelope
    copied to another row or field does not open; renaming the model or the field needs a data migration that
    seals anew. None and "" are stored as they are. Only `isnull` can be looked up. `update()` takes no clear
    text and `bulk_update()` is refused; `bulk_create(update_conflicts=True)` must not name this field, since
    the row that stays has another primary key. Reading raises DecryptionFailed.

    Not a TextField: the REST framework reads the fields it knows by attribute, which would be the clear text,
    and all others by `value_from_object`, which is the envelope.
    """

    description = "Encrypted text"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False  # no form can show it
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["editable"]
        return name, path, args, kwargs

    get_internal_type = models.TextField.get_internal_type  # what the database makes of it

    def get_attname(self) -> str:
        return f"{self.name}_envelope"

    def get_attname_column(self) -> tuple[str, str]:
        return self.get_attname(), self.db_column or self.name

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, name, ClearText(self))

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        found = super().check(**kwargs)
        if not self.model._meta.pk.has_default():
            reason = "Encryption needs the primary key before the row is saved."
            hint = "Give the model a UUIDField(primary_key=True, default=uuid.uuid4)."
            found.append(checks.Error(reason, hint, self, "encryption.E001"))
        if self.unique or self.db_index:
            reason = "Ciphertext is never equal: an index finds nothing."
            hint = "Keep a keyed hash of the value beside it and index that."
            found.append(checks.Error(reason, hint, self, "encryption.E002"))
        return found

    def context(self, row: models.Model) -> str:
        """Return the place a value of `row` is sealed for. Raises ValueError without a primary key."""
        meta = self.model._meta
        # A primary key given as text may be spelt in several ways; the place has one name.
        primary_key = meta.pk.to_python(row.pk)
        if primary_key is None:
            raise ValueError(
                f"{meta.label}.{self.name} is encrypted for its row, and the row has no primary key yet"
            )
        return f"{meta.label_lower}.{self.name}:{primary_key}"

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        envelope = super().pre_save(model_instance, add)
        if add and envelope:
            # A row copied under a new primary key would carry a secret that nobody can read: refuse it now.
            context = self.context(model_instance)
            if getattr(envelope, "place", None) != context:
                key_ring().decrypt(envelope, context=context)
        return envelope

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        return Envelope(value) if value else value

    def to_python(self, value: Any) -> Any:
        """Recognise an envelope, so that a fixture made by dumpdata is loaded and not sealed twice."""
        if not isinstance(value, str) or isinstance(value, Envelope):
            return value
        try:
            key_id_of(value)
        except DecryptionFailed:
            return value
        return Envelope(value)

    def get_prep_value(self, value: Any) -> Any:
        if value is None or value == "" or isinstance(value, Envelope):
            return value
        raise TypeError(
            f"clear text for {self.model._meta.label}.{self.name}: assign it to a row and save the row"
        )

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        if value is None or isinstance(value, Envelope):
            return value
        if hasattr(value, "as_sql"):
            raise TypeError(
                f"{self.model._meta.label}.{self.name} is bound to its row: no expression can give its value"
            )
        return super().get_db_prep_save(value, connection)

    def get_lookup(self, lookup_name: str) -> "type[Lookup[Any]] | None":
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def get_transform(self, lookup_name: str) -> type[Transform] | None:
        return None
