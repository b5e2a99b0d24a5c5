"""Production does not start unsafely, as a process: the WSGI application is imported the way a server does it."""

import pytest

from tests.support.leaks import assert_without

GOOD = {
    "DEBUG": "false",
    "SECRET_KEY": "kP3vX9mQ2zL7wR5tY8uB1nC4jH6gF0dSaEiOqWxZrTyUvMbNhGkJ",
    "FIELD_ENCRYPTION_KEYS": "q83vEjRWeJASNFZ4kBI0VniQEjRWeJASNFZ4kKvN7xE",
    "BASE_URL": "https://sso.example.com",
    "DATABASE_URL": "sqlite://:memory:",
}
MIGRATE = (
    "import sys, runpy; sys.argv = ['manage.py', 'migrate']; runpy.run_path('manage.py', run_name='__main__')"
)


@pytest.fixture
def start(forge):
    """Import the WSGI application in a process of its own, the way a server does."""

    def run(program="import ssoconsole.wsgi", **changes):
        environment = {name: value for name, value in (GOOD | changes).items() if value is not None}
        return forge.run(["-c", program], env={"PATH": "/usr/bin:/bin", **environment})

    return run


def test_a_safe_production_process_starts(start, tmp_path):
    url = f"sqlite:///{tmp_path / 'console.sqlite3'}"
    start(MIGRATE, DATABASE_URL=url).check_returncode()
    result = start(DATABASE_URL=url)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("check_id", "changes"),
    [
        ("ssoconsole.E001", {"SECRET_KEY": ""}),
        ("ssoconsole.E002", {"FIELD_ENCRYPTION_KEYS": ""}),
        ("ssoconsole.E003", {"BASE_URL": ""}),
        ("ssoconsole.E004", {"SECRET_KEY": "short-but-quite-random-9f3k"}),
        ("ssoconsole.E005", {"FIELD_ENCRYPTION_KEYS": "c2hvcnQ"}),
        ("ssoconsole.E006", {"SECRET_KEY": "django-insecure-" + GOOD["SECRET_KEY"]}),
        ("ssoconsole.E006", {"FIELD_ENCRYPTION_KEYS": "jJ_9sz0g0OHxsfxOoSfdFdmk3ysNmPRnH3TUAbz3IHA"}),
        ("ssoconsole.E007", {"BASE_URL": "https://sso.example.com/console"}),
        ("ssoconsole.E008", {"WEB_CONCURRENCY": "2"}),
        ("ssoconsole.E009", {"BASE_URL": "http://sso.example.com"}),
        ("ssoconsole.E010", {"DEBUG": "true"}),
        ("ssoconsole.E012", {}),  # in an empty database
    ],
)
def test_an_unsafe_one_does_not_and_names_check_and_remedy(start, check_id, changes):
    # An empty variable in the environment hides a developer's .env file.
    result = start(**changes)
    assert result.returncode != 0
    assert check_id in result.stderr
    assert "HINT" in result.stderr


def test_a_refusal_never_prints_a_secret(start):
    result = start(SECRET_KEY="short-but-quite-random-9f3k")
    assert_without(result.stdout + result.stderr, "short-but-quite-random-9f3k")
