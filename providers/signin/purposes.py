"""
The one table from an attempt's purpose to its end.

A purpose is written on the attempt when the browser leaves (`RequestView.purpose`); a new one is a subclass of
`Ending` beside its flow and a line here.
"""

from providers.linking.ending import LinkEnding
from providers.models import SignInAttempt
from providers.refresh.ending import CheckEnding
from providers.rehearsal.ending import RehearsalEnding
from providers.signin.ending import Ending

Purpose = SignInAttempt.Purpose

ENDINGS: dict[str, Ending] = {
    Purpose.SIGN_IN: Ending(),
    Purpose.REFRESH: CheckEnding(),
    Purpose.LINK: LinkEnding(),
    Purpose.REHEARSAL: RehearsalEnding(),
}


def ending_of(attempt: SignInAttempt) -> Ending:
    """Return what the end of `attempt` does. Raises KeyError for a purpose that has none: nothing happens."""
    return ENDINGS[attempt.purpose]
