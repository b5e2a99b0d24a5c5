"""Who does something: every write in the console takes one."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

from ssoconsole.platform.errors import DomainError

if TYPE_CHECKING:
    from django.http import HttpRequest


class SuperuserRequired(DomainError, PermissionDenied):
    """Only a superuser may give what makes a superuser. A door that does not expect it answers 403."""

    code = "superuser_required"


@dataclass(frozen=True, slots=True)
class Actor:
    """
    `kind` is user, bot, command, provider, trial, timeout, deletion (of a person) or stranger; `name` tells which;
    `address` is where from.

    `is_limited` says that this is a person at a browser who is no superuser: what makes one is not his to give.
    """

    kind: str
    name: str
    address: str | None = None
    is_limited: bool = field(default=False, compare=False)

    @classmethod
    def of(cls, request: "HttpRequest") -> "Actor":
        """The signed-in person behind a request, or a stranger."""
        address = request.META.get("REMOTE_ADDR") or None
        if request.user.is_authenticated:
            is_limited = not (request.user.is_active and request.user.is_superuser)
            return cls("user", request.user.get_username(), address, is_limited)
        return cls("stranger", "", address, is_limited=True)

    @classmethod
    def command(cls, name: str) -> "Actor":
        """A management command."""
        return cls("command", name)

    @classmethod
    def bot(cls, name: str, address: str | None = None) -> "Actor":
        return cls("bot", name, address)

    def refuse_if_limited(self, what: str) -> None:
        """Raises SuperuserRequired for `what`, which completes “only a superuser may …”."""
        if self.is_limited:
            raise SuperuserRequired(
                f"Only a superuser may {what}.", expected="a superuser", received=str(self)
            )

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind
