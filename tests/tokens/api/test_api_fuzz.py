"""Whatever is sent to the REST API, it answers as its schema says, and never with a fault of its own."""

import json
from urllib.parse import urlencode

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient
from schemathesis.generation import GenerationMode
from tokens_cast import PASSWORD_BACKEND

from ssoconsole.accounts.models import User
from tests.support.name_server import know_only_this_machine

SCHEMA = SchemaGenerator().get_schema(request=None, public=True)
OPERATIONS = {
    f"{operation.ok().method.upper()} {operation.ok().path}": operation.ok()
    for operation in schemathesis.openapi.from_dict(SCHEMA).get_all_operations()
}
OURS = {200, 201, 204, 400, 401, 403, 404, 405, 406, 409, 415, 422, 429}


@pytest.fixture(autouse=True)
def _no_other_names(monkeypatch):
    """A provider that is registered by chance is looked for nowhere."""
    know_only_this_machine(monkeypatch)


def send(client, case):
    """Send one generated case through the whole stack, as far as a client can put it on a wire."""
    path = case.formatted_path
    query = {name: value for name, value in (case.query or {}).items() if value is not None}
    url = f"{path}?{urlencode(query, doseq=True)}" if query else path
    body, content_type = "", "application/json"
    if not isinstance(case.body, schemathesis.core.NotSet):
        body = case.body if isinstance(case.body, bytes) else json.dumps(case.body, default=str)
    headers = {
        f"HTTP_{name.upper().replace('-', '_')}": str(value)
        for name, value in (case.headers or {}).items()
        if name.lower() not in ("authorization", "content-type", "cookie")
    }
    return client.generic(case.method.upper(), url, body, content_type=content_type, **headers)


def documented(operation, answer):
    """The status is one that we mean, problems are problems, and no stranger sees inside."""
    assert answer.status_code in OURS, (operation.label, answer.status_code, answer.content[:300])
    if answer.status_code >= 400:
        assert answer["Content-Type"].startswith(("application/problem+json", "text/html")), answer.content[
            :300
        ]
        if answer["Content-Type"] == "application/problem+json":
            assert {"type", "title", "status", "detail", "code"} <= set(answer.json())
    elif answer.status_code != 204 and operation.path not in ("/api/v1/schema",):
        assert str(answer.status_code) in operation.definition.raw["responses"]


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("who", ["an administrator", "a stranger"])
def test_no_request_brings_it_down(db, bot, token, who, name):
    operation = OPERATIONS[name]
    client = APIClient(raise_request_exception=True)
    if who == "an administrator":
        client.force_login(User.objects.create_superuser("bob"), PASSWORD_BACKEND)
    cases = operation.as_strategy(GenerationMode.POSITIVE) | operation.as_strategy(GenerationMode.NEGATIVE)

    @seed(20_260)
    @settings(
        max_examples=6 if who == "an administrator" else 2,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def each(data):
        case = data.draw(cases)
        answer = send(client, case)
        documented(operation, answer)
        if who == "a stranger" and not name.endswith("/schema"):
            assert answer.status_code in (400, 401, 404, 405), answer.content[:300]

    each()
