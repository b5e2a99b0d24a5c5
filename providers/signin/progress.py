"""A sign-in under way, from the provider's answer to its end: what the trace will tell."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from providers.models import Provider, SignInAttempt
from providers.protocol.mapping import untold_groups
from ssoconsole.eventlog.masking import mask


@dataclass
class SignIn:
    """
    One per request, on the request. `stage` is the last one entered, `timings` milliseconds by stage.

    `claims` is set as soon as the ID token has proven them; what is unproven is never in a trace. `result` is what
    a rehearsal has to tell.
    """

    attempt: SignInAttempt
    provider: Provider
    stage: str = "returned"
    claims: dict[str, Any] = field(default_factory=dict, repr=False)
    timings: dict[str, int] = field(default_factory=dict)
    id_token: str = field(default="", repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    result: dict[str, Any] = field(default_factory=dict, repr=False)

    @contextmanager
    def step(self, stage: str) -> Iterator[None]:
        """Enter a stage and time it, also when it fails."""
        self.stage = stage
        started = time.perf_counter()
        try:
            yield
        finally:
            self.timings[stage] = round((time.perf_counter() - started) * 1000)

    def trace(self) -> dict[str, Any]:
        """What is kept in clear: timings, and of which groups the provider has not told."""
        untold = untold_groups(self.claims, self.provider.mapping)
        return {"timings": self.timings} | ({"groups_untold": untold} if untold else {})

    def kept_claims(self) -> str | None:
        """What is kept of the claims, as JSON: with secrets masked and without the nonce; None without any."""
        claims = {name: value for name, value in self.claims.items() if name != "nonce"}
        # PostgreSQL keeps no NUL in JSON, and what a provider writes into a name is his business.
        return json.dumps(mask(claims)).replace("\\u0000", "\\ufffd") if claims else None


def set_sign_in(request: HttpRequest, sign_in: SignIn | None) -> None:
    request.sign_in = sign_in  # type: ignore[attr-defined]  # read by `sign_in_of` alone


def sign_in_of(request: HttpRequest | None) -> SignIn | None:
    """Return the sign-in that this request finishes, if it does."""
    return getattr(request, "sign_in", None)


def set_place(request: HttpRequest, *, provider: Provider | None, next_url: str = "") -> None:
    """Say which provider and which way on a refusal of this request is about."""
    request.sign_in_place = (provider, next_url)  # type: ignore[attr-defined]  # read by `place_of` alone


def place_of(request: HttpRequest) -> tuple[Provider | None, str]:
    """Return what `set_place` has said, if anything."""
    found: tuple[Provider | None, str] = getattr(request, "sign_in_place", (None, ""))
    return found
