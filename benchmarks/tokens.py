"""
What the token endpoints cost, beside django-oauth-toolkit: `make bench`, and in short `make bench QUICK=1`.

Two processes each, 16 requests under way, one durable row a token, PostgreSQL with `fsync`, and CPU seconds of server
and database for 1,000 requests from `/proc`. Rounds of all servers take turns, so that what else the machine does
meets each of them; a figure is the median of its rounds. The quick form has the console alone, and compares its CPU
with that of a fixed piece of Python work.
"""

import base64
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.load import request_of, run
from benchmarks.sign_in import HOST, cpu_seconds, environment, processes_under, run_module
from tests.deploy.machines.parts import Console, Part, Postgres, Redis
from tests.support.servers import ROOT

WORKERS, CONCURRENCY = 2, 16
TOOLKIT_PYTHON = ROOT / ".venv-bench/bin/python"
OPERATIONS = ("issue", "introspect", "revoke")


class DurablePostgres(Postgres):
    """As production runs it: a commit is on the disk when it is answered."""

    def command(self):
        return [part.replace("fsync=off", "fsync=on") for part in super().command()]


class Toolkit(Part):
    """django-oauth-toolkit under gunicorn, from an environment of its own."""

    def __init__(self, folder, env):
        super().__init__(folder)
        self._env = env

    def environment(self):
        return self._env

    def command(self):
        server = [
            str(TOOLKIT_PYTHON),
            "-m",
            "gunicorn",
            "-k",
            "gthread",
            "-w",
            str(WORKERS),
            "--threads",
            "8",
        ]
        return [*server, "--keep-alive", "75", "-b", f"127.0.0.1:{self.port}", "toolkit.wsgi:application"]


@dataclass
class Server:
    """Somebody who issues, introspects and revokes; `roots` are the processes that do it, with what they start."""

    name: str
    port: int
    paths: dict
    client: tuple
    parameters: dict
    roots: list
    figures: dict = field(default_factory=dict)

    def request(self, operation, **form):
        basic = base64.b64encode(":".join(self.client).encode()).decode()
        given = self.parameters | form if operation == "issue" else form
        body = urlencode(given).encode()
        return request_of(
            self.paths[operation], host=HOST, headers=[f"Authorization: Basic {basic}"], body=body
        )

    def measure(self, operation, requests):
        """Send them, and keep requests a second, CPU seconds for 1,000, p50 and p99; return the bodies."""
        before = sum(map(cpu_seconds, self.roots))
        load = run(self.port, requests, concurrency=CONCURRENCY)
        cpu = 1000 * (sum(map(cpu_seconds, self.roots)) - before) / len(requests)
        if load.refused:
            raise RuntimeError(f"{self.name} refused to {operation}: {load.refused[0][:500]!r}")
        row = (load.per_second, cpu, 1000 * load.quantile(0.5), 1000 * load.quantile(0.99))
        self.figures.setdefault(operation, []).append(row)
        return load.bodies

    def round(self, count, *, revoked):
        issued = self.measure("issue", [self.request("issue")] * count)
        tokens = [json.loads(body)["access_token"] for body in issued]
        answers = self.measure("introspect", [self.request("introspect", token=each) for each in tokens])
        if not all(json.loads(body)["active"] for body in answers):
            raise RuntimeError(f"{self.name} took a live token for a dead one")
        self.measure("revoke", [self.request("revoke", token=each) for each in tokens[:revoked]])
        answers = self.measure_nothing("introspect", tokens[0])
        if json.loads(answers)["active"]:
            raise RuntimeError(f"{self.name} took a revoked token for a live one")

    def measure_documents(self, count):
        """Read what is for everybody."""
        for path in ("/.well-known/jwks.json", "/oauth/status/0"):
            plain = request_of(path, host=HOST, method="GET")
            self.measure(f"GET {path}", [plain] * count)

    def measure_nothing(self, operation, token):
        return run(self.port, [self.request(operation, token=token)], concurrency=1).bodies[0]

    def median(self, operation):
        return [statistics.median(values) for values in zip(*self.figures[operation], strict=True)]


def fixed_work_seconds():
    """CPU seconds of a fixed piece of Python work: what a request's own code does, without any of it."""
    started = time.process_time()
    for number in range(20_000):
        json.loads(json.dumps({"number": number, "scope": ["read", "write"], "name": "x" * 20}))
    return time.process_time() - started


def console_server(folder, postgres, redis):
    database = "console"
    postgres.sql(f"CREATE DATABASE {database}")
    url = f"postgres://postgres@127.0.0.1:{postgres.port}/{database}"
    env = environment(url, redis.url) | {"WEB_CONCURRENCY": str(WORKERS)} | chosen_by_hand()
    prepared = json.loads(run_module("benchmarks.tokens_process", env=env).splitlines()[-1])
    console = Console(folder, env).start()
    roots = [console.child.pid, postgres.child.pid]
    paths = {
        name: f"/oauth/{path}"
        for name, path in zip(OPERATIONS, ("token", "introspect", "revoke"), strict=True)
    }
    servers = [
        Server(
            f"console, {alg}",
            console.port,
            paths,
            (prepared["client_id"], prepared["client_secret"]),
            {"grant_type": "client_credentials", "resource": resource},
            roots,
        )
        for alg, resource in prepared["resources"].items()
    ]
    return console, servers


def chosen_by_hand():
    """Settings of the console that are to be compared, as in `BLOCKING_THREADS=4 make bench QUICK=1`."""
    return {name: os.environ[name] for name in ("BLOCKING_THREADS", "WEB_CONCURRENCY") if name in os.environ}


def toolkit_server(folder, postgres):
    postgres.sql("CREATE DATABASE toolkit")
    client = ("bench", secrets.token_urlsafe(32))
    env = os.environ | {
        "DATABASE_URL": f"postgres://postgres@127.0.0.1:{postgres.port}/toolkit",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "PYTHONPATH": str(ROOT / "benchmarks"),
    }
    run_module("toolkit.prepare", *client, env=env, python=str(TOOLKIT_PYTHON))
    toolkit = Toolkit(folder, env).start()
    paths = {"issue": "/o/token/", "introspect": "/o/introspect/", "revoke": "/o/revoke_token/"}
    parameters = {"grant_type": "client_credentials", "scope": "read write introspection"}
    roots = [toolkit.child.pid, postgres.child.pid]
    return toolkit, Server("django-oauth-toolkit, RS256", toolkit.port, paths, client, parameters, roots)


def compare(*, rounds, count, revoked):
    """Return the servers with their figures, the one that others are compared with first, and the console's MB."""
    with tempfile.TemporaryDirectory() as name:
        folder, parts = Path(name), []
        postgres = DurablePostgres(folder)
        os.chmod(folder, 0o755)
        try:
            parts += [postgres.start(), Redis(folder).start()]
            console, servers = console_server(folder, *parts)
            parts.append(console)
            if not quick():
                toolkit, server = toolkit_server(folder, postgres)
                parts.append(toolkit)
                servers.insert(0, server)
            for server in servers:
                server.round(max(100, count // 5), revoked=20)  # to warm up
                server.figures.clear()
            for _ in range(rounds):
                for server in servers:
                    server.round(count, revoked=revoked)
                servers[-1].measure_documents(2 * count)
            return servers, memory(console.child.pid)
        finally:
            for part in reversed(parts):
                part.stop()
            postgres.remove()


def memory(pid):
    """Proportional set size of the process and all below it, in MB."""
    total = 0
    for each in processes_under(pid):
        for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def quick():
    return os.environ.get("QUICK", "0") not in ("", "0")


def main():
    work = statistics.median(fixed_work_seconds() for _ in range(5))
    if quick():
        servers, _ = compare(rounds=1, count=1500, revoked=700)
        print(f"CPU of 1,000 requests, in units of {1000 * work:.0f} ms (a fixed piece of Python work):")
        for server in servers:
            figures = [f"{name} {server.median(name)[1] / work:.1f}" for name in OPERATIONS]
            print(f"{server.name:28}{', '.join(figures)}")
        return
    servers, megabytes = compare(rounds=5, count=2000, revoked=1000)
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f},")
    print(f"a fixed piece of Python work {1000 * work:.0f} ms; {WORKERS} processes take {megabytes:.0f} MB\n")
    print(
        "| server | operation | a second | CPU s for 1,000 | ratio | p50 ms | p99 ms |\n|---|---|---|---|---|---|---|"
    )
    for operation in OPERATIONS:
        base = servers[0].median(operation)[1]
        for server in servers:
            rate, cpu, p50, p99 = server.median(operation)
            print(
                f"| {server.name} | {operation} | {rate:,.0f} | {cpu:.2f} | {base / cpu:.1f} | {p50:.1f} | {p99:.1f} |"
            )
    for operation in servers[-1].figures.keys() - set(OPERATIONS):
        rate, cpu, p50, p99 = servers[-1].median(operation)
        print(f"| console | {operation} | {rate:,.0f} | {cpu:.2f} | | {p50:.1f} | {p99:.1f} |")


if __name__ == "__main__":
    main()
