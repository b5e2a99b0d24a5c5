"""What else the same browser did."""

from datetime import timedelta

from django.db.models import QuerySet

from providers.models import SignInAttempt

MOST = 10
# How near in time an answer without an attempt must be to belong to the same visit.
NEAR = timedelta(minutes=30)


def neighbours_of(attempt: SignInAttempt) -> list[SignInAttempt]:
    """
    Return other attempts of the same browser, newest first, at most ten.

    By the cookie that binds attempts to a browser; where there is none, by address and browser name within half an
    hour, which is a hint and no proof.
    """
    return list(_same_browser(attempt).exclude(pk=attempt.pk).select_related("provider", "user")[:MOST])


def _same_browser(attempt: SignInAttempt) -> QuerySet[SignInAttempt]:
    attempts = SignInAttempt.objects.order_by("-started_at")
    if attempt.binding_hash:
        return attempts.filter(binding_hash=attempt.binding_hash)
    if not attempt.address:
        return attempts.none()
    near = (attempt.started_at - NEAR, attempt.started_at + NEAR)
    return attempts.filter(address=attempt.address, user_agent=attempt.user_agent, started_at__range=near)
