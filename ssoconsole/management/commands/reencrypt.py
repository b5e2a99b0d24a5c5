from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ssoconsole.encryption.reencrypt import outdated_counts, reencrypt_all


class Command(BaseCommand):
    help = "Encrypt under the newest of FIELD_ENCRYPTION_KEYS what is under an older one. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        moved, left = reencrypt_all(), outdated_counts()
        for name, count in moved.items():
            self.stdout.write(f"{name}: {count} re-encrypted, {left[name]} still under an older key")
        if any(left.values()):
            raise CommandError("Keep the older keys: what is left needs them, or cannot be opened at all.")
        self.stdout.write(
            "No encrypted value needs an older key. Keyed hashes made under one need it until issued anew."
        )
