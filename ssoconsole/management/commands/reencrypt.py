"""reencrypt [--retire-secrets KEY_ID …]"""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from ssoconsole.console.backup.services import keys_in_use
from ssoconsole.management.commands import LongCommand
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import key_ring
from ssoconsole.platform.encryption.reencrypt import COLUMNS, outdated_counts, reencrypt_all
from tokens.credentials.retirement import retire_secrets_under, secrets_under_other_keys
from tokens.models import Credential


class Command(LongCommand):
    help = (
        "Encrypt under the newest of FIELD_ENCRYPTION_KEYS what is under an older one, and say which older keys have "
        "to stay, and for what. Exit 1 while one has to. Safe to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--retire-secrets",
            metavar="KEY_ID",
            action="append",
            default=[],
            help="first retire the secrets of bots that are still hashed under this older key, so that it can go",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._retire(options["retire_secrets"])
        moved, left = reencrypt_all(), outdated_counts()
        for name, count in moved.items():
            self.stdout.write(f"{name}: {count} re-encrypted, {left[name]} still under an older key")
        for column in COLUMNS:
            if column.end and (count := column.outdated().count()):
                self.stdout.write(
                    f"{column}: {count} hashed under an older key, and lost with it; each ends {column.end}"
                )
        secrets = secrets_under_other_keys(at=timezone.now())
        if secrets:
            self.stdout.write("Secrets of bots under an older key; each moves when it is used next:")
        for secret in secrets:
            self.stdout.write(f"  {_told(secret)}")
        self._say_what_can_go(is_anything_left=bool(secrets) or any(left.values()))

    def _retire(self, key_ids: list[str]) -> None:
        if key_ring().newest_key_id in key_ids:
            raise CommandError("That is the newest key: what is under it need not be retired.")
        for key_id in key_ids:
            count = retire_secrets_under(key_id=key_id, at=timezone.now(), by=Actor.command("reencrypt"))
            self.stdout.write(f"secrets under {key_id}: {count} retired")

    def _say_what_can_go(self, *, is_anything_left: bool) -> None:
        needed = keys_in_use()
        for key_id in key_ring().key_ids[1:]:
            verdict = "has to stay" if key_id in needed else "can be dropped"
            self.stdout.write(f"{_place(key_id)} of FIELD_ENCRYPTION_KEYS {verdict}.")
        if is_anything_left:
            raise CommandError(
                "Keep the keys that have to stay: what is left needs them, or cannot be opened at all. A bot's secret "
                "moves with its next use; --retire-secrets KEY_ID ends those that are used no more. What is under a "
                "key that is not there is lost unless the key is put back."
            )
        self.stdout.write("Nothing that lasts needs an older key.")


def _told(secret: Credential) -> str:
    used = f"last used {secret.last_used_at:%Y-%m-%d %H:%M} UTC" if secret.last_used_at else "never used"
    label = f"{secret.label} ({secret.hint})" if secret.label else secret.hint
    return f"{secret.bot.name}: {label}, {used}, {_place(secret.hash_key_id)}"


def _place(key_id: str) -> str:
    """A key as the operator finds it: by its place in the setting, and its id, which is in backups as well."""
    ids = key_ring().key_ids
    return f"key {ids.index(key_id) + 1} ({key_id})" if key_id in ids else f"key {key_id}, which is not there"
