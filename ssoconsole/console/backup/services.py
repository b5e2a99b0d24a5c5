"""Make a backup, and put one back."""

import re
import shutil
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F, Field, QuerySet
from django.db.models.functions import Substr
from django.utils import timezone

from providers.models import Provider
from ssoconsole.console.backup import postgresql, sqlite
from ssoconsole.console.backup.archive import (
    UNPACKED,
    BackupRefused,
    Manifest,
    RestoreRefused,
    opened_archive,
    sha256_of,
    write_archive,
)
from ssoconsole.console.upgrade.schema import own_migrations
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import KEY_ID_CHARACTERS, key_ring
from ssoconsole.platform.encryption.keyring import VERSION as ENVELOPE
from ssoconsole.platform.encryption.reencrypt import encrypted_fields
from ssoconsole.platform.eventlog.services import record_event
from ssoconsole.platform.runs.models import LastRun
from ssoconsole.platform.runs.services import note_run
from ssoconsole.platform.version import VERSION
from tokens.models import Bot, Credential, TokenRecord

log = structlog.get_logger("backup")

ENGINES = {"sqlite": sqlite, "postgresql": postgresql}
# A database with a row in any of these is in use; one that has only been migrated is not.
IN_USE = (User, Provider, Bot, TokenRecord)
UNFINISHED = ".backup-"  # what a backup is put together in
NAMED = re.compile(r"console-[0-9]{8}T[0-9]{6}Z\.backup")
LEFT_BEHIND = (f"{UNFINISHED}*", "console-*.backup.partial", f"{UNPACKED}*")
GIVEN_UP = timedelta(days=1)


def make_backup(*, out: Path, by: Actor) -> Manifest:
    """
    Write the whole database to `out`, mode 0600, while the console goes on; the event log knows of it.

    A file that exists already is not overwritten. Raises BackupRefused, OSError.
    """
    if out.exists():
        raise BackupRefused(f"{out} exists already.")
    began = timezone.now()
    with TemporaryDirectory(prefix=UNFINISHED, dir=out.absolute().parent) as folder:
        database = Path(folder) / "database"
        ENGINES[connection.vendor].dump(database)
        manifest = Manifest(
            version=VERSION,
            made_at=began.isoformat(),
            engine=connection.vendor,
            migrations=sorted(
                [app, name] for app, name in MigrationRecorder(connection).applied_migrations()
            ),
            encryption_keys=sorted(keys_in_use()),
            sha256=sha256_of(database),
        )
        write_archive(out, manifest=manifest, database=database)
    _remember(manifest, by=by)
    return manifest


def make_next_backup(*, folder: Path, keep: int, by: Actor) -> tuple[Path, Manifest]:
    """
    Write a backup into a folder under a name that says when, and delete all but the newest `keep` of such names.

    Nothing is deleted unless the new one is whole, and nothing that is called otherwise. Raises as `make_backup`.
    """
    if not folder.is_dir():
        raise BackupRefused(f"{folder} is no folder that is there.")
    began = timezone.now()
    # What was left by runs that were killed: it is as large as a backup.
    for left in (found for pattern in LEFT_BEHIND for found in folder.glob(pattern)):
        if left.lstat().st_mtime < (began - GIVEN_UP).timestamp():
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
    out = folder / f"console-{began:%Y%m%dT%H%M%SZ}.backup"
    manifest = make_backup(out=out, by=by)
    # Never this one, whatever the clock said when the others were named.
    others = sorted(path for path in folder.iterdir() if NAMED.fullmatch(path.name) and path != out)
    for old in others[: max(len(others) + 1 - keep, 0)]:
        old.unlink()
    return out, manifest


def restore_backup(*, path: Path, force: bool) -> Manifest:
    """
    Put a backup in the place of the database. Nothing else uses the database meanwhile.

    Raises RestoreRefused, with the database as it was: it is in use and `force` is not given; the backup is
    damaged, newer than this code or of the other kind of database; or the ring lacks a key that it needs.
    """
    with opened_archive(path) as (manifest, database):
        _check_fits(manifest)
        if not force and is_in_use():
            raise RestoreRefused("The database is in use. --force puts the backup in its place.")
        ENGINES[connection.vendor].load(database)
    return manifest


def record_restore(*, manifest: Manifest, by: Actor) -> None:
    """Write down, in the database that was restored, that it was, and that there is a backup from that time."""
    note_run(LastRun.What.BACKUP, at=manifest.at, details={"sha256": manifest.sha256})
    shown = {"made_at": manifest.made_at, "version": manifest.version, "sha256": manifest.sha256}
    record_event("console_restored", by=by, after=shown)


def is_in_use() -> bool:
    """Tell whether there is anything in the database that a restore would destroy."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if tables and MigrationRecorder.Migration._meta.db_table not in tables:
            return True  # somebody else's
        for model in IN_USE:
            # Only that there is a row: the columns may be those of another version.
            if (table := model._meta.db_table) in tables:
                cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1")  # noqa: S608 - ours
                if cursor.fetchone():
                    return True
    return False


def keys_in_use() -> set[str]:
    """
    The ids of the ring's keys that something lasting needs: what is encrypted, and bots' secrets that still count.

    A key that the ring lacks is not needed: what is under it is lost, and no backup must ask for it for ever.
    """
    found = set()
    for field in encrypted_fields():
        found |= _distinct(field, field.model._base_manager.all(), start=len(ENVELOPE) + 2)
    secrets = Credential.objects.lasting_secrets(at=timezone.now())
    found |= _distinct(Credential._meta.get_field("secret_hash"), secrets, start=1)
    return found & set(key_ring().key_ids)


def _distinct(field: "Field[Any, Any]", rows: QuerySet[Any], *, start: int) -> set[str]:
    """The key ids in a column, which the database may not have yet."""
    table = field.model._meta.db_table
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return set()
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} LIMIT 0")  # noqa: S608 - ours
        columns = {name for name, *_ in cursor.description}
    if field.column not in columns:
        return set()
    keys = rows.order_by().annotate(key=Substr(F(field.name), start, KEY_ID_CHARACTERS))
    return set(keys.values_list("key", flat=True).distinct())


def _remember(manifest: Manifest, *, by: Actor) -> None:
    """Write down that there is a backup; it is one all the same where a migration is missing for that."""
    shown = {"made_at": manifest.made_at, "sha256": manifest.sha256}
    try:
        with transaction.atomic():
            note_run(LastRun.What.BACKUP, at=manifest.at, details={"sha256": manifest.sha256})
            record_event("console_backed_up", by=by, after=shown)
    except DatabaseError as error:
        log.warning("backup_not_recorded", reason=type(error).__name__)


def _check_fits(manifest: Manifest) -> None:
    if manifest.engine != connection.vendor:
        raise RestoreRefused(
            f"The backup is of {manifest.engine}, and DATABASE_URL names a database of {connection.vendor}."
        )
    unknown = {(app, name) for app, name in manifest.migrations} - own_migrations()
    if unknown:
        first = ".".join(sorted(unknown)[0])
        raise RestoreRefused(
            f"The backup is of version {manifest.version}, which is newer than this code: it has {first}. "
            "Restore it with that version."
        )
    if missing := set(manifest.encryption_keys) - set(key_ring().key_ids):
        raise RestoreRefused(
            f"FIELD_ENCRYPTION_KEYS lacks the keys with these ids: {', '.join(sorted(missing))}. Without them "
            "nobody can read the secrets in the backup."
        )
