"""What comes back for a request, and the limits of time and size within which it has to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ssoconsole.platform.jose import strict_json

ANYTHING = "*/*"
# A JSON document by its own types (RFC 8259 section 11, RFC 7517 section 8.5), and as file servers call it, or do not.
# Whether it is one is for who parses it; a web page is none.
JSON_DOCUMENT = (
    *("application/json", "application/jwk-set+json", "application/jwk+json", "text/json"),
    *("text/plain", "application/octet-stream", "binary/octet-stream", ""),
)
# Other names of JSON, which nobody is asked for: with the suffix +json (RFC 6839 section 3.1), and older ones.
_JSON_TOO = re.compile(r".+\+json|(?:application|text)/(?:x-json|(?:x-)?javascript)")


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds, sizes in bytes."""

    connect: float = 3.0  # all addresses of the host together
    idle: float = 8.0  # between two bytes, either way; also name resolution and the TLS handshake
    total: float = 15.0  # from the name to the last byte of the body
    head_bytes: int = 64 * 1024  # status line and headers
    body_bytes: int = 512 * 1024


DEFAULT_LIMITS = Limits()


def is_json_document(media_type: str) -> bool:
    """Tell whether what has this type, in lower case, may be a JSON document; a web page is none."""
    return media_type in JSON_DOCUMENT or bool(_JSON_TOO.fullmatch(media_type))


@dataclass(frozen=True, slots=True)
class Response:
    """
    A whole response. Its repr shows neither headers nor body, which may hold tokens.

    `headers` is read by name in any case, repeated ones joined by ", " (RFC 9110 section 5.3). `content_type`
    is the media type alone, in lower case, "" if there is none. `elapsed_ms` includes name resolution.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    content_type: str
    elapsed_ms: int

    def json(self) -> Any:
        """Parse the body strictly, whatever its media type, without a BOM. Raises `strict_json.MalformedJson`."""
        return strict_json.loads(self.body.removeprefix(strict_json.BYTE_ORDER_MARK))
