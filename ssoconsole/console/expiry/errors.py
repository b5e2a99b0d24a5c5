"""Why a warning was not sent."""

from ssoconsole.platform.errors import DomainError


class SendingFailed(DomainError):
    """The warnings could not be sent; the next run tries again."""

    code = "sending_failed"
