"""Databases for consoles that run as processes."""

import os
import uuid

import psycopg
import pytest


@pytest.fixture
def database(tmp_path):
    """The URL of an empty database that several processes can share: a file, or one of PostgreSQL's."""
    url = os.environ["DATABASE_URL"]
    if not url.startswith("postgres"):
        yield f"sqlite:///{tmp_path / 'console.sqlite3'}"
        return
    server, name = url.rpartition("/")[0], f"console_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{server}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
