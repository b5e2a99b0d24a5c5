"""
What a sign-in costs the console: `python -m benchmarks.sign_in`, or `make bench`.

The console runs as it is deployed (granian, DEBUG off, https in front), on SQLite and, where BENCH_POSTGRES is the
URL of a server, on PostgreSQL with Redis. The provider is another process on the same machine. A sign-in is both
requests, leaving and coming back, of a person who is known, by the code flow with PKCE and userinfo.
"""

import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.child import Child
from tests.support.servers import ROOT, free_port

WARM_UP, SIGN_INS = 60, 300
HOST = "sso.bench.example"
TICKS = os.sysconf("SC_CLK_TCK")


class Browser:
    """One connection to the console, as a proxy in front of it has, and one to the provider."""

    def __init__(self, console_port, issuer):
        self.console = HTTPConnection("127.0.0.1", console_port, timeout=30)
        self.provider = HTTPConnection("127.0.0.1", urlsplit(issuer).port, timeout=30)

    def sign_in(self):
        """Sign in once; return the seconds that the console took, the provider's part of the callback included."""
        started = time.perf_counter()
        left = self._get("/signin/corp", {})
        away = time.perf_counter()
        callback = urlsplit(self._at_provider(left["location"]))
        back = time.perf_counter()
        arrived = self._get(f"{callback.path}?{callback.query}", {"Cookie": left["set-cookie"].split(";")[0]})
        assert arrived["location"] == "/", arrived
        return time.perf_counter() - back + away - started

    def _get(self, path, headers):
        forwarded = {"Host": HOST, "X-Forwarded-Proto": "https", "User-Agent": "Benchmark"}
        self.console.request("GET", path, headers=forwarded | headers)
        response = self.console.getresponse()
        body = response.read()
        assert response.status == 302, (response.status, body.decode())
        return {name.lower(): value for name, value in response.getheaders()}

    def _at_provider(self, url):
        parts = urlsplit(url)
        self.provider.request("GET", f"{parts.path}?{parts.query}")
        response = self.provider.getresponse()
        response.read()
        return response.getheader("Location")


def processes_under(pid):
    """The process and all that it has started, as far as they live."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += processes_under(int(child))
    return found


def cpu_seconds(pid):
    """User and system time of the console's processes."""
    total = 0
    for each in processes_under(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def environment(database, cache):
    return os.environ | {
        "DEBUG": "false",
        "BASE_URL": f"https://{HOST}",
        "TRUSTED_PROXIES": "127.0.0.0/8",
        "TRUSTED_PROXY_HEADER": "X-Forwarded-For",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": secrets.token_urlsafe(32),
        "ALLOW_LOOPBACK_PROVIDERS": "true",
        "SIGN_INS_PER_MINUTE": "1000000",
        "LOG_FORMAT": "json",
        "DATABASE_URL": database,
        "CACHE_URL": cache,
    }


def run_module(module, *arguments, env, python=sys.executable):
    """Run a module of the benchmarks to its end and return what it prints; what it complains of is the error."""
    command = [python, "-m", module, *arguments]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def measure(name, database, cache, folder):
    env = environment(database, cache)
    provider = Child(
        [sys.executable, "-m", "benchmarks.provider_process"],
        log=folder / "provider.log",
        ready_line=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    console = None
    try:
        ready = json.loads(provider.first_line())
        run_module(
            "benchmarks.registration_process", "register", ready["issuer"], ready["client_secret"], env=env
        )
        console, port = start_console(env, folder / "console.log")
        report(name, *sign_in_many(console, Browser(port, ready["issuer"])))
        statements = run_module(
            "benchmarks.registration_process", "count", env=env | {"LOG_FORMAT": "console"}
        )
        print(f"{'':22}{statements.strip().splitlines()[-1]}")
    finally:
        if console:
            console.stop()
        provider.stop()


def start_console(env, log):
    """One process with eight threads, as docs/installation.md starts it."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--blocking-threads", "8"]
    command += ["--host", "127.0.0.1", "--port", str(port), "ssoconsole.wsgi:application"]
    console = Child(command, log=log, env=env | {"DJANGO_SETTINGS_MODULE": "ssoconsole.settings"}, cwd=ROOT)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and console.alive():
        try:
            probe = HTTPConnection("127.0.0.1", port, timeout=5)
            probe.request("GET", "/healthz", headers={"Host": HOST, "X-Forwarded-Proto": "https"})
            if probe.getresponse().status == 200:
                return console, port
        except OSError:
            time.sleep(0.1)
        finally:
            probe.close()
    console.stop()
    raise console.failure("did not start")


def sign_in_many(console, browser):
    for _ in range(WARM_UP):
        browser.sign_in()
    before = cpu_seconds(console.pid)
    times = [browser.sign_in() for _ in range(SIGN_INS)]
    return times, cpu_seconds(console.pid) - before


def report(name, times, cpu):
    milliseconds = sorted(1000 * each for each in times)
    p95 = statistics.quantiles(milliseconds, n=20)[-1]
    print(
        f"{name:22}{1000 * cpu / len(times):6.1f} ms of CPU a sign-in; "
        f"wall p50 {statistics.median(milliseconds):.1f} ms, p95 {p95:.1f} ms; {len(times)} sign-ins"
    )


def loop_milliseconds():
    """How long this machine takes for a million additions, so that figures of two machines can be compared."""
    started, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    return 1000 * (time.process_time() - started)


def main():
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f},")
    print(f"a million additions in Python {min(loop_milliseconds() for _ in range(20)):.0f} ms of CPU")
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite, local cache", f"sqlite:///{folder}/console.sqlite3", "locmemcache://", Path(folder))
    if server := os.environ.get("BENCH_POSTGRES"):
        with tempfile.TemporaryDirectory() as folder:
            cache = os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/15")
            on_postgres(server, cache, Path(folder))


def on_postgres(server, cache, folder):
    import psycopg

    name = f"bench_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            measure("PostgreSQL, Redis", f"{server.rpartition('/')[0]}/{name}", cache, folder)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    main()
