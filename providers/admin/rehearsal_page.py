"""What the page of a rehearsal tells."""

import json
from datetime import datetime
from typing import Any

from providers.diagnosis.experience import examine_attempt
from providers.explanations.remedies import remedy_of
from providers.identities.rules import KEEPS_OUT, LETS_IN
from providers.models import Provider, Rehearsal, SignInAttempt
from providers.models.rehearsal import REHEARSAL_LIFETIME
from providers.rehearsal.registration import rehearsed_provider
from ssoconsole.platform.encryption.keyring import DecryptionFailed
from ssoconsole.platform.eventlog.masking import mask

STEPS = {
    "leaving": "The browser leaves for the provider",
    "returned": "The answer belongs to this browser and attempt",
    "token": "The code is redeemed at the token endpoint",
    "id_token": "The ID token is verified",
    "userinfo": "Userinfo is asked",
    "person": "The rules decide about the person",
    "session": "Here a session would begin",
}


def story_of(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return the context of the page; it waits as long as nobody has come back."""
    attempt = rehearsal.attempts.select_related("provider").order_by("-started_at").first()
    context: dict[str, Any] = {
        "title": f"Rehearsal of {rehearsal.provider or 'a new provider'}",
        "rehearsal": rehearsal,
        "attempt": attempt,
        "counts_until": rehearsal.started_at + REHEARSAL_LIFETIME,
    }
    if attempt is None or attempt.finished_at is None:
        return {**context, "waits": True}
    result = _result(rehearsal)
    succeeded, registration = attempt.outcome == "ok", _registration(rehearsal)
    return {
        **context,
        "succeeded": succeeded,
        "steps": _steps(attempt),
        "result": result,
        "rule": (LETS_IN if succeeded else KEEPS_OUT).get(result.get("rule", ""), ""),
        "remedy": remedy_of(attempt, registration=registration).replace("`", ""),
        "findings": examine_attempt(attempt, registration=registration) if registration else [],
        "claims": json.dumps(mask(attempt.claims_shown), indent=2, ensure_ascii=False),
    }


def _registration(rehearsal: Rehearsal) -> Provider | None:
    """What was rehearsed, if a key of the ring opens it."""
    try:
        return rehearsed_provider(rehearsal)
    except DecryptionFailed:
        return None


def _result(rehearsal: Rehearsal) -> dict[str, Any]:
    try:
        result: dict[str, Any] = json.loads(rehearsal.result) if rehearsal.result else {}
    except DecryptionFailed:
        return {}
    return result


def _steps(attempt: SignInAttempt) -> list[dict[str, Any]]:
    """Every step in its order: its words, when or how long, and whether it went well."""
    timings = (attempt.trace or {}).get("timings", {})
    failed = attempt.stage if attempt.outcome != "ok" else ""
    steps = [_step("leaving", at=attempt.started_at, failed=failed)]
    if attempt.consumed_at:
        steps.append(_step("returned", at=attempt.consumed_at, failed=failed))
    names = [name for name in STEPS if name in timings]
    return steps + [_step(name, milliseconds=timings[name], failed=failed) for name in names]


def _step(
    name: str, *, failed: str, at: datetime | None = None, milliseconds: int | None = None
) -> dict[str, Any]:
    return {"words": STEPS[name], "at": at, "milliseconds": milliseconds, "went_well": name != failed}
