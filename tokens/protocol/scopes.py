"""
The names in a grant: scope values (RFC 6749 section 3.3), roles, and audiences.

The name of an audience is an absolute URI without a fragment (RFC 8707 section 2).
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from tokens.errors import IdentifierInvalid, RoleInvalid, ScopeMalformed

LONGEST_SCOPE = 2_000
LONGEST_ROLE = 100

# %x21 / %x23-5B / %x5D-7E: everything printable but the space, the quotation mark and the backslash.
_SCOPE_TOKEN = re.compile(r"[!#-\[\]-~]{1,255}")
_BLANKS = re.compile(r"[ \t\r\n]+")
LONGEST = 255

_URI_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+")


def parse_scope(text: str) -> list[str]:
    """
    Split a scope parameter at its blanks; each value once, in the order given.

    Scripts and folded YAML leave blanks before, after and between the values, which can mean nothing else. Raises
    ScopeMalformed for anything else outside the grammar, for nothing but blanks, and for more than 2000 characters.
    """
    if len(text) > LONGEST_SCOPE:
        raise ScopeMalformed(expected=f"at most {LONGEST_SCOPE} characters")
    return check_scopes(_BLANKS.split(text.strip(" \t\r\n")))


def check_scopes(scopes: Iterable[object]) -> list[str]:
    """Return the scope values, each once, in the order given. Raises ScopeMalformed."""
    checked: dict[str, None] = {}
    for scope in scopes:
        if not isinstance(scope, str) or not _SCOPE_TOKEN.fullmatch(scope):
            raise ScopeMalformed(received=repr(scope)[:50])
        checked[scope] = None
    return list(checked)


def check_roles(roles: Iterable[object]) -> list[str]:
    """Return the roles, each once, in the order given. Raises RoleInvalid."""
    checked: dict[str, None] = {}
    for role in roles:
        if not isinstance(role, str) or not 1 <= len(role) <= LONGEST_ROLE or not role.isprintable():
            raise RoleInvalid(received=repr(role)[:50])
        checked[role] = None
    return list(checked)


def check_identifier(identifier: str) -> str:
    """Return an audience's identifier as it stands; raises IdentifierInvalid."""
    if not is_resource(identifier) or urlsplit(identifier).scheme not in ("https", "http", "urn"):
        raise IdentifierInvalid(received=identifier[:100])
    return identifier


def is_resource(value: str) -> bool:
    """Tell whether `value` may stand in a `resource` parameter: absolute, without fragment, at most 255."""
    if len(value) > LONGEST or not _URI_CHARACTERS.fullmatch(value):
        return False
    try:
        parts = urlsplit(value)
        if parts.scheme in ("http", "https"):
            return bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path))
