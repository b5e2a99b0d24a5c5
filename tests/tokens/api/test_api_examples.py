"""The examples of docs/api.md, run by curl in the order they stand there."""

import os
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from ssoconsole.platform.actors import Actor
from tests.support.optional import missing
from tokens.api.problems import STATUSES
from tokens.bots.services import GrantSpec, save_bot
from tokens.errors import AlreadyDone, IdempotencyKeyReused
from tokens.models import Audience, Bot
from tokens.records.services import issue_token

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "api.md").read_text()
EXAMPLES = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)[1:]  # the first makes what the others need


@pytest.fixture
def admin_token(transactional_db, settings):
    by = Actor("user", "bob")
    console = Audience.objects.get(identifier=f"{settings.BASE_URL}/api/v1")
    bot = save_bot(bot=Bot(name="admin-bot"), grants=[GrantSpec(console, ["console.write"])], by=by)
    return issue_token(bot=bot, audience=console, scopes=None, lifetime=timedelta(hours=1), by=by)[1]


def test_every_example_works(live_server, admin_token, scripted_provider):
    if not shutil.which("curl"):
        missing("curl", "apt-get install curl")
    env = os.environ | {"CONSOLE": live_server.url, "TOKEN": admin_token, "NO_PROXY": "*"}
    env["ISSUER"] = scripted_provider.issuer
    assert len(EXAMPLES) == 15
    for example in EXAMPLES:
        done = subprocess.run(["bash", "-ec", example], env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (example, done.stdout, done.stderr)


def test_the_guide_names_every_status_and_the_codes_of_a_repeat():
    for status in STATUSES.values():
        assert f"| {status} |" in GUIDE
    for error in (AlreadyDone, IdempotencyKeyReused):
        assert error.code in GUIDE
