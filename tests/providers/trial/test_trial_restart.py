"""A trial that nobody confirms ends although the server was stopped and started in between: real processes."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.providers.signin.journey import query_of

ROOT = Path(__file__).resolve().parents[3]
PUT_ON_TRIAL = """
from datetime import timedelta
from providers.models import Provider
from providers.registration.secret import set_client_secret
from providers.registration.services import save_provider
from ssoconsole.platform.actors import Actor
corp = Provider(slug="corp", name="Corp SSO", issuer={issuer!r}, client_id="console")
set_client_secret(corp, "s3cret")
save_provider(provider=corp, by=Actor("user", "bob"))
corp.prompt = "login"
save_provider(provider=corp, by=Actor("user", "bob"), trial=timedelta(hours=1))
"""
SHORTEN = """
from django.utils import timezone
from providers.models import Provider
assert Provider.objects.filter(trial_ends_at__isnull=False).update(trial_ends_at=timezone.now()) == 1
"""


@pytest.fixture
def manage(forge, migrated_database):
    env = os.environ | {"DATABASE_URL": migrated_database, "DJANGO_SETTINGS_MODULE": "ssoconsole.settings"}

    def run(*arguments):
        done = forge.run(["manage.py", *arguments], env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def prompt_at(console):
    """The prompt that a visitor is sent to the provider with."""
    answer = requests.get(f"{console.url}/signin/corp", allow_redirects=False, timeout=20)
    assert answer.status_code == 302, answer.text
    return query_of(answer.headers["Location"]).get("prompt")


def test_a_trial_that_nobody_confirms_ends_through_restarts(
    manage, migrated_database, console_process, scripted_provider
):
    manage("shell", "--no-imports", "-c", PUT_ON_TRIAL.format(issuer=scripted_provider.issuer))
    first = console_process(env={"DATABASE_URL": migrated_database})
    assert prompt_at(first) == "login"
    first.stop()
    manage("shell", "--no-imports", "-c", SHORTEN)

    again = [console_process(env={"DATABASE_URL": migrated_database}) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(prompt_at, again)) == [None, None]
    history = manage("provider_history", "corp").splitlines()
    assert [line for line in history if "rolled back" in line] == [history[0]]
    assert history[0].startswith("3  ")
    assert history[0].endswith("UTC  trial (rolled back to version 1)")
    assert history[1].strip() == "prompt: login -> empty"
