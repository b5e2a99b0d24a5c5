"""A secret that is planted in any encoding is found, and what only looks like one is not."""

import base64
import html
import json
import textwrap
from urllib.parse import quote, quote_plus, urlencode

import pytest

from providers.exchange.client_authentication import basic_credentials
from tests.support.leaks import assert_without, leaks
from tests.support.scripted.client import PLAIN_SECRET, SECRET


def base64_after(prefix):
    return lambda secret: base64.b64encode(prefix + secret.encode() + b"tail").decode()


def url_safe(prefix):
    return lambda secret: base64.urlsafe_b64encode(prefix + secret.encode()).decode().rstrip("=")


def jwt_part(secret):
    claims = json.dumps({"iss": "https://idp.example", "note": secret}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.c2ln"


PLANTED = {
    "raw": str,
    "bytes": str.encode,
    "JSON": json.dumps,
    "JSON in Unicode": lambda secret: json.dumps(secret, ensure_ascii=False),
    "JSON in capitals": lambda secret: "".join(f"\\u{ord(letter):04X}" for letter in secret),
    "a form": lambda secret: urlencode({"client_secret": secret}),
    "a path": lambda secret: quote(secret, safe=""),
    "a path in small letters": lambda secret: "".join(f"%{byte:02x}" for byte in secret.encode()),
    "a page": html.escape,
    "decimal entities": lambda secret: "".join(f"&#{ord(letter)};" for letter in secret),
    "hexadecimal entities": lambda secret: "".join(f"&#x{ord(letter):x};" for letter in secret),
    "a repr": repr,
    "a repr of bytes": lambda secret: repr(secret.encode()),
    "a dictionary": lambda secret: {"received": [secret]},
    "base64": base64_after(b""),
    "base64 after one byte": base64_after(b"a"),
    "base64 after two bytes": base64_after(b"ab"),
    "base64url": url_safe(b""),
    "base64url after one byte": url_safe(b"a"),
    "base64url after two bytes": url_safe(b"ab"),
    "base64 in lines": lambda secret: "\n".join(textwrap.wrap(base64_after(b"x" * 50)(secret), 64)),
    "hexadecimal": lambda secret: secret.encode().hex(),
    "hexadecimal capitals": lambda secret: secret.encode().hex().upper(),
    "Basic": lambda secret: basic_credentials("console", secret),
    "Basic of another client": lambda secret: basic_credentials("a:b c", secret),
    "Basic in a log line": lambda secret: json.dumps(
        {"headers": repr({"A": basic_credentials("c", secret)})}
    ),
    "a JWT": jwt_part,
    "JSON in a page": lambda secret: html.escape(json.dumps({"secret": secret})),
    "a form in JSON": lambda secret: json.dumps({"body": urlencode({"s": secret, "t": "ü"})}),
    "JSON in JSON": lambda secret: json.dumps({"line": json.dumps({"s": secret})}),
    "a URL in a page in JSON": lambda secret: json.dumps(
        html.escape(f'<a href="/x?s={quote_plus(secret)}">')
    ),
    "base64 of a form": lambda secret: base64.b64encode(urlencode({"s": secret}).encode()).decode(),
}


@pytest.mark.parametrize("encoding", PLANTED)
@pytest.mark.parametrize("secret", [SECRET, PLAIN_SECRET], ids=["with escapes", "plain"])
def test_a_planted_secret_is_found(secret, encoding):
    planted = PLANTED[encoding](secret)
    around = planted if isinstance(planted, (bytes, dict)) else f"before {planted} behind"
    assert leaks(around, "another-secret", secret) == [secret]
    with pytest.raises(AssertionError):
        assert_without(around, secret)


@pytest.mark.parametrize("encoding", PLANTED)
def test_another_text_in_the_same_encoding_is_none(encoding):
    planted = PLANTED[encoding](f"{SECRET[:12]} and something else")
    assert leaks(planted, SECRET, PLAIN_SECRET) == []


@pytest.mark.parametrize("secrets", [(), ("short",), (PLAIN_SECRET, "")])
def test_a_search_that_could_find_nothing_is_a_mistake(secrets):
    with pytest.raises(ValueError, match="secrets of at least 6"):
        leaks("a page", *secrets)
