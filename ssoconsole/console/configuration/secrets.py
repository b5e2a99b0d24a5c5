"""
Where the file's secrets are: in the environment, in a file, or in the configuration file itself.

A reference is replaced in the document before the database is looked at. No problem names a secret, nor what
was written in place of a name: `{env: hunter2}` is a mistake that people make.
"""

import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from typing import Any

from ssoconsole.console.configuration.shape import PLACEHOLDER, SECTIONS, is_secret
from ssoconsole.platform.yaml import SECRET_KEY_NAME, Findings, Path, ScalarRefused, storable

LARGEST_SECRET = 65_536  # bytes

_conventional_name = re.compile(r"(?=.*_)[A-Z_][A-Z0-9_]*\Z")


class SecretMissing(Exception):
    """A secret is not where the file says; the message is for the administrator."""


def resolve_secrets(
    document: Any, environment: Mapping[str, str], findings: Findings, *, dry_run: bool = False
) -> None:
    """
    Put the secrets into a document; add a problem for each that is missing. Passes over wrong shapes.

    In a dry run a placeholder whose variable is not set stands for a secret that nobody has, and is a warning.
    """
    for item, path in _holders(document):
        given = item[SECRET_KEY_NAME]
        is_placeholder = isinstance(given, dict) and given.get(PLACEHOLDER) is True
        try:
            item[SECRET_KEY_NAME] = _secret(given, environment)
        except SecretMissing as error:
            if is_placeholder and dry_run:
                findings.warn(path, f"{error}; to apply this file, set it")
                item[SECRET_KEY_NAME] = secrets.token_urlsafe(32)
            else:
                findings.add(path, str(error))


def _holders(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Path]]:
    for section in SECTIONS:
        items = document.get(section)
        for index, item in enumerate(items if isinstance(items, list) else []):
            if isinstance(item, dict) and is_secret(item.get(SECRET_KEY_NAME)):
                yield item, (section, index, SECRET_KEY_NAME)


def _secret(given: str | dict[str, Any], environment: Mapping[str, str]) -> str:
    if isinstance(given, str):
        return _usable(given, "the secret")
    if "env" in given:
        return _from_environment(given["env"], environment)
    return _from_file(given["file"])


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    shown = (
        f"the environment variable {name}" if _conventional_name.match(name) else "the environment variable"
    )
    if name not in environment:
        raise SecretMissing(f"{shown} is not set")
    return _usable(environment[name], shown)


def _from_file(name: str) -> str:
    if not os.path.isabs(name):
        raise SecretMissing("the path of the file must be absolute")
    try:
        content = _content(name)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name cannot be used"
        raise SecretMissing(f"the file cannot be read: {reason}") from None
    if len(content) > LARGEST_SECRET:
        raise SecretMissing(f"the file is larger than {LARGEST_SECRET} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SecretMissing("the file is not UTF-8 text") from None
    # Editors and `echo` end a file with a newline that nobody means.
    return _usable(re.sub(r"\r?\n\Z", "", text), "the file")


def _content(name: str) -> bytes:
    # O_NONBLOCK: a named pipe that nobody writes to would stop the command for ever.
    with open(name, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "it is no regular file")
        return file.read(LARGEST_SECRET + 1)


def _usable(secret: str, whence: str) -> str:
    if not secret:
        raise SecretMissing(f"{whence} is empty")
    try:
        return storable(secret)
    except ScalarRefused as error:
        raise SecretMissing(f"{whence} {error}") from None
