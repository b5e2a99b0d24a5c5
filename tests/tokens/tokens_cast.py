"""How the tests speak to the console as a bot does."""

import base64
from urllib.parse import quote_plus

from django.test import Client

from ssoconsole.eventlog.models import Event
from tokens.models import Bot, Credential, TokenRecord

BASE_URL = "http://localhost:8000"
METADATA = "https://metadata.example"
# Signed in without a provider, so that these tests need none.
PASSWORD_BACKEND = "ssoconsole.accounts.backend.PasswordBackend"  # a path, no password


def basic(client_id, client_secret):
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


class OAuth:
    """The OAuth endpoints as a bot sees them."""

    def __init__(self):
        self.http = Client(enforce_csrf_checks=True)

    def post(self, path, data="", *, auth=None, content_type="application/x-www-form-urlencoded", **extra):
        if isinstance(data, dict):
            data = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in data.items())
        if auth:
            extra["HTTP_AUTHORIZATION"] = auth if isinstance(auth, str) else basic(*auth)
        return self.http.generic("POST", path, data, content_type=content_type, **extra)

    def token(self, auth=None, **parameters):
        return self.post("/oauth/token", {"grant_type": "client_credentials", **parameters}, auth=auth)

    def introspect(self, token, auth, **parameters):
        return self.post("/oauth/introspect", {"token": token, **parameters}, auth=auth)

    def revoke(self, token, auth, **parameters):
        return self.post("/oauth/revoke", {"token": token, **parameters}, auth=auth)


def state():
    """Everything that a refused request must leave as it is."""
    return [list(model.objects.order_by("pk").values()) for model in (Bot, Credential, TokenRecord, Event)]


def problem(answer, status, code):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["title"]
    assert body["detail"]
    return body
