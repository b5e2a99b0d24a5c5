"""A person with a browser: leaves for a provider, comes back, and what must hold when she is refused."""

import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from providers.models import ConsoleSession, Identity, Provider, SignInAttempt
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import entered

MAIN = re.compile(r'<main[^>]*data-outcome="([^"]*)"[^>]*data-reference="([^"]*)"')
HOP = re.compile(r'<meta http-equiv="refresh" content="0;url=([^"]+)">')


def register(op, slug="corp", **fields):
    """A registration at a scripted provider, as its client is."""
    secret = fields.pop("client_secret", op.client.client_secret)
    values = {
        "slug": slug,
        "name": f"{slug.title()} SSO",
        "issuer": op.issuer,
        "client_id": op.client.client_id,
        "token_endpoint_auth_method": op.client.token_endpoint_auth_method,
    }
    provider = entered(Provider(**(values | fields)), secret)
    provider.save()
    return provider


def register_read(op, slug="corp", **fields):
    """The same when the metadata and the keys that `op` publishes at this moment have been fetched already."""
    now = timezone.now()
    read = {
        "discovery": op.discovery.shape(op.metadata()),
        "discovery_fetched_at": now,
        "jwks": op.jwks.shape({"keys": op.jwks.keys}),
        "jwks_fetched_at": now,
    }
    return register(op, slug, **(read | fields))


class Browser:
    """One browser: a cookie jar that the console and nobody else sees."""

    def __init__(self, **extra):
        self.client = Client(headers={"User-Agent": "Test browser"}, **extra)

    def leave(self, slug="corp", **query):
        """Click on a provider; the authorization URL."""
        response = self.client.get(f"/signin/{slug}", query)
        assert response.status_code == 302, response.content.decode()
        return response["Location"]

    def arrive(self, callback):
        """Bring the provider's answer; a posted one by both legs."""
        if callback.form is None:
            return self.client.get(callback.path)
        response = Client().post(callback.path, callback.form)  # a cross-site POST brings no cookies
        return self.client.get(hop_of(response)) if response.status_code == 200 else response

    def sign_in(self, op, slug="corp", **query):
        return self.arrive(op.visit(self.leave(slug, **query)))

    def is_signed_in(self):
        return self.client.get("/account").status_code == 200


def hop_of(response):
    """Where a hop page leads."""
    return unescape(HOP.search(response.content.decode()).group(1))


def query_of(url):
    return dict(parse_qsl(urlsplit(url).query))


def outcome_of(response):
    found = MAIN.search(response.content.decode())
    assert found, response.content.decode()
    return found.group(1)


def trace_of(response):
    reference = MAIN.search(response.content.decode()).group(2)
    return SignInAttempt.objects.get(reference=reference)


def assert_refused(response, outcome, status):
    """Named, with its status and a trace; nobody is signed in, nobody was made, and nothing is kept."""
    assert outcome_of(response) == outcome
    assert response.status_code == status
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    trace = trace_of(response)
    assert trace.outcome == outcome
    assert (trace.nonce, trace.code_verifier, trace.posted_answer) == (None, None, None)
    event = Event.objects.filter(action="signin_refused").first()
    assert event.outcome == outcome
    assert event.after["reference"] == trace.reference
    assert ConsoleSession.objects.count() == 0
    assert Session.objects.count() == 0
    assert Identity.objects.count() == 0
    assert get_user_model().objects.count() == 0
