"""
The one table from outcome to what it means and what an administrator does about it.

`docs/outcomes.md` has the same words; a test compares them, and another keeps the table complete.
"""

from providers.explanations.answers import OF_ANSWERS
from providers.explanations.id_tokens import OF_ID_TOKENS
from providers.explanations.logout import OF_LOGOUTS
from providers.explanations.people import OF_PEOPLE
from ssoconsole.platform.examination.meaning import Meaning

MEANINGS: dict[str, Meaning] = {**OF_ANSWERS, **OF_ID_TOKENS, **OF_PEOPLE}
LOGOUT_MEANINGS: dict[str, Meaning] = OF_LOGOUTS

WENT_WELL = Meaning("It went well.", "Nothing.")
UNFINISHED = Meaning(
    "The browser has left for the provider, and has not come back.",
    "If the person saw an error at the provider, it is told there: most often the redirect URI, the client ID or a "
    "scope is not registered. An attempt ends by itself after ten minutes.",
)


def meaning_of(outcome: str) -> Meaning:
    """Return what an outcome means: "ok", "" for an attempt that is not finished, or a code."""
    if outcome == "ok":
        return WENT_WELL
    if not outcome:
        return UNFINISHED
    return MEANINGS.get(outcome) or LOGOUT_MEANINGS.get(outcome) or MEANINGS["refused"]
