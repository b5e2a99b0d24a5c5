"""A Content-Type that Django fails at before any middleware."""

import pytest

from ssoconsole.platform.http.doors import UNKNOWN, is_readable, reading_content_types


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "text/plain; charset=utf-8",
        'text/plain; charset="UTF8"',
        "text/plain; charset=US-ASCII",
        "text/plain; charset=latin-1",
        "text/plain; charset=nonsense",  # nobody knows it, and Django does not use it
        "text/plain; charset=",
        "text/plain; name*=utf-8''a",
    ],
)
def test_what_is_text_is_left_alone(content_type):
    assert is_readable(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        *("text/plain; charset=hex", "text/plain; charset=ZLIB", "text/plain; charset=rot13"),
        *("text/plain; charset=idna", "text/plain; charset=undefined", "text/plain; charset=utf-7"),
        *("text/plain; x*=nope''a", "text/plain; charset=utf-8; x*=a'b'c'd"),
    ],
)
def test_the_application_gets_a_type_that_nobody_knows_for_any_other(content_type):
    def application(environ, start_response):
        return [environ["CONTENT_TYPE"].encode()]

    environ = {"CONTENT_TYPE": content_type}
    assert reading_content_types(application)(environ, None) == [UNKNOWN.encode()]
