"""
Whether anything grows with the tables: `python -m benchmarks.growth`.

Two databases in a PostgreSQL cluster of their own, one with a thousand rows of everything, one with ten million token
records and what belongs to them (`LARGE`). Every operation is done in both, in turns, by a process that has the console
in it; a figure is the median of its rounds. CPU is that of this process and of its database connection, from `/proc`;
nothing is done in parallel workers, so that all of it is seen. It takes ten minutes and 10 GB.

    GROWTH_SHARE=0.01          a hundredth of the large database, to try something
    GROWTH_SERVER=postgres://  a server on this machine that stays; its databases are filled when they are empty
    GROWTH_ONLY='list|cleanup' operations whose name has one of these in it
    GROWTH_ROUNDS=15
"""

import base64
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from benchmarks.sign_in import environment
from benchmarks.tokens import DurablePostgres
from tests.deploy.machines.parts import Redis
from tests.support.servers import ROOT

MOST = 1.2
SMALL = 1_000
LARGE = {
    "tokens": 10_000_000,
    "attempts": 1_000_000,
    "events": 1_000_000,
    "refusals": 1_000_000,
    "bots": 10_000,
    "credentials": 20_000,
    "people": 100_000,
    "sessions": 500_000,
}
MODULE = "benchmarks.growth_process"


class TunedPostgres(DurablePostgres):
    """With the memory that a database of this size is given."""

    def command(self):
        settings = ("shared_buffers=1GB", "max_wal_size=8GB", "max_parallel_workers_per_gather=0")
        return [*super().command(), *(part for setting in settings for part in ("-c", setting))]


class Worker:
    """A console on one of the databases."""

    def __init__(self, env, log):
        self.child = subprocess.Popen(
            [sys.executable, "-m", MODULE], env=env, cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log.open("w"),
        )  # fmt: skip
        self.log, self.figures = log, {}
        self.operations = self._answer()

    def measure(self, name):
        self.child.stdin.write(f"{name}\n")
        self.child.stdin.flush()
        return self._answer()

    def keep(self, name):
        self.figures.setdefault(name, []).append(self.measure(name))

    def median(self, name, what):
        return statistics.median(each[what] for each in self.figures[name])

    def _answer(self):
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError(self.log.read_text()[-3000:])
        return json.loads(line)

    def stop(self):
        self.child.stdin.close()
        self.child.wait(timeout=60)


def sizes():
    """The name of each database, and how many rows it has of each kind."""
    share = float(os.environ.get("GROWTH_SHARE", "1"))
    large = {name: max(SMALL, int(share * rows)) for name, rows in LARGE.items()}
    return {"small": dict.fromkeys(LARGE, SMALL), "large": large}


def own_environment(database, cache):
    """What opens the databases again, where they stay."""
    known = hashlib.sha256(b"benchmarks.growth").digest()
    key = base64.urlsafe_b64encode(known).decode().rstrip("=")
    keys = {"SECRET_KEY": hashlib.sha512(known).hexdigest(), "FIELD_ENCRYPTION_KEYS": key}
    return environment(database, cache) | keys


def measure(server, redis, folder):
    """Yield the name of each operation and the console on either database that has done it."""
    workers = []
    try:
        for place, (name, size) in enumerate(sizes().items()):
            with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                    connection.execute(f"CREATE DATABASE {name}")
            env, started = own_environment(f"{server}/{name}", f"{redis}/{place}"), time.monotonic()
            subprocess.run(
                [sys.executable, "-m", "benchmarks.growth_fill", json.dumps(size)],
                env=env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            print(f"{name}: filled in {time.monotonic() - started:.0f} s", file=sys.stderr)
            workers.append(Worker(env, folder / f"{name}.log"))
        rounds = int(os.environ.get("GROWTH_ROUNDS", "15"))
        for name in workers[0].operations:
            if any(part in name for part in os.environ.get("GROWTH_ONLY", "").split("|")):
                for worker in [*workers, *workers]:  # to warm up
                    worker.measure(name)
                for _ in range(rounds):
                    for worker in workers:
                        worker.keep(name)
                yield name, *workers
    finally:
        for worker in workers:
            worker.stop()


def report(rows):
    print("| operation | CPU ms at 10³ | CPU ms, large | ratio | ms on the wall at 10³ | large |")
    print("|---|---|---|---|---|---|")
    grown = []
    for name, small, large in rows:
        ratio = large.median(name, "cpu") / small.median(name, "cpu")
        figures = [
            f"{worker.median(name, what):.2f}" for what in ("cpu", "wall") for worker in (small, large)
        ]
        print(
            f"| {name} | {figures[0]} | {figures[1]} | {ratio:.2f} | {figures[2]} | {figures[3]} |",
            flush=True,
        )
        if ratio > MOST:
            grown.append(name)
    print(f"\nBeyond {MOST}: {', '.join(grown) or 'none'}")


def main():
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}\n")
    with tempfile.TemporaryDirectory() as name:
        folder, parts = Path(name), []
        os.chmod(folder, 0o755)
        server = os.environ.get("GROWTH_SERVER")
        postgres = None if server else TunedPostgres(folder)
        try:
            parts.append(Redis(folder).start())
            if postgres:
                parts.append(postgres.start())
                server = f"postgres://postgres@127.0.0.1:{postgres.port}"
            report(measure(server, parts[0].url.rpartition("/")[0], folder))
        finally:
            for part in reversed(parts):
                part.stop()
            if postgres:
                postgres.remove()


if __name__ == "__main__":
    main()
