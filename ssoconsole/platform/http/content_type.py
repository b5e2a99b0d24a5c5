"""
A `Content-Type` that Django cannot take is one that says nothing.

Django reads it while it makes the request, before any middleware: an extended parameter in an unknown charset, or a
query in a charset such as `hex`, which Python knows and which is none of text, would be a fault of the server that no
line of the log tells of. What is sent to the console is UTF-8, or a text that reads the same.
"""

import codecs
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.http import parse_header_parameters

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# What nobody knows (RFC 9110 section 8.3).
UNKNOWN = "application/octet-stream"
# As Python names them. What is no name of any codec is not used by Django either.
CHARSETS = ("utf-8", "ascii", "iso8859-1")


def reading_content_types(application: Application) -> Application:
    """Wrap Django's WSGI application: no request has a `Content-Type` that it fails at."""

    def answering(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        given = environ.get("CONTENT_TYPE")
        if given and not is_readable(given):
            environ["CONTENT_TYPE"] = UNKNOWN
        return application(environ, start_response)

    return answering


def is_readable(content_type: str) -> bool:
    """Tell whether Django can read this header, and the query and the form of a request that has it."""
    try:
        _, parameters = parse_header_parameters(content_type)
    except ValueError:
        return False
    try:
        return codecs.lookup(parameters.get("charset", "utf-8")).name in CHARSETS
    except LookupError:
        return True
