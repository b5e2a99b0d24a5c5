"""Whatever the schema says of the REST API is so: every check of schemathesis, on reads and writes."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.wsgi import get_wsgi_application
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.support.databases import one_connection, undone
from tests.support.name_server import know_only_this_machine
from tests.support.remembered import forget_everything
from tokens.bots.services import GrantSpec, save_bot
from tokens.models import Bot
from tokens.records.services import issue_token

CASES = int(os.environ.get("SCHEMA_CASES", "4"))


@pytest.fixture(autouse=True)
def _no_other_names(monkeypatch):
    know_only_this_machine(monkeypatch)


@pytest.fixture(scope="module")
def operations():
    """All operations of the schema by their labels, made when they are needed: to load schemathesis takes a second."""
    import schemathesis

    schema = schemathesis.openapi.from_dict(
        SchemaGenerator().get_schema(request=None, public=True),
        config=schemathesis.Config.from_path(Path(__file__).parents[3] / "schemathesis.toml"),
    )
    schema.app = get_wsgi_application()
    return {operation.ok().label: operation.ok() for operation in schema.get_all_operations()}


@pytest.fixture
def bearer(bot, token, console, by):
    """A program that may read and write everything."""
    terraform = save_bot(bot=Bot(name="terraform"), grants=[GrantSpec(console, ["console.write"])], by=by)
    issued = issue_token(bot=terraform, audience=console, scopes=None, lifetime=timedelta(hours=1), by=by)
    return f"Bearer {issued[1]}"


def tried(operation, headers, *, cases):
    """Send generated requests through the whole stack, and check every answer; hand on what was answered."""
    from schemathesis.generation import GenerationMode

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


def test_every_check_holds_for_whoever_may_write(operations, bearer, subtests):
    for name, operation in operations.items():
        with subtests.test(name), undone():
            forget_everything()
            assert tried(operation, {"Authorization": bearer}, cases=CASES)


def test_a_stranger_gets_nowhere(operations, bot, subtests):
    for name, operation in operations.items():
        with subtests.test(name), undone():
            forget_everything()
            for answer in tried(operation, {}, cases=2):
                assert answer.status_code in (400, 401, 404), answer.text


def test_every_operation_tells_its_errors(operations):
    assert len(operations) > 30
    for name, operation in operations.items():
        told = set(operation.definition.raw["responses"])
        assert {"400", "401", "403", "404", "406", "503"} <= told, name
        if not name.startswith("GET"):
            assert {"409", "411", "413", "415", "429"} <= told, name
        for status in told:
            if status >= "400":
                assert list(operation.definition.raw["responses"][status]["content"]) == [
                    "application/problem+json"
                ]
