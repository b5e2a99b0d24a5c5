"""Adopt or refuse a changed document; only a person who has seen exactly that change decides."""

from copy import copy

from django.db import transaction
from django.utils import timezone

from providers.metadata import check_discovery, keep_discovery, save_discovery
from providers.models import DiscoveryDrift, Provider
from providers.protocol.drift import decisive_differences
from providers.registration.rolling_back import row_to_write
from providers.registration.secret import claim_secret, set_client_secret
from providers.registration.services import look_up_metadata, save_provider
from providers.registration.writing import refuse_problems, write_change
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.eventlog.services import record_event

Decision = DiscoveryDrift.Decision


class DriftDecided(DomainError):
    """Somebody has decided about this change already, or the provider has taken it back."""

    code = "drift_decided"


class DriftOutdated(DomainError):
    """What was shown is not what the provider publishes now: look at it again."""

    code = "drift_outdated"


def adopt_drift(*, drift: DiscoveryDrift, by: Actor, client_secret: str = "") -> None:
    """
    Use the document that was shown from now on.

    Where the client secret would go to another host than those that it was entered for, it is asked for again, as
    `client_secret`; client keys are made anew. Another issuer is another provider to everybody who signs in: its own
    document is fetched, must be the one that was shown, and the sessions end. Raises DriftDecided, DriftOutdated,
    MetadataInvalid, RegistrationInvalid, SuperuserRequired; then nothing was changed.
    """
    by.refuse_if_limited("adopt what a provider has changed")
    if "issuer" in drift.changes:
        _adopt_issuer(drift, by=by, client_secret=client_secret)
        return
    with transaction.atomic():
        stored = row_to_write(drift.provider) or drift.provider
        _decide(drift, Decision.ADOPTED, by=by)
        # The registration may have changed since.
        document = check_discovery(stored, drift.document, issuer=stored.issuer)
        row = copy(stored)
        if client_secret:
            set_client_secret(row, client_secret)
        claim_secret(row, document, is_first=False)
        write_change(stored=stored, provider=row, by=by, note="other endpoints were adopted")
        keep_discovery(row, document, by=by)
        save_discovery(row, by=by)


@transaction.atomic
def refuse_drift(*, drift: DiscoveryDrift, by: Actor) -> None:
    """Go on with the document in use, for as long as the provider shows this one. Raises DriftDecided."""
    row_to_write(drift.provider)
    _decide(drift, Decision.REFUSED, by=by)


def _adopt_issuer(drift: DiscoveryDrift, *, by: Actor, client_secret: str) -> None:
    provider = Provider.objects.get(pk=drift.provider_id)
    provider.issuer = drift.document["issuer"]
    if client_secret:
        set_client_secret(provider, client_secret)
    refuse_problems(provider)
    metadata = look_up_metadata(provider)
    if metadata.document is None:
        raise DriftOutdated("The new issuer does not answer.", received=" ".join(metadata.warnings))
    if other := decisive_differences(drift.document, metadata.document):
        raise DriftOutdated(
            "The new issuer's own document is not the one that was shown.",
            expected=str(other[0].before),
            received=f"{other[0].member}: {other[0].after}",
        )
    with transaction.atomic():
        row_to_write(drift.provider)
        _decide(drift, Decision.ADOPTED, by=by)
        save_provider(provider=provider, by=by, metadata=metadata, anyway=True)


def _decide(drift: DiscoveryDrift, decision: DiscoveryDrift.Decision, *, by: Actor) -> None:
    decided = DiscoveryDrift.objects.filter(pk=drift.pk).decide(decision, by=str(by), at=timezone.now())
    if not decided:
        raise DriftDecided
    record_event(
        f"provider_drift_{decision.value}",
        by=by,
        target=drift.provider.slug,
        before=drift.side("before"),
        after=drift.side("after"),
    )
