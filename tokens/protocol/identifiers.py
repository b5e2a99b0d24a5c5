"""Names of audiences: absolute URIs without a fragment (RFC 8707 section 2)."""

import re
from urllib.parse import urlsplit

from tokens.errors import IdentifierInvalid

LONGEST = 255

_URI_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+")


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
