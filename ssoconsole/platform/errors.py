"""The root of the tree of domain errors: facts with a stable code, which know no HTTP status."""

from typing import ClassVar


class DomainError(Exception):
    """
    Something the domain refuses, told as a fact.

    `code` is stable snake_case. `expected` and `received` are for an administrator's eyes and never hold a
    secret; what a stranger is shown is decided at each door.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, message: str = "", *, expected: str = "", received: str = "") -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.expected = expected
        self.received = received
        super().__init__(self.message)
