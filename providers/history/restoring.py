"""Bringing a version back, as a save like any other."""

from datetime import timedelta

from providers.history.configuration import registration_in
from providers.history.services import find_version
from providers.models import Provider
from providers.registration.services import save_provider
from ssoconsole.platform.actors import Actor


def restore_version(
    *, provider: Provider, number: int, by: Actor, trial: timedelta | None = None
) -> list[str]:
    """
    Save what a provider was in version `number`, by today's rules; return warnings for the administrator.

    It becomes a new version, unless it is what stands; on trial if `trial` says so. A provider that is disabled
    stays so. It stood before, and needs no rehearsal. Raises VersionUnknown, VersionUnusable and RegistrationInvalid.
    """
    row = Provider.objects.get(pk=provider.pk)
    restored = registration_in(find_version(provider=row, number=number), onto=row)
    return save_provider(
        provider=restored, by=by, trial=trial, anyway=True, note=f"restored from version {number}"
    )
