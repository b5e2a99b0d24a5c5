"""How the console explains: one check after the other, and what an outcome's code means and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ssoconsole.platform.jose.errors import shown


@dataclass(frozen=True)
class Check:
    """
    One step, in the order of checking. `remedy` says what to do where it failed.

    `expected` and `received` are one printable line each, and never the token, a secret or a key.
    """

    name: str
    ok: bool
    expected: str = ""
    received: str = ""
    remedy: str = ""


def passed(name: str, received: object = "", *, expected: object = "", remedy: str = "") -> Check:
    return Check(name, True, shown(expected), shown(received), remedy)


def failed(name: str, *, expected: object, received: object, remedy: str) -> Check:
    return Check(name, False, shown(expected), shown(received), remedy)


def is_valid(checks: Sequence[Check]) -> bool:
    return all(check.ok for check in checks)


def first_failure(checks: Sequence[Check]) -> Check | None:
    """The first step that failed: later ones are often only what follows from it."""
    return next((check for check in checks if not check.ok), None)


@dataclass(frozen=True)
class Meaning:
    """
    In plain words: what happened, and what an administrator does about it.

    `expected` is what the code says was expected, for refusals that do not say so themselves.
    """

    happened: str
    remedy: str
    expected: str = ""
