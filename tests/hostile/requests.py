"""Hostile requests: any method at any path, with heads and bodies that do not belong together."""

import json
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO

from tests.support.paths import SAMPLES, every_path

MARK = "<script>mark</script>"
METHODS = (
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "get",
    "PROPFIND",
    "X",
)
USUAL = ("GET", "GET", "GET", "POST", "POST", "PUT", "PATCH", "DELETE")
AWKWARD = (
    *(b"a" * 900, b"/" * 900, b"x" * 5_000, b"%00", b"\x00"),
    *(b"\xff\xfe", b"\xed\xa0\x80", b"..", b"../../etc/passwd"),
    *(b"%2e%2e%2f", b"\n", b"\r\nX: y", b" ", b"-1", b"0"),
    *(b"1" * 30, b"'", b'"', MARK.encode(), "é\u202e".encode(), b"%s{}$"),
    *(b"None", b"0f8fad5b-d9cd-4e5f-8f5e-6b1a2c3d4e5f", b"bot", b"corp"),
    *(b"__all__", b"_40", b"a/b", b"//evil.example"),
)  # fmt: skip
ACCEPT = (
    *("*/*", "text/html", "application/json") * 4,
    *("application/problem+json", "image/png", "a/b;q=x", ";;", "", "*", "x" * 9_000),
)
JSON, FORM, MULTIPART = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
)
TYPES = (
    JSON,
    FORM,
    MULTIPART,
    "",
    "text/plain",
    "multipart/form-data",
    "application/json; charset=utf-16",
    "a",
    "/",
    f"{FORM}; charset=nonsense",
    "multipart/form-data; boundary=" + "b" * 300,
    "application/octet-stream",
    "\xff",
)
LENGTHS = ("right",) * 60 + (
    "",
    "0",
    "1",
    "-1",
    "+2",
    "two",
    "99999999999999999999",
    "3000000",
    "more",
    "\u0665",
)
CODINGS = ("",) * 40 + ("chunked", "Chunked", "gzip, chunked", "identity", "x")
AUTHORIZATION = (
    *("",) * 20,
    *("Bearer", "Bearer ", "Bearer bad", "Bearer a.b.c"),
    *("bearer eyJhbGciOiJub25lIn0.e30.", "Basic", "Basic !", "Basic Og=="),
    *("Basic Ym90OmJhZA==", "Digest x", "Bearer " + "e" * 20_000),
    *("\xff\xfe", "Bearer \x00", "Basic " + "Ym90" * 4_000),
)  # fmt: skip
NAMES = (
    *("name", "next", "iss", "state", "code", "error", "q", "p"),
    *("o", "all", "_popup", "action", "page_size", "cursor", "target"),
    *("id__in", "pk__regex", "access_token", "token", "client_id"),
    *("client_secret", "grant_type", "email", "username", "password"),
    *("logout_token", "scope", "resource", "audience", "lifetime", "label"),
    *("scopes", "grants", "claims", "jwks", "kind", "slug"),
    *("issuer", "client_assertion", "client_assertion_type", "disabled", "expires_at"),
    *("session", "mapping", "time", "leg", "e"),
    *("_to_field", "is_staff__exact", "_save", "_selected_action", "index"),
    *("select_across", "content", "reference", "alg", "choose"),
)  # fmt: skip
VALUES = (
    *("", "x", "1", "-1", "0", "1e9", "1" * 40, "1" * 5_000, "null"),
    *("true", MARK, "a" * 3_000, "\x00", "é\u202e", "../..", "//evil.example"),
    *("/account", "/signout", "client_credentials", "delete_selected"),
    *("2099-01-01T00:00:00Z", "https://a.example", "bot", "corp"),
    *("http://127.0.0.1:1/", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "eyJhbGciOiJub25lIn0.e30."),
    *("%", "a\nb"),
)  # fmt: skip
SCALARS = (
    None,
    True,
    False,
    0,
    -1,
    5.5,
    10**30,
    "",
    "x",
    "\x00",
    MARK,
    "a" * 3_000,
    [],
    {},
    [[]],
    {"a": None},
    [1, "x"],
)
RAW = (
    *(b"", b"[", b"{", b"[" * 50_000, b'{"a":' * 5_000),
    *(b'"\\ud800"', b'{"\\ud800": 1}', b'{"name": "\\u0000"}', b"NaN", b"1e999"),
    *(b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"a": 1, "a": 2}', b"&" * 5_000, b"a=b&" * 900),
    *(b"%zz=%", b"a=%ff", b"--b\r\n", b"--b--\r\n"),
    *(b"\x00" * 50, b"1" * 6_000, b"null", b"[]", b'{"\\u0000": 1}'),
)  # fmt: skip


@dataclass
class Hostile:
    """One request as the server hands it on."""

    method: str
    path: bytes
    query: bytes = b""
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    length: str = ""

    def send(self, client):
        environ = {
            "PATH_INFO": self.path.decode("latin-1"),
            "QUERY_STRING": self.query.decode("latin-1"),
            "wsgi.input": BytesIO(self.body),
            "CONTENT_LENGTH": self.length,
            **self.headers,
        }
        return client.generic(self.method, "/", b"", **environ)

    def __str__(self):
        head = {name: value[:80] for name, value in self.headers.items()}
        return f"{self.method} {self.path[:200]} ?{self.query[:200]} {head} {self.length!r} {self.body[:200]}"


def draw(random, paths):
    """One of many; `paths` are known ones, in whose places of parameters and ends awkward text is put."""
    method = random.choice(USUAL if random.random() < 0.85 else METHODS)
    body, content_type = draw_body(random) if method != "GET" or random.random() < 0.3 else (b"", "")
    if random.random() < 0.4:  # one whose head is in order, so that what is inside meets the rest
        headers = {"HTTP_ACCEPT": "*/*", "CONTENT_TYPE": content_type}
        return Hostile(method, draw_path(random, paths), draw_query(random), headers, body, str(len(body)))
    headers = {
        "HTTP_ACCEPT": random.choice(ACCEPT),
        "CONTENT_TYPE": content_type if random.random() < 0.7 else random.choice(TYPES),
        "HTTP_TRANSFER_ENCODING": random.choice(CODINGS),
    }
    if authorization := random.choice(AUTHORIZATION):
        headers["HTTP_AUTHORIZATION"] = authorization
    for name in random.sample(sorted(FURTHER), random.choice((0, 0, 1, 2))):
        headers[name] = random.choice(FURTHER[name])
    length = random.choice(LENGTHS)
    given = {"right": str(len(body)), "more": str(len(body) + 7)}.get(length, length)
    if headers["HTTP_TRANSFER_ENCODING"] and random.random() < 0.8:
        given = ""
    return Hostile(method, draw_path(random, paths), draw_query(random), headers, body, given)


FURTHER = {
    "HTTP_USER_AGENT": ("", "\xff", "x" * 3_000, MARK),
    "HTTP_REFERER": ("", "http://localhost:8000/account", "http://localhost:8000\\@evil", "//evil", "\xff"),
    "HTTP_ORIGIN": ("null", "https://evil.example", "http://localhost:8000", "http://[", "\xff"),
    "HTTP_HOST": ("evil.example", "localhost:99999", "[::1", "", "a,b", "localhost\xff"),
    "HTTP_COOKIE": (
        "session=x",
        "session=\xff; csrf=" + "a" * 32,
        "a" * 9_000,
        "binding=x; last=\x00",
        "=;=;",
    ),
    "HTTP_IDEMPOTENCY_KEY": ("", "a", "\xff", "k" * 300, "a b"),
    "HTTP_IF_NONE_MATCH": ("*", '"x"', "x" * 900, '"'),
    "HTTP_IF_MODIFIED_SINCE": ("x", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 99 Jan 99999 00:00:00 GMT"),
    "HTTP_RANGE": ("bytes=0-", "bytes=9-1", "x"),
    "HTTP_X_FORWARDED_FOR": ("x", "::1, 10.0.0.1", "1" * 900),
    "HTTP_X_HTTP_METHOD_OVERRIDE": ("DELETE",),
    "HTTP_X_REQUEST_ID": ("x" * 900, "\x00"),
    "HTTP_SEC_FETCH_MODE": ("navigate", "x"),
    "HTTP_SEC_FETCH_SITE": ("cross-site", "same-origin"),
    "HTTP_ACCEPT_LANGUAGE": ("x" * 900, "de;q=x", "\xff"),
    "HTTP_X_CSRFTOKEN": ("a" * 32, "a" * 64, "\xff", ""),
}


def draw_path(random, paths):
    kind = random.random()
    if kind < 0.45:
        return random.choice(paths).encode()
    if kind < 0.85:
        first, *rest = random.choice(every_route())
        return first + b"".join(random.choice(AWKWARD) + piece for piece in rest)
    path = random.choice(paths).encode()
    return random.choice(
        (path + b"/", path + random.choice(AWKWARD), b"/" + path, path.upper(), b"/" + random.choice(AWKWARD))
    )


@cache
def every_route():
    """The pieces of every path, between its parameters."""
    marked = every_path(dict.fromkeys(SAMPLES, "\x01").__getitem__)
    return [path.encode().split(b"\x01") for path in marked]


def draw_query(random):
    if random.random() < 0.4:
        return b""
    if random.random() < 0.1:
        return random.choice((b"&" * 900, b"a" * 30_000, b"=%", b"\xff=\xff", b"%00=%00", b"a=1&" * 3_000))
    return draw_form(random)


def draw_form(random):
    pairs = ((random.choice(NAMES), random.choice(VALUES)) for _ in range(random.randint(1, 5)))
    return "&".join(f"{name}={_escaped(value)}" for name, value in pairs).encode()


def _escaped(value):
    return "".join(
        f"%{byte:02x}" if chr(byte) in "\x00\n&=%<> " or byte > 127 else chr(byte) for byte in value.encode()
    )


def draw_body(random):
    kind = random.random()
    if kind < 0.2:
        return b"", random.choice(TYPES)
    if kind < 0.4:
        return random.choice(RAW), random.choice((JSON, FORM, MULTIPART))
    if kind < 0.7:
        members = {random.choice(NAMES): draw_value(random) for _ in range(random.randint(0, 6))}
        return json.dumps(members).encode(), JSON
    if kind < 0.9:
        return draw_form(random), FORM
    return draw_multipart(random), MULTIPART


def draw_value(random):
    if random.random() < 0.5:
        return random.choice(SCALARS)
    return random.choice(
        (random.choice(VALUES), [random.choice(VALUES)], {random.choice(NAMES): random.choice(SCALARS)})
    )


def draw_multipart(random):
    head = 'Content-Disposition: form-data; name="{}"{}'
    file = random.choice(
        ("", '; filename="x"', '; filename="../../x"', "; filename*=utf-16''%ff", '; filename="\x00"')
    )
    encoding = random.choice(
        ("", "\r\nContent-Transfer-Encoding: base64", "\r\nContent-Type: text/plain; charset=x")
    )
    parts = [
        f"--b\r\n{head.format(random.choice(NAMES), file)}{encoding}\r\n\r\n{random.choice(VALUES)}\r\n"
        for _ in range(random.randint(1, 3))
    ]
    return ("".join(parts) + random.choice(("--b--\r\n", "", "--b"))).encode()
