"""Who does something: every write in the console takes one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind` is user, bot, command, provider, trial or stranger; `name` tells which; `address` is where from."""

    kind: str
    name: str
    address: str | None = None

    @classmethod
    def of(cls, request: "HttpRequest") -> "Actor":
        """The signed-in person behind a request, or a stranger."""
        address = request.META.get("REMOTE_ADDR") or None
        if request.user.is_authenticated:
            return cls("user", request.user.get_username(), address)
        return cls("stranger", "", address)

    @classmethod
    def command(cls, name: str) -> "Actor":
        """A management command."""
        return cls("command", name)

    @classmethod
    def bot(cls, name: str, address: str | None = None) -> "Actor":
        return cls("bot", name, address)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind
