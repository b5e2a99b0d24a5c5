"""What a test can make one endpoint do instead of answering well."""

import json
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

from tests.support.scripted.tokens import Token


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict = field(default_factory=dict)

    @classmethod
    def of_json(cls, document, status=200):
        return cls(status, json.dumps(document).encode(), headers={"Cache-Control": "no-store"})

    @classmethod
    def redirect(cls, location):
        return cls(302, b"", "text/plain", {"Location": location})

    @classmethod
    def page(cls, text, status=200):
        return cls(status, text.encode(), "text/html; charset=utf-8")


class Endpoint:
    """An endpoint's faults. Without any it answers honestly."""

    def __init__(self):
        self.canned = None
        self.quotes = ()
        self.seconds = 0
        self.drip_seconds = 0
        self.hangs_up = False
        self.fields = {}
        self._dropped = set()

    def respond(self, status=200, body="", content_type="application/json", headers=None):
        """Answer this to every request; a dict or list becomes JSON."""
        if isinstance(body, dict | list):
            body = json.dumps(body)
        body = body.encode() if isinstance(body, str) else body
        self.canned = Answer(status, body, content_type, headers or {})
        return self

    def html(self, status=200):
        """A web page where a protocol answer belongs, as proxies and captive portals send it."""
        return self.respond(status, "<!doctype html><title>Oops</title><h1>Oops</h1>", "text/html")

    def quote(self, *names):
        """Refuse and quote the request's credentials and these parameters, in several spellings and as they came."""
        self.quotes = ("client_assertion", "client_secret", *names)
        return self

    def quoting(self, request):
        """The refusal that `quote` asks for, if it was called."""
        if not self.quotes:
            return None
        quoted = [request.headers.get("authorization", "").removeprefix("Basic ")]
        quoted += [request.form.get(name, "") for name in self.quotes]
        quoted += [*map(quote, quoted), *map(escape, quoted), request.body.decode()]
        return Answer.of_json({"error": "invalid_client", "error_description": " ".join(quoted)}, 401)

    def redirect_to(self, location, status=302):
        return self.respond(status, "", "text/plain", {"Location": location})

    def delay(self, seconds):
        """Wait before answering."""
        self.seconds = seconds
        return self

    def drip(self, seconds):
        """Wait before every byte of the body."""
        self.drip_seconds = seconds
        return self

    def hang_up(self):
        """Close the connection without an answer."""
        self.hangs_up = True
        return self

    def drop(self, *names):
        """Leave members out of the JSON answer; `fields` overrides members."""
        self._dropped |= set(names)
        return self

    def shape(self, document):
        document = document | self.fields
        return {name: value for name, value in document.items() if name not in self._dropped}


class Discovery(Endpoint):
    """`discovery["issuer"] = …` overrides a member, `drop` removes one."""

    def __getitem__(self, name):
        return self.fields[name]

    def __setitem__(self, name, value):
        self.fields[name] = value


class Jwks(Endpoint):
    """`keys` is the published list of JWKs, free to be edited."""

    def __init__(self, provider):
        super().__init__()
        self._provider = provider
        self.keys = provider.keys.published()

    def rotate(self, *, keep=False):
        """Sign with the next generation of keys; the old ones leave the set unless `keep`."""
        self._provider.keys = self._provider.keys.next
        self.keys = self._provider.keys.published() + (self.keys if keep else [])
        return self

    def publish(self, *jwks):
        """The set holds exactly these."""
        self.keys = list(jwks)
        return self

    def without(self, *members):
        """Strip members such as `kid` or `use` from every key."""
        self.keys = [{name: jwk[name] for name in jwk if name not in members} for jwk in self.keys]
        return self


class Userinfo(Endpoint, Token):
    """JSON, or after `signed()` a JWT; claims are bent like an ID token's."""

    def __init__(self, provider):
        Endpoint.__init__(self)
        Token.__init__(self, provider)
        self.as_jwt = False

    def signed(self):
        """Answer `application/jwt` with `iss` and `aud` (OpenID Connect Core 5.3.2)."""
        self.as_jwt = True
        return self
