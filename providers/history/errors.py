"""Why a version cannot be had."""

from ssoconsole.platform.errors import DomainError


class VersionUnknown(DomainError):
    """There is no such version of this provider."""

    code = "version_unknown"


class VersionUnusable(DomainError):
    """This version of the provider cannot be read any more."""

    code = "version_unusable"
