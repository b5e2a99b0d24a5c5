"""Why nothing was exported."""

from ssoconsole.platform.errors import DomainError


class ExportRefused(DomainError):
    """The export cannot be made as it was asked for."""

    code = "export_refused"
