"""The file of a backup: a tar with `manifest.json` and then `database`, readable by its owner alone.

The manifest names the keys that open the secrets in it, by their ids, and holds none.

Why a backup or a restore did not happen.
"""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from ssoconsole.platform.errors import DomainError


class BackupRefused(DomainError):
    """No backup was made."""

    code = "backup_refused"


class RestoreRefused(DomainError):
    """Nothing was restored, and the database is as it was."""

    code = "restore_refused"


FORMAT = 1
MANIFEST, DATABASE = "manifest.json", "database"
LARGEST_MANIFEST = 1_000_000  # bytes
UNPACKED = "sso-console-restore-"  # what a backup is unpacked in


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a backup. `engine` is sqlite or postgresql; `made_at` is ISO 8601; keys are ids of 8 hex."""

    version: str
    made_at: str
    engine: str
    migrations: list[list[str]]
    encryption_keys: list[str]
    sha256: str
    format: int = FORMAT

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.made_at)


def write_archive(out: Path, *, manifest: Manifest, database: Path) -> None:
    """Write both members to `out`, whole or not at all. Raises OSError."""
    partial = out.with_name(f"{out.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        os.fchmod(descriptor, 0o600)  # it may have been there before, more open
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w|") as tar:
                _add_manifest(tar, manifest)
                tar.add(database, arcname=DATABASE, filter=_without_names)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(out)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def opened_archive(path: Path) -> Iterator[tuple[Manifest, Path]]:
    """Give the manifest and the database's own file, checked, while the block lasts. Raises RestoreRefused."""
    with TemporaryDirectory(prefix=UNPACKED) as folder:
        database = Path(folder) / DATABASE
        try:
            with tarfile.open(path, mode="r:") as tar:
                manifest = _manifest(_member(tar, MANIFEST).read(LARGEST_MANIFEST))
                digest = _copy(_member(tar, DATABASE), database)
        except (OSError, tarfile.TarError) as error:
            raise RestoreRefused(f"{path} cannot be read as a backup: {type(error).__name__}.") from error
        if digest != manifest.sha256:
            raise RestoreRefused("The backup is damaged: the database in it is not what its manifest says.")
        yield manifest, database


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _add_manifest(tar: tarfile.TarFile, manifest: Manifest) -> None:
    body = json.dumps(asdict(manifest), indent=2).encode()
    member = tarfile.TarInfo(MANIFEST)
    member.size, member.mode = len(body), 0o600
    tar.addfile(member, io.BytesIO(body))


def _without_names(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        member = tar.extractfile(name)
    except KeyError:
        member = None
    if member is None:
        raise RestoreRefused(f"This is no backup of the console: it has no {name}.")
    return member


def _manifest(body: bytes) -> Manifest:
    try:
        members = json.loads(body)
        if members["format"] != FORMAT:
            raise RestoreRefused(f"The backup has format {members['format']}, and this code reads {FORMAT}.")
        manifest = Manifest(**members)
        _ = manifest.at
    except (ValueError, TypeError, KeyError) as error:
        raise RestoreRefused("This is no backup of the console: its manifest is malformed.") from error
    return manifest


def _copy(source: IO[bytes], target: Path) -> str:
    digest = hashlib.sha256()
    with target.open("xb") as file:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()
