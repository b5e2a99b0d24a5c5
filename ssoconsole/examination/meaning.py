"""What a code of an outcome means, for administrators."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Meaning:
    """In plain words: what happened, and what an administrator does about it."""

    happened: str
    remedy: str
