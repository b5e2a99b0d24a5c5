"""Databases for consoles that run as processes."""

import os
import shutil
import uuid
from contextlib import contextmanager

import psycopg
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections


@contextmanager
def _postgresql(url, template="template1"):
    """A new database beside the one of this URL, a copy of `template`; yields its URL."""
    server, name = url.rpartition("/")[0], f"console_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield f"{server}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def one_connection():
    """No request closes a connection here, as with Django's own client: the test's transaction lives in it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@pytest.fixture
def database(tmp_path):
    """The URL of an empty database that several processes can share: a file, or one of PostgreSQL's."""
    url = os.environ["DATABASE_URL"]
    if not url.startswith("postgres"):
        yield f"sqlite:///{tmp_path / 'console.sqlite3'}"
        return
    with _postgresql(url) as new:
        yield new


@pytest.fixture(scope="session")
def _template(tmp_path_factory, forge):
    """The URL of a migrated database that is only copied: to migrate takes longer than most tests."""

    def migrated(url):
        env = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "ssoconsole.settings"}
        forge.run(["manage.py", "migrate", "--verbosity", "0"], env=env).check_returncode()
        return url

    url = os.environ["DATABASE_URL"]
    if not url.startswith("postgres"):
        yield migrated(f"sqlite:///{tmp_path_factory.mktemp('migrated') / 'console.sqlite3'}")
        return
    with _postgresql(url) as new:
        yield migrated(new)


@pytest.fixture
def migrated_database(tmp_path, _template):
    """As `database`, with every migration applied as `manage.py migrate` applies it."""
    if not _template.startswith("postgres"):
        copy = tmp_path / "console.sqlite3"
        shutil.copy(_template.removeprefix("sqlite:///"), copy)
        yield f"sqlite:///{copy}"
        return
    with _postgresql(_template, template=_template.rpartition("/")[2]) as new:
        yield new
