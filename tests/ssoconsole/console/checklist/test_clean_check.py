"""`manage.py check --deploy` has nothing to say of a console in good order, in a process of its own."""

import os
import secrets
import shutil

import pytest

from tests.support.servers import ROOT

PARTS = ("manage.py", "ssoconsole", "providers", "tokens", "templates", "static", "tests")
# An administrator who comes in through a provider, and commands that have run.
IN_GOOD_ORDER = """
import django
django.setup()
from ssoconsole.platform.runs.models import LastRun
from ssoconsole.platform.runs.services import note_run
from providers.models import Identity
from tests.ssoconsole.pages.pages_cast import administrator, provider
Identity.objects.create(user=administrator(), provider=provider(), sub="bob")
note_run(LastRun.What.BACKUP)
note_run(LastRun.What.CLEANUP)
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory, forge):
    """A copy of the tree as an installation has it, with static files and a database; runs programs in it."""
    folder = tmp_path_factory.mktemp("console")
    for part in PARTS:
        if part == "ssoconsole":  # whose folder is where static files and the database go
            shutil.copytree(ROOT / part, folder / part)
        else:
            (folder / part).symlink_to(ROOT / part)
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "ssoconsole.settings",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": secrets.token_urlsafe(32),
        "BASE_URL": "https://sso.example.com",
        "TRUSTED_PROXIES": "10.0.0.5/32",
        "TRUSTED_PROXY_HEADER": "Forwarded",
        "METRICS_TOKEN": "m" + secrets.token_urlsafe(32),
    }

    def run(*command, **settings):
        return forge.run(command, cwd=folder, env=environment | settings)

    for command in (["collectstatic", "--noinput", "--verbosity", "0"], ["migrate", "--verbosity", "0"]):
        run("manage.py", *command).check_returncode()
    done = run("-c", IN_GOOD_ORDER)
    assert done.returncode == 0, done.stderr
    return run


@pytest.mark.parametrize("hsts", ["", "subdomains", "preload"])
def test_it_has_nothing_to_say(console, hsts):
    done = console("manage.py", "check", "--deploy", "--fail-level", "WARNING", HSTS=hsts)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
    assert "WARNING" not in done.stdout + done.stderr
    assert done.stderr == ""


def test_it_still_has_where_something_is_wrong(console):
    done = console("manage.py", "check", "--deploy", "--fail-level", "WARNING", TRUSTED_PROXY_HEADER="")
    assert done.returncode == 1
    assert "(ssoconsole.W003)" in done.stderr
    assert "(checklist.trusted_proxies)" in done.stderr


def test_what_is_silenced_is_what_the_operator_or_the_proxy_decides(console):
    """No other warning of Django's is out of sight."""
    done = console("-c", "from ssoconsole import settings; print(*settings.SILENCED_SYSTEM_CHECKS)")
    assert done.stdout.split() == ["security.W005", "security.W008", "security.W021"]


@pytest.mark.parametrize(
    ("hsts", "header"),
    [
        ("", "max-age=31536000"),
        ("subdomains", "max-age=31536000; includeSubDomains"),
        ("preload", "max-age=31536000; includeSubDomains; preload"),
    ],
)
def test_browsers_are_told_what_was_chosen(console, hsts, header):
    program = (
        "import django; django.setup(); from django.test import Client;"
        "a = Client(REMOTE_ADDR='10.0.0.5', HTTP_HOST='sso.example.com', HTTP_FORWARDED='for=192.0.2.1;proto=https');"
        "print(a.get('/signin').headers.get('Strict-Transport-Security'))"
    )
    done = console("-c", program, HSTS=hsts)
    assert done.stdout.splitlines()[-1] == header, done.stderr
