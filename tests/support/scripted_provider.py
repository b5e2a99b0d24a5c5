"""
A scripted OpenID Provider for forged and broken answers: a real HTTP server on loopback, real signatures.

It judges the relying party as the OpenID Foundation's conformance suite does: by the requests it makes.
`requests` has all of them, `violations` what was wrong with them.
"""

import secrets
import time
from types import SimpleNamespace
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from tests.support import forms
from tests.support.callback import Callback
from tests.support.scripted import answers
from tests.support.scripted.client import Client, person
from tests.support.scripted.endpoints import Answer, Discovery, Endpoint, Jwks, Userinfo
from tests.support.scripted.keys import KeyRing
from tests.support.scripted.tokens import Token
from tests.support.scripted.wire import Request, Wire

BACKCHANNEL_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class ScriptedProvider:
    """
    One issuer, one client, one person. Honest after `reset()`, which every test starts with.

    The issuer and the jwks_uri carry a new random part each time, so no cache outlives its test.
    """

    def __init__(self, keyring):
        self._keyring = keyring
        self.violations = []
        self._wire = Wire(self)
        self.reset()

    def reset(self):
        """Forget everything that was bent, asked and issued."""
        self._wire.release()
        self._wire.speak(None)
        self._wire.open()
        self.origin, self._wire.clock_offset = "http://127.0.0.1", 0
        self.name = secrets.token_hex(4)
        self.keys = self._keyring
        self.client = Client()
        self.person = person()
        self.sid = None
        self.discovery = Discovery()
        self.jwks = Jwks(self)
        self.authorization, self.token, self.end_session = Endpoint(), Endpoint(), Endpoint()
        self.par, self.pushed_requests = Endpoint(), {}
        self.userinfo = Userinfo(self)
        self.id_token, self.refreshed_id_token = Token(self), Token(self)
        self.logout_token = Token(self, typ="logout+jwt")
        self.callback_params, self.signout_params, self.refusal = {}, {}, None
        self.moved = {}
        self.requests, self.violations, self.grants = [], [], []
        self.issued_tokens, self.assertions_seen = [], set()

    # Addresses

    @property
    def issuer(self):
        return f"{self.origin}:{self._wire.port}/{self.name}"

    def url(self, endpoint):
        return f"{self.issuer}{self.paths()[endpoint]}"

    def paths(self):
        """Where each endpoint is under the issuer; `moved` has the last word."""
        honest = {
            "discovery": "/.well-known/openid-configuration",
            "jwks": f"/jwks-{self.name}",
            "authorization": "/authorize",
            "token": "/token",
            "userinfo": "/userinfo",
            "end_session": "/end-session",
            "par": "/par",
        }
        return honest | self.moved

    def metadata(self):
        """The honest discovery document; members in an unusual order on purpose."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": self.url("authorization"),
            "token_endpoint": self.url("token"),
            "userinfo_endpoint": self.url("userinfo"),
            "jwks_uri": self.url("jwks"),
            "end_session_endpoint": self.url("end_session"),
            "response_types_supported": [
                "id_token code",
                "code",
                "token id_token",
                "id_token",
                "token code id_token",
            ],
            "response_modes_supported": ["form_post", "fragment", "query"],
            "grant_types_supported": ["implicit", "refresh_token", "authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.client.id_token_signed_response_alg],
            "token_endpoint_auth_methods_supported": [self.client.token_endpoint_auth_method],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "profile", "email", "groups", "offline_access"],
            "claims_supported": list(self.person),
            "authorization_response_iss_parameter_supported": True,
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
        }

    def offer_par(self, *, required=False):
        """Announce pushed authorization requests (RFC 9126); `required` refuses all others."""
        self.discovery["pushed_authorization_request_endpoint"] = self.url("par")
        self.discovery["require_pushed_authorization_requests"] = required

    def demands_par(self):
        return bool(self.discovery.shape(self.metadata()).get("require_pushed_authorization_requests"))

    # Faults that are not about one token or one endpoint

    def endpoint(self, name):
        """An endpoint by its name in `paths()` or by its path."""
        by_path = {path: endpoint for endpoint, path in self.paths().items()}
        return getattr(self, by_path.get(name, name))

    def delay(self, name, seconds):
        return self.endpoint(name).delay(seconds)

    def html(self, name, status=200):
        return self.endpoint(name).html(status)

    def go_down(self):
        """Refuse connections until `come_back`; the port stays the same."""
        self._wire.close()

    def come_back(self):
        self._wire.open()

    def speak_tls(self, context, host="localhost"):
        """Serve under https from now on, as `host`, with the certificate of this context."""
        self._wire.speak(context)
        self.origin = f"https://{host}"

    def set_clock(self, seconds):
        """Date every answer so many seconds ahead; below zero for behind."""
        self._wire.clock_offset = seconds

    def refuse(self, error="access_denied", description="the person said no"):
        """Send the browser back with an error response."""
        self.refusal = {"error": error, "error_description": description}

    def speaks_rfc9207(self):
        member = "authorization_response_iss_parameter_supported"
        return bool(self.discovery.shape(self.metadata()).get(member))

    # What tests do and ask

    def visit(self, url, session=None):
        """
        Be the browser at an authorization or end_session URL; the `Callback` is not yet delivered.

        Without a `session` no socket is opened for it, unless it is the connection that is broken.
        """
        if session is None and self._answers_at_once(url):
            parts = urlsplit(url)
            _, answer = self.answer(Request("GET", f"{parts.path}?{parts.query}", {"host": parts.netloc}))
            if location := answer.headers.get("Location"):
                return Callback(urljoin(url, location))
            page = SimpleNamespace(url=url, status_code=answer.status, text=answer.body.decode())
            return forms.form_in(page)
        browser = session or requests.Session()
        try:
            response = browser.get(url, allow_redirects=False, timeout=10)
        finally:
            if browser is not session:
                browser.close()
        if response.is_redirect:
            return Callback(urljoin(url, response.headers["location"]))
        return forms.form_in(response)

    def _answers_at_once(self, url):
        """Whether this is an address of ours, and nothing holds up or breaks off what a browser asks for there."""
        faults = any(
            endpoint.seconds or endpoint.drip_seconds or endpoint.hangs_up
            for endpoint in (self.authorization, self.end_session)
        )
        return url.startswith(f"{self.issuer}/") and self._wire.is_open and not faults

    def requests_to(self, endpoint):
        return [request for request in self.requests if request.endpoint == endpoint]

    def make_logout_token(self, sub=None, sid=None):
        """A back-channel logout token as `logout_token` is bent; an unknown claim is always in it."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.client.client_id, "iat": now, "exp": now + 120}
        claims |= {
            "jti": secrets.token_urlsafe(16),
            "events": {BACKCHANNEL_EVENT: {}},
            "unknown": "ignore me",
        }
        claims |= {name: value for name, value in {"sub": sub, "sid": sid or self.sid}.items() if value}
        return self.logout_token.issue(claims)

    # What the server calls

    def grant_with(self, **handle):
        """The grant that handed out this code, access token or refresh token."""
        [(name, value)] = handle.items()
        return next((grant for grant in self.grants if value and getattr(grant, name) == value), None)

    def blame(self, endpoint, complaints):
        self.violations += [f"{endpoint}: {complaint}" for complaint in complaints]
        return complaints

    def answer(self, request):
        """The endpoint that this request reached, or None, and what it answers."""
        name, answer = self._route(request)
        if name is None:
            return None, answer
        object.__setattr__(request, "endpoint", name)
        self.requests.append(request)
        endpoint = self.endpoint(name)
        honest = getattr(answers, name)(self, request)
        return endpoint, endpoint.canned or endpoint.quoting(request) or honest

    def _route(self, request):
        if request.path == "/favicon.ico":  # browsers ask whenever they like, also after the page is gone
            return None, Answer(204, b"", "image/x-icon")
        if not request.path.startswith(f"/{self.name}/"):
            return None, Answer.page("<p>Not found</p>", 404)  # a straggler from an earlier test
        for name, path in self.paths().items():
            if request.path == f"/{self.name}{path}":
                return name, None
        self.requests.append(request)
        self.violations.append(f"{request.method} {request.path} is not served here")
        return None, Answer.page("<p>Not found</p>", 404)

    def close(self):
        self._wire.release()
        self._wire.close()


@pytest.fixture(scope="session")
def scripted_keys():
    return KeyRing()


@pytest.fixture(scope="session")
def scripted_server(scripted_keys):
    provider = ScriptedProvider(scripted_keys)
    yield provider
    provider.close()


@pytest.fixture
def scripted_provider(scripted_server):
    scripted_server.reset()
    yield scripted_server
    scripted_server.reset()


@pytest.fixture(scope="session")
def other_scripted_keys():
    return KeyRing()


@pytest.fixture
def another_scripted_provider(other_scripted_keys):
    """A second issuer with its own keys, for mix-up."""
    provider = ScriptedProvider(other_scripted_keys)
    yield provider
    provider.close()
