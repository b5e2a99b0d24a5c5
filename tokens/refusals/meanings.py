"""
The one table from the code of a refusal to what it means and what an administrator does about it.

`docs/outcomes.md` has the same words; a test compares them, and another keeps the table complete.
"""

from ssoconsole.platform.examination.meaning import Meaning
from tokens.refusals.assertions import OF_ASSERTIONS
from tokens.refusals.domain import OF_THE_DOMAIN
from tokens.refusals.requests import OF_REQUESTS

REFUSAL_MEANINGS: dict[str, Meaning] = {**OF_REQUESTS, **OF_ASSERTIONS, **OF_THE_DOMAIN}


def meaning_of(code: str) -> Meaning:
    """Return what a code means; for one unknown here, that it has no meaning of its own."""
    return REFUSAL_MEANINGS.get(code, REFUSAL_MEANINGS["refused"])
