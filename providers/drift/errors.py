"""Why a changed document was not decided about."""

from ssoconsole.platform.errors import DomainError


class DriftDecided(DomainError):
    """Somebody has decided about this change already, or the provider has taken it back."""

    code = "drift_decided"


class DriftOutdated(DomainError):
    """What was shown is not what the provider publishes now: look at it again."""

    code = "drift_outdated"
