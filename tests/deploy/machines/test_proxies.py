"""
Real proxies before a real console, configured by the lines in docs/deployment.md: forged headers get nothing.

Everybody here has an address of his own on this machine: the proxy 127.0.0.1, an insider 127.0.0.50, a stranger
127.0.0.66. A bot and the metrics are fenced to the insider's.
"""

import http.client
import itertools
import re
import shutil
import subprocess
from base64 import b64encode

import pytest
import yaml

from ssoconsole.platform.http.forwarding import FORWARDED
from tests.deploy.machines.parts import Console, Part, wait_until
from tests.deploy.machines.proxy import make_certificates
from tests.deploy.machines.site import API
from tests.support.optional import missing
from tests.support.servers import ROOT

pytestmark = pytest.mark.xdist_group("site")

INSIDER, STRANGER, PROXY = "127.0.0.50", "127.0.0.66", "127.0.0.1"
BOT, SECRET = "fenced-bot", "ssoc_" + "fenc" * 9  # of a database that is thrown away
SIGN_INS = 3  # a minute
CONFIGURATION = f"""
bots:
  - name: {BOT}
    allowed_networks: [{INSIDER}/32]
    grants: [{{audience: {API}, scopes: [metadata.read], roles: []}}]
    client_secret: {SECRET}
"""
PAGE = (ROOT / "docs" / "deployment.md").read_text()
HIDDEN = {"nginx": "/usr/sbin/nginx", "haproxy": "/usr/sbin/haproxy"}


def snippet(language):
    [found] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found


class Proxy(Part):
    """A proxy of one make by the documented lines, with the port and the console of this test, and plain http."""

    def __init__(self, folder, console, *, without=""):
        super().__init__(folder)
        self.text = snippet(self.language)
        for old, new in self.moved(console).items():
            assert old in self.text, old
            self.text = self.text.replace(old, new)
        if without:
            kept = [line for line in self.text.splitlines(keepends=True) if not re.search(without, line)]
            assert len(kept) < len(self.text.splitlines())
            self.text = "".join(kept)

    def program(self, package):
        name = package.removesuffix("-light")
        return (
            shutil.which(name)
            or shutil.which(HIDDEN.get(name, name))
            or missing(name, f"apt-get install {package}")
        )


class Nginx(Proxy):
    language = "nginx"

    def moved(self, console):
        make_certificates(self.folder)
        return {
            "listen 443 ssl": f"listen {PROXY}:{self.port}",
            "sso.example.com": "_",
            "/etc/ssl/sso-console/fullchain.pem": f"{self.folder}/localhost.pem",
            "/etc/ssl/sso-console/privkey.pem": f"{self.folder}/localhost.key",
            "127.0.0.1:8000": f"{PROXY}:{console.port}",
        }

    def command(self):
        temporary = "".join(
            f"{name}_temp_path {self.folder}/{name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        path = self.folder / "nginx.conf"
        path.write_text(
            f"pid {self.folder}/pid; error_log stderr; events {{}} http {{ {temporary}\n{self.text} }}"
        )
        return [
            self.program("nginx-light"),
            "-c",
            str(path),
            "-p",
            str(self.folder),
            "-g",
            "daemon off; user root;",
        ]


class Caddy(Proxy):
    language = "caddyfile"

    def moved(self, console):
        return {
            "sso.example.com {": f"http://:{self.port} {{\n    bind {PROXY}",
            "127.0.0.1:8000": f"{PROXY}:{console.port}",
        }

    def command(self):
        path = self.folder / "Caddyfile"
        path.write_text(f"{{\n    admin off\n    storage file_system {self.folder}\n}}\n{self.text}")
        return [self.program("caddy"), "run", "--config", str(path), "--adapter", "caddyfile"]


class HAProxy(Proxy):
    language = "haproxy"

    def moved(self, console):
        return {
            "bind :443 ssl crt /etc/haproxy/sso.example.com.pem": f"bind {PROXY}:{self.port}",
            "127.0.0.1:8000": f"{PROXY}:{console.port}",
        }

    def command(self):
        path = self.folder / "haproxy.cfg"
        path.write_text(
            f"defaults\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n{self.text}"
        )
        return [self.program("haproxy"), "-db", "-f", str(path)]


# As documented; and with what drops the names with underscores left out, as proxies are that nobody told.
PROXIES = {
    "nginx": (Nginx, ""),
    "Caddy": (Caddy, ""),
    "HAProxy": (HAProxy, ""),
    "Caddy that passes underscores on": (Caddy, r"-\*_\*|-X-Forwarded"),
    "HAProxy that passes underscores on": (HAProxy, "del-header"),
}


@pytest.fixture(scope="module")
def console(site, tmp_path_factory):
    site.manage("apply", "-", text=CONFIGURATION)
    environment = site.environment | {
        "TRUSTED_PROXIES": f"{PROXY}/32",
        "TRUSTED_PROXY_HEADER": FORWARDED,
        "METRICS_NETWORKS": f"{INSIDER}/32",
        "SIGN_INS_PER_MINUTE": str(SIGN_INS),
    }
    console = Console(tmp_path_factory.mktemp("console"), environment)
    try:
        console.start()
        wait_until(lambda: ask(console.port, "/healthz")[0] == 200, "the console")
        yield console
    finally:
        console.stop()


@pytest.fixture(scope="module", params=PROXIES)
def proxy(request, console, tmp_path_factory):
    make, without = PROXIES[request.param]
    proxy = make(tmp_path_factory.mktemp("proxy"), console, without=without)
    try:
        proxy.start()
        wait_until(lambda: ask(proxy.port, "/healthz")[0] == 200, request.param)
        yield proxy
    finally:
        proxy.stop()


def ask(port, path, headers=(), *, source=PROXY, body=None):
    """One request from an address, with the headers as they are spelt here."""
    connection = http.client.HTTPConnection(PROXY, port, timeout=30, source_address=(source, 0))
    try:
        connection.putrequest("POST" if body else "GET", path, skip_host=True)
        for name, value in [("Host", "localhost"), *headers]:
            connection.putheader(name, value)
        connection.endheaders(body.encode() if body else None)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


def token(port, headers=(), *, source, secret=SECRET):
    body = "grant_type=client_credentials"
    basic = b64encode(f"{BOT}:{secret}".encode()).decode()
    own = [
        ("Authorization", f"Basic {basic}"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Length", str(len(body))),
    ]
    return ask(port, "/oauth/token", [*own, *headers], source=source, body=body)


def spellings(name):
    """Every name that a WSGI server folds into this one."""
    parts = name.split("-")
    for joints in itertools.product("-_", repeat=len(parts) - 1):
        yield "".join(itertools.chain.from_iterable(zip(parts, [*joints, ""], strict=True)))


FORGED = {
    **{name: [(name, INSIDER)] for name in (*spellings("X-Forwarded-For"), *spellings("X-Real-IP"))},
    "Forwarded": [("Forwarded", f"for={INSIDER};proto=https")],
    "Forwarded that opens a quote": [("Forwarded", f'for={INSIDER};x="')],
    "Forwarded twice": [("Forwarded", f"for={INSIDER}"), ("Forwarded", f"for={INSIDER}")],
    "all at once": [
        *((name, INSIDER) for name in spellings("X-Forwarded-For")),
        ("forwarded", f"for={INSIDER}"),
        ("X_Forwarded_Proto", "https"),
        ("X_Forwarded_Host", "localhost"),
    ],
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_stranger_does_not_become_an_insider(proxy, forged):
    status, body = token(proxy.port, FORGED[forged], source=STRANGER)
    assert (status, "access_token" in body) == (401, False)


@pytest.mark.parametrize("forged", FORGED)
def test_nor_does_who_calls_from_the_proxys_own_machine(proxy, forged):
    status, body = token(proxy.port, FORGED[forged], source=PROXY)
    assert (status, "access_token" in body) == (401, False)


def test_an_insider_is_one(proxy):
    status, body = token(proxy.port, source=INSIDER)
    assert (status, "access_token" in body) == (200, True)


@pytest.mark.parametrize("source", [STRANGER, INSIDER])
def test_the_metrics_stay_closed(proxy, source):
    assert ask(proxy.port, "/metrics", FORGED["all at once"], source=source)[0] == 404


def test_each_client_counts_against_itself_whatever_it_says_of_itself(proxy):
    def start(number, source):
        forged = [(name, f"127.0.9.{number}") for name in spellings("X-Forwarded-For")]
        forged.append(("Forwarded", f"for=127.0.9.{number}"))
        # Nobody is registered there: each start is refused, and counts all the same.
        return ask(proxy.port, "/signin/nobody", forged, source=source)[0]

    # A source of its own for each proxy, whose counts are not the other proxies'.
    flooding, other = f"127.0.7.{proxy.port % 250 + 1}", f"127.0.8.{proxy.port % 250 + 1}"
    answers = [start(number, flooding) for number in range(3 * SIGN_INS)]
    assert answers[-1] == 429
    assert start(99, other) != 429


class PastTheProxyTests:
    """What a proxy that forgets, or is told otherwise, would send; from its own address."""

    @pytest.mark.parametrize(
        "headers",
        [
            [],
            [("Forwarded", "for=unknown;proto=https")],
            [("Forwarded", f"for={PROXY}")],
            [("X-Forwarded-For", INSIDER)],
            [("Forwarded", f"for={INSIDER}"), ("Forwarded", "for=unknown")],
        ],
    )
    def test_an_address_that_is_not_certain_opens_nothing(self, console, headers):
        assert token(console.port, headers, source=PROXY)[0] == 401
        assert ask(console.port, "/metrics", headers, source=PROXY)[0] == 404

    @pytest.mark.parametrize("node", [INSIDER, f'"{INSIDER}:4711"', f'"[::ffff:{INSIDER}]:4711"'])
    def test_a_certain_one_does(self, console, node):
        headers = [("Forwarded", f"for={node};proto=https")]
        assert token(console.port, headers, source=PROXY)[0] == 200
        assert ask(console.port, "/metrics", headers, source=PROXY)[0] == 200


def test_traefik_is_told_to_drop_every_spelling_that_the_server_folds():
    dropped = yaml.safe_load(snippet("yaml"))["http"]["middlewares"]["console-headers"]["headers"]
    names = {name for name, value in dropped["customRequestHeaders"].items() if value == ""}
    written_by_traefik = {"X-Forwarded-For", "X-Forwarded-Proto"}
    expected = {spelt for name in (*written_by_traefik, "X-Request-Id") for spelt in spellings(name)}
    assert names == (expected | {"Forwarded"}) - written_by_traefik


def test_the_programs_are_those_of_the_distribution():
    """A test that quietly ran nothing would hold nothing."""
    for name, option in (("caddy", "version"), ("haproxy", "-v")):
        program = (
            shutil.which(name)
            or shutil.which(HIDDEN.get(name, name))
            or missing(name, f"apt-get install {name}")
        )
        assert subprocess.run([program, option], capture_output=True, check=True).stdout
