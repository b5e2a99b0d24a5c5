"""The `.env` of a development machine, with secrets of its own."""

import os
import secrets
from pathlib import Path

CONTENT = """\
# Written by the first `make run`. These secrets are this machine's own: never copy them to another.
DEBUG=true
BASE_URL={base_url}
SECRET_KEY={secret_key}
FIELD_ENCRYPTION_KEYS={encryption_key}
# The demonstration's own, so that they stay the same from run to run, and what `export` refers to is found by `apply`.
{provider_variable}={provider_secret}
{bot_variable}={bot_secret}
"""
PROVIDER_VARIABLE = "DEMO_CLIENT_SECRET"
BOT_VARIABLE = "DEMO_BOT_CLIENT_SECRET"


def write_env_file(path: Path, *, base_url: str) -> bool:
    """
    Write fresh random secrets, readable by the owner alone; False when the file is there already.

    `base_url` stands there for the commands of manage.py, which must name the issuer that the server names.

    An existing file is never touched: it may hold the only copy of the key that opens the database.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(
            CONTENT.format(
                base_url=base_url,
                secret_key=secrets.token_urlsafe(50),
                encryption_key=secrets.token_urlsafe(32),
                provider_variable=PROVIDER_VARIABLE,
                provider_secret=secrets.token_urlsafe(32),
                bot_variable=BOT_VARIABLE,
                bot_secret=secrets.token_urlsafe(32),
            )
        )
    return True
