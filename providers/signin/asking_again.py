"""
Asking a person at the provider to prove again who he is (OpenID Connect Core 1.0 section 3.1.2.1).

`/signin/<slug>?reauth=1` does so. A provider may ignore the request, or a browser may have left it out on the
way: only `auth_time` in the ID token tells, and then it has to be there.
"""

import time
from typing import Any

from django.http import HttpRequest

from providers.models import SignInAttempt

PARAMETER = "reauth"
# In the attempt's trace from the beginning, so that the answer cannot change what was asked for.
MARK = "asked_again"
STEP_UP = "step_up"


def is_step_up(attempt: SignInAttempt) -> bool:
    """Tell whether the attempt is to meet what the registration demands of administrators."""
    return (attempt.trace or {}).get(STEP_UP) is True


def is_wanted(request: HttpRequest) -> bool:
    """Tell whether this request to leave wants the person to be asked again."""
    return request.GET.get(PARAMETER) == "1"


def marked(wanted: bool, *, step_up: bool = False) -> dict[str, Any]:
    """Return what the trace of an attempt begins with."""
    return dict([(MARK, True)] * wanted + [(STEP_UP, True)] * step_up)


def mark_in(attempt: SignInAttempt) -> dict[str, Any]:
    """Return what of the trace has to outlive the attempt's end."""
    return marked((attempt.trace or {}).get(MARK) is True, step_up=is_step_up(attempt))


def strictest_max_age(attempt: SignInAttempt, max_age: int | None) -> int | None:
    """
    Return how many seconds ago the person may have proven who he is: `max_age`, and not before he left here.

    None where neither limits it.
    """
    if MARK not in mark_in(attempt):
        return max_age
    since_leaving = max(0, int(time.time()) - int(attempt.started_at.timestamp()))
    return since_leaving if max_age is None else min(max_age, since_leaving)
