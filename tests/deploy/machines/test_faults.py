"""
What breaks and how: each component of a site taken away under load, and given back.

`docs/faults.md` says it to people. Its table is held to what is asserted here, by `HELD`, and the numbers of a run are
left in `var/faults.json`.
"""

import json
import re
import time
from contextlib import contextmanager

import pytest

from tests.deploy.machines.load import DOORS, Load
from tests.deploy.machines.parts import wait_until
from tests.support.servers import ROOT

pytestmark = pytest.mark.xdist_group("site")

# The longest that a fault may be felt after it is mended, in seconds; `docs/faults.md` promises the same.
HELD = {
    "one console killed": 0,
    "all consoles killed": 5,
    "Redis killed": 0,
    "Redis hangs": 0,
    "database connections cut": 5,
    "database stopped": 5,
    "nginx reloaded": 0,
}
# The form in which each door says that the database is away.
FORMS = {
    "/": "text/html",
    "/signin": "text/html",
    "/signin/corp": "text/html",
    "/callback/corp?state=some&code=some": "text/html",
    "/account": "text/html",
    "/admin/": "text/html",
    "/api/v1/bots": "application/problem+json",
    "/.well-known/jwks.json": "application/json",
    "/oauth/status": "application/json",
}
ENOUGH = 4 * len(DOORS)  # requests before, during and after


@contextmanager
def fault(site, name):
    """Load before, during and after; yields the load, and writes down what came of it."""
    load = Load(site)
    with load:
        load.wait_for(ENOUGH)
        assert load.failed() == []
        load.began = time.monotonic()
        yield load
        load.mended = getattr(load, "mended", time.monotonic())
        load.wait_for(ENOUGH)
        wait_until(load.is_served, "every door open again", within=30)
    assert load.recovered_after(load.mended) <= max(HELD[name], 0.001), load.failed()[-3:]
    write_down(name, load)


def write_down(name, load):
    path = ROOT / "var" / "faults.json"
    path.parent.mkdir(exist_ok=True)
    known = json.loads(path.read_text()) if path.exists() else {}
    during = [request for request in load.requests if request.at >= load.began]
    known[name] = {
        "requests": len(during),
        "failed": len([request for request in during if request.status != 200]),
        "slowest": round(max(request.seconds for request in during), 2),
        "recovered": round(load.recovered_after(load.mended), 2),
    }
    path.write_text(json.dumps(known, indent=1, sort_keys=True))


def without_a_word(load):
    """Failures that did not say when to come back: a 500, a 502 or silence."""
    return [request for request in load.failed() if (request.status, request.retry_after) != (503, "5")]


def bring_back(site, *consoles):
    for console in consoles:
        console.start(wait=False)
    for console in consoles:
        wait_until(lambda console=console: site.ready(console), "a console that was killed")


def test_one_console_is_enough_and_without_any_everybody_is_told_to_come_back(site):
    one, other = site.consoles
    with fault(site, "one console killed") as load:
        one.kill()
        load.wait_for(2 * ENOUGH)
    assert load.failed() == []
    with fault(site, "all consoles killed") as load:
        other.kill()
        load.wait_for(ENOUGH)
        bring_back(site, one, other)
        load.mended = time.monotonic()
    assert load.failed()
    assert without_a_word(load) == []


def test_without_redis_nothing_is_refused_and_nothing_is_slow(site):
    with fault(site, "Redis killed") as load:
        site.redis.kill()
        load.wait_for(2 * ENOUGH)
        site.redis.start()
    assert load.failed() == []
    assert load.slowest() < 3


def test_a_redis_that_hangs_is_waited_for_once_in_a_while_and_not_by_everybody(site):
    with fault(site, "Redis hangs") as load, site.redis.frozen():
        load.wait_for(2 * ENOUGH)
        for _ in range(5):
            answer = site.get("/oauth/status")
            assert answer.status_code == 200
    assert load.failed() == []
    assert load.slowest() < 4


def test_connections_to_the_database_that_are_cut_are_made_again(site):
    with fault(site, "database connections cut") as load:
        for _ in range(5):
            site.postgres.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'console'"
            )
            load.wait_for(len(DOORS))
        load.mended = time.monotonic()
    assert without_a_word(load) == []


def test_without_the_database_every_door_says_so_and_opens_again_by_itself(site):
    pids = [console.child.pid for console in site.consoles]
    with fault(site, "database stopped") as load:
        site.postgres.stop()
        stopped = len(load.requests)
        load.wait_for(2 * ENOUGH)
        failed = {request.what for request in load.requests[stopped:] if request.status == 503}
        for path, form in FORMS.items():
            answer = site.get(path, headers={"Cookie": f"__Host-session={'x' * 32}"}, allow_redirects=False)
            assert (path, answer.status_code, answer.headers["Retry-After"]) == (path, 503, "5")
            assert answer.headers["Content-Type"].startswith(form)
        ready = [site.ready(console) for console in site.consoles]
        still_in_service = [site.ready(console, apart_from="cache,database") for console in site.consoles]
        site.postgres.start()
        load.mended = time.monotonic()
    assert {"page", "token", "introspection", "api"} <= failed
    assert without_a_word(load) == []
    assert (ready, still_in_service) == ([False, False], [True, True])
    assert [console.child.pid for console in site.consoles] == pids


def test_nginx_takes_a_new_configuration_without_losing_a_request(site):
    with fault(site, "nginx reloaded") as load:
        for _ in range(3):
            site.nginx.reload()
            load.wait_for(len(DOORS))
    assert load.failed() == []


def test_one_after_the_other_is_replaced_and_nobody_notices(site):
    """A rolling restart, with unsafe methods as well: each console leaves in good order before it is started anew."""
    with Load(site) as load:
        load.wait_for(ENOUGH)
        for console in site.consoles:
            console.leave()
            bring_back(site, console)
            load.wait_for(ENOUGH)
    assert load.failed() == []


def rows():
    page = (ROOT / "docs" / "faults.md").read_text()
    return {
        cells[0].strip(): cells[-1].strip()
        for cells in (line.strip("| \n").split("|") for line in page.splitlines() if line.startswith("| "))
    }


@pytest.mark.parametrize("name", HELD)
def test_the_page_on_faults_promises_what_is_held_here(name):
    promised = rows()[name]
    assert re.fullmatch(rf"{HELD[name]} s" if HELD[name] else "nothing is felt", promised)
