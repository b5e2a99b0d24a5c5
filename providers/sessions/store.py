"""Django's database sessions with fewer statements: a sign-in writes its browser session once."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.utils.crypto import get_random_string

KEY_LENGTH = 32  # of 36 characters: 165 random bits


class SessionStore(db.SessionStore):
    """
    A new key is a row only when the session is saved, and what has been saved is not saved again.

    Django inserts an empty row when it makes a key, having asked whether the key is free, and fills it at the
    end of the request. Nobody draws a key of 165 random bits twice; if somebody did, the primary key would
    refuse the second.
    """

    _is_new = False
    _saved: tuple[str | None, bytes] | None = None

    def create(self) -> None:
        """Take a new key; the row comes with `save`."""
        self._session_key = get_random_string(KEY_LENGTH, VALID_KEY_CHARS)
        self._is_new = True
        self._session_cache = getattr(self, "_session_cache", {})  # there is nothing to load under a new key
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Write the session, a new one by one INSERT in whatever transaction there is. Raises UpdateError."""
        if self.session_key is None:
            self.create()
        data: dict[str, Any] = self._session  # type: ignore[attr-defined]  # Django's own
        contents = (self.session_key, bytes(self.serializer().dumps(data)))
        if contents == self._saved:
            return
        if self._is_new or must_create:
            row = self.create_model_instance(data)
            row.save(force_insert=True)
        else:
            super().save()
        self._is_new, self._saved = False, contents

    def delete(self, session_key: str | None = None) -> None:
        """Delete the row of this key, or of this session; what was saved is to be saved again."""
        super().delete(session_key)
        self._saved = None
