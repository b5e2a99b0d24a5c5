"""
Every sign-in by password is an alarm: an event `break_glass_signin`, and a line that alerting can see.

The console is meant to be entered through providers. Whoever comes by password has broken the glass, or tries
to.
"""

import structlog
from django.db import transaction

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event

log = structlog.get_logger("alarms")
ACTION = "break_glass_signin"
# What administrators are told of a refusal; the person at the door is told how long to wait, and nothing else.
REFUSED = {
    "expected": "name and password of a temporary administrator who is active and not past his time",
    "received": "another name or another password; neither is kept",
    "remedy": "Nothing, if it was one of you; manage.py bootstrap_admin makes a new account. If it goes on, somebody "
    "is guessing.",
}
LOCKED = {
    "expected": "fewer failures from one address to one name",
    "received": "one failure too many",
    "remedy": "It opens again by itself; manage.py bootstrap_admin opens it at once. Other addresses and the sign-in "
    "through providers are not affected. If it was none of you, keep that address out at the proxy.",
}


def tell_signed_in(*, user: User, address: str | None) -> None:
    """Tell that `user` came in; what cannot be written down does not happen, because this raises."""
    name = user.get_username()
    ends = user.expires_at.isoformat() if user.expires_at else None
    record_event(ACTION, by=Actor("user", name, address), target=name, after={"expires_at": ends})
    transaction.on_commit(lambda: log.error(ACTION, outcome="ok", user=name, address=address))


def tell_refused(*, name: str, address: str | None, locked: bool) -> None:
    """
    Tell that somebody failed, and with `locked` that this failure makes him wait.

    `name` is told only where it is an account's: what else people type there may be a password.
    """
    target = name if User.objects.filter(username=name).exists() else ""
    outcome = "locked" if locked else "refused"
    record_event(
        ACTION,
        by=Actor("stranger", "", address),
        target=target,
        outcome=outcome,
        after=LOCKED if locked else REFUSED,
    )
    say = log.error if locked else log.warning
    transaction.on_commit(lambda: say(ACTION, outcome=outcome, user=target, address=address))


def tell_waiting(*, address: str | None) -> None:
    """Tell that somebody tries on while he has to wait: a line and no row, because nothing limits these."""
    log.warning(ACTION, outcome="waiting", address=address)
