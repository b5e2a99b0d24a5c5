"""Why a backup or a restore did not happen."""

from ssoconsole.platform.errors import DomainError


class BackupRefused(DomainError):
    """No backup was made."""

    code = "backup_refused"


class RestoreRefused(DomainError):
    """Nothing was restored, and the database is as it was."""

    code = "restore_refused"
