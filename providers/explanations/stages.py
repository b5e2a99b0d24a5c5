"""How far an attempt came, stage by stage."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from providers.models import SignInAttempt

# In the order of a sign-in; a check by refresh token begins with `asked`.
STAGES = {
    "started": "The browser left for the provider",
    "returned": "An answer came back and was matched to this attempt",
    "asked": "The provider was asked by refresh token",
    "token": "The token endpoint was asked for tokens",
    "id_token": "The ID token was verified",
    "userinfo": "Userinfo was fetched",
    "person": "The rules were applied to the person",
    "session": "The browser's session was written",
    "done": "All of it was done",
}
BEGINNINGS = {"asked": ("asked",), "by_browser": ("started", "returned")}


@dataclass(frozen=True)
class Stage:
    """One stage: `state` is passed, failed, skipped, waiting or "not reached"; `took` what a person reads."""

    name: str
    label: str
    state: str
    took: str = ""


def stages_of(attempt: SignInAttempt) -> list[Stage]:
    """Return the stages of an attempt in their order, the one at which it ended among them."""
    if attempt.stage not in STAGES:
        return [Stage(attempt.stage, "The request was refused at the door", "failed")]
    names = _path_of(attempt)
    reached = names.index(attempt.stage)
    return [
        Stage(name, STAGES[name], _state(attempt, name, place - reached), _took(attempt, name))
        for place, name in enumerate(names)
    ]


def _path_of(attempt: SignInAttempt) -> list[str]:
    by_token = attempt.stage not in BEGINNINGS["by_browser"] and attempt.state_hash is None
    begins = BEGINNINGS["asked" if by_token else "by_browser"]
    others = [name for names in BEGINNINGS.values() for name in names if name not in begins]
    return [name for name in STAGES if name not in others]


def _state(attempt: SignInAttempt, name: str, distance: int) -> str:
    if distance > 0:
        return "not reached"
    if distance == 0:
        if not attempt.outcome:
            return "waiting"
        return "passed" if attempt.outcome == "ok" else "failed"
    timed = name in attempt.timings or any(name in names for names in BEGINNINGS.values())
    return "passed" if timed else "skipped"


def _took(attempt: SignInAttempt, name: str) -> str:
    if name == "returned":
        return _between(attempt.started_at, attempt.consumed_at)
    milliseconds = attempt.timings.get(name)
    return "" if milliseconds is None else f"{milliseconds} ms"


def _between(start: datetime, end: datetime | None) -> str:
    return "" if end is None else f"after {(end - start).total_seconds():.1f} s"


def total_of(attempt: SignInAttempt) -> Iterator[tuple[str, str]]:
    """(what, how long) for the whole: away at the provider, and in the console's own hands."""
    if attempt.consumed_at:
        yield "Away at the provider", f"{(attempt.consumed_at - attempt.started_at).total_seconds():.1f} s"
        if attempt.finished_at:
            yield "In the console", f"{(attempt.finished_at - attempt.consumed_at).total_seconds():.1f} s"
