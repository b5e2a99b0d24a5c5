"""Databases for consoles that run as processes."""

import gc
import os
import sqlite3
import uuid
from contextlib import closing, contextmanager

import psycopg
import pytest
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from django.test import TransactionTestCase

from tokens.models import RegistryVersion


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


def go_by_what_was_done():
    """
    Let what a process reads from now on be remembered, as if all before it were committed.

    On PostgreSQL nothing is remembered in a transaction that has changed what it reads, and a test is one.
    """
    RegistryVersion.objects.update(changed_in=0)


@contextmanager
def undone():
    """The database is as it was before, afterwards: for one case of a table that is judged after one set-up."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


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
def _template(request):
    """A migrated database that is only copied, since to migrate takes longer than most tests: its URL or its rows."""
    url = os.environ["DATABASE_URL"]
    if not url.startswith("postgres"):
        yield request.getfixturevalue("django_db_setup")  # the tests' own, as it was before any of them
        return
    with _postgresql(url) as new:
        env = os.environ | {"DATABASE_URL": new, "DJANGO_SETTINGS_MODULE": "ssoconsole.settings"}
        forge = request.getfixturevalue("forge")
        forge.run(["manage.py", "migrate", "--verbosity", "0"], env=env).check_returncode()
        yield new


@pytest.fixture
def migrated_database(tmp_path, _template):
    """As `database`, with every migration applied as `manage.py migrate` applies it."""
    if isinstance(_template, CopyOfSqlite):
        file = tmp_path / "console.sqlite3"
        _template.write_to(file)
        yield f"sqlite:///{file}"
        return
    with _postgresql(_template, template=_template.rpartition("/")[2]) as new:
        yield new


class CopyOfSqlite:
    """All of a database in memory."""

    def __init__(self):
        connection.ensure_connection()
        self._copy = sqlite3.connect(":memory:")
        connection.connection.backup(self._copy)

    def bring_back(self):
        connection.ensure_connection()
        self._copy.backup(connection.connection)

    def write_to(self, file):
        with closing(sqlite3.connect(file)) as new:
            self._copy.backup(new)

    def close(self):
        self._copy.close()


class CopyOfPostgresql:
    """The rows of every table, as the server writes them."""

    def __init__(self):
        with connection.cursor() as cursor:
            tables = connection.introspection.table_names(cursor)
            self._rows = {table: self._read(cursor.cursor, table) for table in tables}

    @staticmethod
    def _read(cursor, table):
        with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
            return b"".join(bytes(block) for block in copy)

    def bring_back(self):
        with transaction.atomic(), connection.cursor() as cursor:
            # Each of them is looked into at once; to truncate one costs a file. Who refers to whom is seen at the end.
            cursor.execute("; ".join(f'DELETE FROM "{table}"' for table in self._rows))
            for table, rows in self._rows.items():
                if rows:
                    with cursor.cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                        copy.write(rows)

    def close(self):
        pass


@contextmanager
def brought_back(copy):
    """
    After a test that commits, the database is what it was when this copy was made.

    Django would empty every table and make its permissions anew, which takes longer than most of these tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: copy.bring_back())
        yield
    copy.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite" and not connection.introspection.table_names():
            call_command(
                "migrate", verbosity=0
            )  # pytest-django makes no database that no collected test stands on
        copy = CopyOfSqlite() if connection.vendor == "sqlite" else CopyOfPostgresql()
    with brought_back(copy):
        yield copy
    gc.collect()  # with the connections of threads that have ended, beside which PostgreSQL drops no database
