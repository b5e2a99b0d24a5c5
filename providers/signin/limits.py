"""How many sign-ins one address may start: each start, and each answer that fits no start, is a row."""

import structlog
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from providers.errors import TooManyAttempts
from ssoconsole.platform.limits import WINDOW, count_try, source_of, this_minute

log = structlog.get_logger("signin")


def count_sign_in(request: HttpRequest) -> None:
    """
    Count one more; raises TooManyAttempts past SIGN_INS_PER_MINUTE.

    Without a cache nothing is counted: the limit keeps the table small, it guards no secret.
    """
    try:
        count = count_try(_name_of(request))
    except Exception as error:  # noqa: BLE001, RUF100 - every cache has errors of its own; none may stop a sign-in
        log.warning("sign_ins_not_counted", error=type(error).__name__)
        return
    if count > settings.SIGN_INS_PER_MINUTE:
        raise TooManyAttempts(
            expected=f"up to {settings.SIGN_INS_PER_MINUTE} in a minute",
            received=f"{count} from this address",
        )


def reference_of_flood(request: HttpRequest) -> str | None:
    """Return the reference under which this minute's flood from this address is on record already."""
    try:
        found = cache.get(_flood(request))
    except Exception:  # noqa: BLE001, RUF100 - see above
        return None
    return found if isinstance(found, str) else None


def keep_reference_of_flood(request: HttpRequest, reference: str) -> None:
    """Let the rest of this minute's flood share one row and one reference."""
    try:
        cache.set(_flood(request), reference, timeout=WINDOW)
    except Exception as error:  # noqa: BLE001, RUF100 - see above
        log.warning("flood_not_remembered", error=type(error).__name__)


def _flood(request: HttpRequest) -> str:
    return f"{_name_of(request)}:reference"


def _name_of(request: HttpRequest) -> str:
    return f"sign-ins:{source_of(request)}:{this_minute()}"
