"""A registration as text, and back: what a rehearsal goes through is not in the provider's row."""

import json
import uuid

from django.core.serializers.json import DjangoJSONEncoder

from providers.errors import AttemptExpired
from providers.models import Provider, Rehearsal, SignInAttempt
from providers.registration.fields import FIELDS, SESSION

NAMES = (
    "slug",
    *(name for name in FIELDS if name != "client_secret"),
    *(f"session_{name}" for name in SESSION),
)


def written(provider: Provider) -> str:
    """Return the registration as JSON, with the secret, to be kept encrypted. Raises DecryptionFailed."""
    return json.dumps(
        {
            "id": str(provider.pk),
            "values": {name: getattr(provider, name) for name in NAMES},
            "client_secret": provider.client_secret,
            "client_secret_for": provider.client_secret_for,
            "discovery": provider.discovery,
        },
        cls=DjangoJSONEncoder,
    )


def rehearsed_provider(rehearsal: Rehearsal) -> Provider:
    """
    Return the provider that people would sign in through if `rehearsal` were saved and enabled; never save it.

    It brings no keys along: a rehearsal fetches them, and so tries that too. Raises DecryptionFailed.
    """
    kept = json.loads(rehearsal.registration)
    provider = Provider(id=uuid.UUID(kept["id"]), discovery=kept["discovery"], enabled=True, **kept["values"])
    provider.client_secret, provider.client_secret_for = kept["client_secret"], kept["client_secret_for"]
    provider.rehearsed_in = rehearsal.pk
    return provider


def rehearsal_of(attempt: SignInAttempt) -> Rehearsal:
    """Return what `attempt` goes through. Raises AttemptExpired where it is not kept any more."""
    if attempt.rehearsal is None:
        raise AttemptExpired(expected="a rehearsal that is under way", received="one that is over")
    return attempt.rehearsal
