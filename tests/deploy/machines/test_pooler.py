"""Behind a pooler that hands the server out by transaction: the token tests, and a replica's worth of traffic."""

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import psycopg
import pytest

from tests.deploy.machines.parts import Part
from tests.support.optional import missing
from tests.support.servers import ROOT

pytestmark = pytest.mark.xdist_group("site")

# Issuing, showing and ending tokens, from every door, and the threads that race for them.
TESTS = (
    "tests/tokens/test_introspection.py",
    "tests/tokens/test_revocation.py",
    "tests/tokens/test_bot_limits.py",
)

CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
# Two connections for everybody: whoever left something behind on one would be noticed by another.
default_pool_size = 2
min_pool_size = 2
max_client_conn = 100
server_reset_query =
ignore_startup_parameters =
"""


class Pooler(Part):
    def __init__(self, folder, postgres):
        super().__init__(folder)
        self.postgres = postgres
        self.configuration, users = folder / "pgbouncer.ini", folder / "users.txt"
        users.write_text('"postgres" ""\n')
        text = CONFIGURATION.format(server=postgres.port, port=self.port, users=users)
        self.configuration.write_text(text)
        for path in (self.configuration, users):
            path.chmod(0o644)

    def command(self):
        found = shutil.which("pgbouncer") or (
            "/usr/sbin/pgbouncer" if Path("/usr/sbin/pgbouncer").exists() else None
        )
        program = found or missing("pgbouncer", "apt-get install pgbouncer")
        # Like PostgreSQL, it refuses to be root.
        return [*self.postgres.as_account(), program, str(self.configuration)]

    def url(self, database):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"


@pytest.fixture(scope="module")
def pooler(site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pooler")
    for path in (folder, *folder.parents):
        if path == Path(tempfile.gettempdir()):
            break
        path.chmod(0o755)  # for the account that it runs under
    pooler = Pooler(folder, site.postgres)
    try:
        yield pooler.start()
    finally:
        pooler.stop()


def test_the_pooler_hands_the_server_out_by_transaction(pooler):
    """What the other tests here stand on: who is in a transaction keeps its server, and another gets another one."""

    def server_of(connection):
        return connection.execute("SELECT pg_backend_pid()").fetchone()[0]

    clients = [
        psycopg.connect(pooler.url("postgres"), autocommit=True, prepare_threshold=None) for _ in range(2)
    ]
    one, other = clients
    with one.transaction():
        held = server_of(one)
        assert {server_of(other) for _ in range(5)} == {server_of(other)} - {held}
    with other.transaction():
        # The server that the other one holds now may be the very one that this one had.
        assert server_of(one) != server_of(other)
    for client in clients:
        client.close()


def test_the_token_tests_pass_through_it(pooler, site):
    name = f"pooled_{uuid.uuid4().hex[:8]}"
    environment = os.environ | {
        "DATABASE_URL": pooler.url(name),
        "DATABASE_POOLER": "transaction",
        "CACHE_URL": "locmemcache://",
    }
    # The database is kept, because the pooler keeps its connections to it; it goes with the cluster.
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--no-cov",
    ]
    command += ["--create-db", "--reuse-db", *TESTS]
    environment = {key: value for key, value in environment.items() if not key.startswith("PYTEST_XDIST")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    passed = int(done.stdout.rsplit(" passed", 1)[0].split()[-1])
    assert passed > 40
    assert int(site.postgres.sql("SELECT count(*) FROM django_migrations", database=f"test_{name}")) > 20
