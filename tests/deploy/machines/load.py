"""People and bots who go on asking while something breaks, and never ask twice for the same thing."""

import threading
import time
from dataclasses import dataclass

import requests

from tests.deploy.machines.parts import wait_until
from tests.deploy.machines.site import BOT, SECRET

# Seconds between two requests of one client. However fast the machine, three clients at half of whose doors nginx lets
# people in stay under the 30 requests a second that it allows one address (`deploy/nginx/http.conf`).
PACE = 0.05


@dataclass
class Request:
    """What one request came to: its status, or 0 where there was no answer at all."""

    what: str
    status: int
    seconds: float
    at: float
    retry_after: str = ""
    text: str = ""


def page(http, site):
    return http.get(f"{site.url}/signin", timeout=60)


def keys(http, site):
    return http.get(f"{site.url}/.well-known/jwks.json", timeout=60)


def token(http, site):
    return http.post(
        f"{site.url}/oauth/token", {"grant_type": "client_credentials"}, auth=(BOT, SECRET), timeout=60
    )


def introspection(http, site):
    return http.post(f"{site.url}/oauth/introspect", {"token": "none"}, auth=(BOT, SECRET), timeout=60)


def admin(http, site):
    return http.get(f"{site.url}/admin/login/", timeout=60)


def api(http, site):
    """The bot may not read here: its 403 is a whole answer, for which its token was looked up."""
    headers = {"Authorization": "Bearer none"}
    return http.get(f"{site.url}/api/v1/bots", headers=headers, timeout=60)


DOORS = (page, keys, token, introspection, admin, api)
ANSWERS = {"api": 401}


class Load:
    """Until the block ends, clients that go round all doors; `requests` is what they got."""

    def __init__(self, site, *, clients=3):
        self.site, self.requests = site, []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(start,)) for start in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, start):
        # A connection for each request: one that is kept may be closed just as the next request is sent.
        http = requests.Session()
        http.verify, http.trust_env = str(self.site.nginx.authority), False
        http.headers["Connection"] = "close"
        turn = start
        while not self._over.wait(PACE):
            door, turn = DOORS[turn % len(DOORS)], turn + 1
            self.requests.append(self._once(door, http))
        http.close()

    def _once(self, door, http):
        http.cookies.clear()
        began = time.monotonic()
        try:
            answer = door(http, self.site)
        except requests.RequestException as error:
            return Request(door.__name__, 0, time.monotonic() - began, time.monotonic(), text=repr(error))
        status = 200 if answer.status_code == ANSWERS.get(door.__name__, 200) else answer.status_code
        retry_after = answer.headers.get("Retry-After", "")
        return Request(
            door.__name__, status, time.monotonic() - began, time.monotonic(), retry_after, answer.text[:200]
        )

    def wait_for(self, more, *, within=60.0):
        """Wait until so many more requests have been answered, in whatever way."""
        goal = len(self.requests) + more
        wait_until(lambda: len(self.requests) >= goal, "requests", within=within)

    def is_served(self):
        """Tell whether the last requests, two at each door, have all gone well."""
        return all(request.status == 200 for request in self.requests[-2 * len(DOORS) :])

    def failed(self):
        return [request for request in self.requests if request.status != 200]

    def slowest(self):
        return max(request.seconds for request in self.requests)

    def recovered_after(self, moment):
        """Seconds from `moment` until the last request that failed."""
        return max((request.at - moment for request in self.failed()), default=0.0)
