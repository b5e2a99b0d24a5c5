"""The times of a token, one step each."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from providers.diagnosis.steps import step
from providers.models import Provider
from ssoconsole.platform.examination.checks import Check
from ssoconsole.platform.jose import claims as rules_of_jwt
from ssoconsole.platform.jose.times import moment, told


def check_times(
    claims: Mapping[str, Any], provider: Provider, *, now: int, max_age_of_iat: int | None
) -> Iterator[Check]:
    """Check that `exp` and `iat` are there, then each time that is, with the registration's leeway."""
    yield step("times", partial(rules_of_jwt.require, claims, "exp", "iat"), expected="exp and iat")
    leeway = provider.leeway
    for name in ("exp", "iat", "nbf"):
        if name not in claims:
            continue
        rule = partial(
            rules_of_jwt.check_times,
            {name: claims[name]},
            now=now,
            leeway=leeway,
            max_age_of_iat=max_age_of_iat,
        )
        expected, received = _expected(name, now, leeway), told(claims[name], now)
        yield replace(step(name, rule), expected=expected, received=received)


def _expected(name: str, now: int, leeway: int) -> str:
    if name == "exp":
        return f"after {moment(now - leeway)} ({leeway} seconds of leeway)"
    return f"up to {moment(now + leeway)} ({leeway} seconds of leeway)"
