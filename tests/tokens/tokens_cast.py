"""How the tests speak to the console as a bot does."""

import base64
import json
import re
from contextlib import contextmanager
from urllib.parse import quote_plus

from django.db import OperationalError, connection
from django.test import Client

from ssoconsole.platform.eventlog.models import Event
from tokens.models import Bot, Credential, TokenRecord
from tokens.protocol.status_list import decode, status_at

BASE_URL = "http://localhost:8000"
METADATA = "https://metadata.example"
# Signed in without a provider, so that these tests need none.
PASSWORD_BACKEND = "ssoconsole.platform.accounts.passwords.PasswordBackend"  # a path, no password


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


def but_for_the_reference(answer):
    """The body of a refusal without the one thing that differs from one to the next."""
    return re.sub(rb"(?<=/refusals/)[a-z-]+", b"a-reference", answer.content)


def problem(answer, status, code):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["title"]
    assert body["detail"]
    return body


def claims_in(jwt):
    payload = jwt.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def status_bit(http, token):
    """What an API reads in the status list about a token: 1 when it does not count."""
    reference = claims_in(token)["status"]["status_list"]
    answer = http.get(reference["uri"].removeprefix(BASE_URL))
    assert answer.status_code == 200, answer.content
    packed = decode(claims_in(answer.content.decode())["status_list"]["lst"], length=2**17 // 8)
    return status_at(packed, reference["idx"], bits=1)


@contextmanager
def writes_refused(table):
    """Let the database refuse every write to one table, as a full disk or a standby does; reads go on."""

    def refuse(execute, sql, params, many, context):
        if re.search(rf'(INSERT INTO|UPDATE|DELETE FROM) "{table}"', sql):
            raise OperationalError("cannot execute in a read-only transaction")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield
