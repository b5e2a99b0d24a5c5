"""One forged answer: what is changed in an honest one, and whether the standards leave any choice about it."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Case:
    """
    `must_refuse` is the judge's word, by the rules alone: it is asked once the honest value and the forged one
    are known, and may change until the answer is sent. False means that either is right, as long as whoever
    signs in is the honest person.

    The hooks get what the provider or the browser would have sent, and return what is sent instead.
    """

    what: str
    must_refuse: bool = False
    token_answer: Any = None  # Answer -> Answer
    userinfo_answer: Any = None  # Answer -> Answer
    callback: Any = None  # Arrival -> Arrival
    named: bool = True  # whether the name of the person is what the honest answer says

    def __repr__(self):
        return self.what


@dataclass
class Arrival:
    """How a browser comes back."""

    method: str
    path: str
    pairs: list
    cookies: str = "its own"  # or: none, of another browser, malformed
