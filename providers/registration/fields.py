"""
The fields of a registration that an administrator decides about, in the order in which they are told.

They are those of the model: the configuration file, the API, the history and the form follow it. The slug comes first
and `enabled` last wherever a registration is told; both are apart because every door treats them in its own way.
"""

from providers.models import Provider

SECRET = "client_secret"  # noqa: S105 - a name; forms have a field of their own for it
_decided = [field.name for field in Provider._meta.concrete_fields if field.editable or field.name == SECRET]
FIELDS = tuple(
    name for name in _decided if name not in ("slug", "enabled") and not name.startswith("session_")
)
# `session_<name>` on the model, `session: {<name>: ...}` in the configuration file.
SESSION = tuple(name.removeprefix("session_") for name in _decided if name.startswith("session_"))
