"""Whatever the schema says of the REST API is so: every check of schemathesis, on reads and writes."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode

from tests.support.databases import one_connection
from tests.support.name_server import know_only_this_machine
from tokens.bots.services import GrantSpec, save_bot
from tokens.models import Bot
from tokens.records.services import issue_token

SCHEMA = schemathesis.openapi.from_dict(
    SchemaGenerator().get_schema(request=None, public=True),
    config=schemathesis.Config.from_path(Path(__file__).parents[3] / "schemathesis.toml"),
)
SCHEMA.app = get_wsgi_application()
CASES = int(os.environ.get("SCHEMA_CASES", "12"))
OPERATIONS = {operation.ok().label: operation.ok() for operation in SCHEMA.get_all_operations()}


@pytest.fixture(autouse=True)
def _no_other_names(monkeypatch):
    know_only_this_machine(monkeypatch)


@pytest.fixture
def bearer(bot, token, console, by):
    """A program that may read and write everything."""
    terraform = save_bot(bot=Bot(name="terraform"), grants=[GrantSpec(console, ["console.write"])], by=by)
    issued = issue_token(bot=terraform, audience=console, scopes=None, lifetime=timedelta(hours=1), by=by)
    return f"Bearer {issued[1]}"


def tried(operation, headers, *, cases):
    """Send generated requests through the whole stack, and check every answer; hand on what was answered."""
    strategy = operation.as_strategy(GenerationMode.POSITIVE) | operation.as_strategy(GenerationMode.NEGATIVE)
    answers = []

    @seed(20_260)
    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def each(data):
        answers.append(data.draw(strategy).call_and_validate(headers={"Host": "localhost", **headers}))

    with one_connection():
        each()
    return answers


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_check_holds_for_whoever_may_write(bearer, name):
    assert tried(OPERATIONS[name], {"Authorization": bearer}, cases=CASES)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_stranger_gets_nowhere(db, bot, name):
    for answer in tried(OPERATIONS[name], {}, cases=2):
        assert answer.status_code in (400, 401, 404), answer.text


def test_every_operation_tells_its_errors():
    for name, operation in OPERATIONS.items():
        told = set(operation.definition.raw["responses"])
        assert {"400", "401", "403", "404", "406", "503"} <= told, name
        if not name.startswith("GET"):
            assert {"409", "411", "413", "415", "429"} <= told, name
        for status in told:
            if status >= "400":
                assert list(operation.definition.raw["responses"][status]["content"]) == [
                    "application/problem+json"
                ]
