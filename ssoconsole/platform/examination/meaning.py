"""What a code of an outcome means, for administrators."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Meaning:
    """
    In plain words: what happened, and what an administrator does about it.

    `expected` is what the code says was expected, for refusals that do not say so themselves.
    """

    happened: str
    remedy: str
    expected: str = ""
