"""nginx's files: taken by nginx itself, and never a code, a state or a forged header passed on."""

import re
import shutil

import pytest

from tests.deploy.machines.proxy import make_certificates
from tests.deploy.names import DEPLOY
from tests.deploy.tools import run, tool

SHARED = DEPLOY / "nginx"
SITES = {
    "bare metal": DEPLOY / "bare-metal" / "nginx.conf",
    "compose": DEPLOY / "docker" / "nginx.conf.template",
}


@pytest.fixture
def configured(tmp_path):
    """Write a file as it stands on its machine, with the machine's paths moved into a folder of this test."""
    make_certificates(tmp_path)
    for old, new in (("localhost.pem", "fullchain.pem"), ("localhost.key", "privkey.pem")):
        shutil.copy(tmp_path / old, tmp_path / new)
    moved = {
        "/etc/nginx/sso-console/": f"{SHARED}/",
        "/etc/nginx/console/": f"{SHARED}/",
        "/etc/nginx/tls/": f"{tmp_path}/",
        "/etc/sso-console/tls/": f"{tmp_path}/",
        "/var/log/nginx/": f"{tmp_path}/",
        "/tmp/": f"{tmp_path}/",
        "${SERVER_NAME}": "sso.example.com",
    }

    def write(text):
        # What was moved must not be moved again: a folder of a test is under /tmp.
        text = re.sub("|".join(map(re.escape, moved)), lambda match: moved[match.group()], text)
        if "events" not in text:
            text = f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{text}\n}}"
        path = tmp_path / "nginx.conf"
        path.write_text(text)
        return path

    return write


def check(path):
    program = tool("nginx", package="nginx-light")
    run(program, "-t", "-c", str(path), "-p", str(path.parent), "-g", "error_log stderr warn;")


@pytest.mark.parametrize("site", SITES)
def test_nginx_takes_it(configured, site):
    check(configured(SITES[site].read_text()))


def test_it_would_find_a_mistake(configured):
    with pytest.raises(AssertionError, match="unknown directive"):
        check(configured(SITES["bare metal"].read_text().replace("keepalive 32", "keepalife 32")))


def test_no_query_string_gets_into_a_log():
    [log_format] = re.findall(
        r"log_format console_without_query (.*?);", (SHARED / "http.conf").read_text(), re.DOTALL
    )
    named = set(re.findall(r"\$(\w+)", log_format))
    assert "uri" in named
    assert not named & {"request", "request_uri", "args", "query_string", "is_args", "http_referer"}
    for path in SITES.values():
        for line in re.findall(r"access_log (.*);", path.read_text()):
            assert line.endswith("console_without_query")


def test_no_forwarding_header_of_a_client_is_passed_on():
    from ssoconsole.platform.http.forwarding import FORWARDING_HEADERS

    text = (SHARED / "server.conf").read_text()
    ours = dict(re.findall(r"proxy_set_header (\S+) (\S+);", text))
    for header in FORWARDING_HEADERS:
        name = header.removeprefix("HTTP_").replace("_", "-").title().replace("Ip", "IP")
        assert ours[name] == ('"for=\\"$console_client\\";proto=$scheme"' if name == "Forwarded" else '""'), (
            name
        )


def test_a_place_of_its_own_for_a_request_changes_none_of_the_headers():
    """proxy_set_header in a location would drop all those of the server block."""
    for block in re.findall(r"location [^{]*\{[^}]*\}", (SHARED / "server.conf").read_text()):
        assert "proxy_set_header" not in block


@pytest.mark.parametrize("site", SITES)
def test_a_console_that_is_back_is_known_to_be_before_the_next_one_leaves(site):
    """Otherwise nginx would have nobody left: the one marked as failed, and the other one gone."""
    rests = {float(seconds) for seconds in re.findall(r"fail_timeout=(\d+)s", SITES[site].read_text())}
    drains = re.findall(
        r"DRAIN_SECONDS(?:=|:-)(\d+)",
        (DEPLOY / "bare-metal" / "console.env.example").read_text()
        + (DEPLOY / "docker" / "compose.yaml").read_text(),
    )
    assert len(drains) == 2
    assert max(rests) < min(map(float, drains))
