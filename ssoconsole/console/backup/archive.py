"""
The file of a backup: a tar with `manifest.json` and then `database`, readable by its owner alone.

The manifest names the keys that open the secrets in it, by their ids, and holds none.

A backup does not know what was ended after it was made. A token that was revoked then, and a session that was signed
out, counts again in the restored database. Tokens that were issued since have no record there, and no revocation can
name them. Whoever cannot accept that ends all of it: what this console has vouched for before the restore counts no
more.
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

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from providers.models import ConsoleSession
from providers.sessions.services import end_selected
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.eventlog.services import record_event
from ssoconsole.platform.progress import over
from tokens.keys.services import compromise_signing_key
from tokens.models import Audience, SigningKey, TokenRecord
from tokens.records.revocation import revoke_tokens_of_audience

FORMAT = 1
MANIFEST, DATABASE = "manifest.json", "database"
LARGEST_MANIFEST = 1_000_000  # bytes
MEGABYTE = 1 << 20
UNPACKED = "sso-console-restore-"  # what a backup is unpacked in


class BackupRefused(DomainError):
    """No backup was made."""

    code = "backup_refused"


class RestoreRefused(DomainError):
    """Nothing was restored, and the database is as it was."""

    code = "restore_refused"


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
        for chunk in over(iter(lambda: source.read(MEGABYTE), b""), what="megabytes read"):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Ended:
    """How many tokens were revoked, keys taken out and sessions ended."""

    tokens: int
    keys: int
    sessions: int


@transaction.atomic
def end_everything_before_now(*, by: Actor) -> Ended:
    """
    Revoke every token, take every signing key out at once, and end every session; return how many.

    The keys, because nothing else reaches a token that was issued since the backup: an API that checks signatures
    finds no key for it any more. New ones sign from now on.
    """
    tokens = sum(revoke_tokens_of_audience(audience=audience, by=by) for audience in _audiences_with_tokens())
    keys = _keys_that_may_have_signed()
    for kid in keys:
        compromise_signing_key(kid=kid, by=by)
    sessions = end_selected(ConsoleSession.objects.filter(ended_at=None), by=by)
    Session.objects.all().delete()
    ended = Ended(tokens=tokens, keys=len(keys), sessions=sessions)
    record_event(
        "everything_before_restore_ended",
        by=by,
        after={"tokens": ended.tokens, "keys": ended.keys, "sessions": ended.sessions},
    )
    return ended


def _audiences_with_tokens() -> list[Audience]:
    held = TokenRecord.objects.unended(at=timezone.now()).order_by().values("audience").distinct()
    return list(Audience.objects.filter(pk__in=held))


def _keys_that_may_have_signed() -> list[str]:
    # The next ones too: they may have come to sign since the backup. First, so that none of them is promoted.
    keys = SigningKey.objects.verifying(at=timezone.now())
    return list(keys.order_by(F("signing_from").asc(nulls_first=True), "kid").values_list("kid", flat=True))
