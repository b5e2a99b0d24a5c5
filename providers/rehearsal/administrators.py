"""Whose a rehearsal is."""

from django.http import HttpRequest

from providers.models import Rehearsal


def may_rehearse(request: HttpRequest, rehearsal: Rehearsal) -> bool:
    """Tell whether the person at this browser has begun `rehearsal`, and may still write registrations."""
    user = request.user
    if user.pk != rehearsal.by_id or not (user.is_active and user.is_staff):
        return False
    return user.has_perm("providers.change_provider" if rehearsal.provider_id else "providers.add_provider")
