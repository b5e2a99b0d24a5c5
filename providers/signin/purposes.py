"""
The one table from an attempt's purpose to its completion.

A purpose is written on the attempt when the browser leaves (`leaving.leave`); a new one is a subclass of
`Completion` beside its flow and a line here.
"""

from providers.account.connect_completion import ConnectCompletion
from providers.models import SignInAttempt
from providers.refresh.completion import CheckCompletion
from providers.rehearsal.completion import RehearsalCompletion
from providers.signin.completion import Completion

Purpose = SignInAttempt.Purpose

COMPLETIONS: dict[str, Completion] = {
    Purpose.SIGN_IN: Completion(),
    Purpose.REFRESH: CheckCompletion(),
    Purpose.LINK: ConnectCompletion(),
    Purpose.REHEARSAL: RehearsalCompletion(),
}


def completion_of(attempt: SignInAttempt) -> Completion:
    """Return what completes `attempt`. Raises KeyError for a purpose that has none: nothing happens."""
    return COMPLETIONS[attempt.purpose]
