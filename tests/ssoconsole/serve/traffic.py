"""Clients that send request after request and never try one again: what is lost is seen."""

import http.client
import itertools
import select
import threading
import time
from collections import Counter

PATH = "/.well-known/jwks.json"
PACE = 0.02  # seconds between two requests of one client


def still_open(connection):
    """A kept connection, unless its other end has closed it meanwhile: that has been said, as proxies notice."""
    if connection and select.select([connection.sock], [], [], 0)[0]:
        connection.close()
        return None
    return connection


class Server:
    """Where to send, and whether `/readyz` has said at the last look that one may."""

    def __init__(self, port):
        self.port = port
        self.ready = True

    def look(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            self.ready = connection.getresponse().status == 200
        except OSError:
            self.ready = False
        finally:
            connection.close()


class Traffic:
    """
    Some clients at once, until the block ends. `kept` reuse connections, `fresh` open one for each request.

    `outcomes` counts `answered`, `refused` (nobody listens: the connection was never accepted), `nowhere` (no
    server is ready) and `lost`: a request on an accepted connection that got no answer of status 200.
    """

    def __init__(self, *ports, kept=2, fresh=2, heeds_readiness=False):
        self.servers = [Server(port) for port in ports]
        self.turn = itertools.count()
        self.outcomes = Counter()
        self.losses = []  # when it was sent (time.monotonic), and the error
        self.refused_from = float("inf")
        self.over = threading.Event()
        jobs = [(self._send_on, (True,))] * kept + [(self._send_on, (False,))] * fresh
        if heeds_readiness:
            jobs += [(self._look_on, (server,)) for server in self.servers]
        self.threads = [threading.Thread(target=job, args=arguments) for job, arguments in jobs]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exception):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def wait_for(self, answered, *, within=20.0):
        """Wait until so many more requests have been answered."""
        goal, deadline = self.outcomes["answered"] + answered, time.monotonic() + within
        while self.outcomes["answered"] < goal:
            assert time.monotonic() < deadline, self.outcomes
            time.sleep(0.01)

    def lost_before_the_end(self):
        """
        What was lost before nobody listened any more, but for the last half second.

        What waits in the queue of a socket when it is closed is reset, and nobody has taken it in. A client that heeds
        `/readyz` sends nothing then.
        """
        return [loss for loss in self.losses if loss[0] < self.refused_from - 0.5]

    def wait_for_all_ready(self, *, within=20.0):
        deadline = time.monotonic() + within
        while not all(server.ready for server in self.servers):
            assert time.monotonic() < deadline, "a server does not get ready again"
            time.sleep(0.02)

    def _look_on(self, server):
        while not self.over.wait(0.1):
            server.look()

    def _send_on(self, keep):
        connections = {}
        while not self.over.wait(PACE):
            ready = [server for server in self.servers if server.ready]
            if not ready:
                self.outcomes["nowhere"] += 1
                continue
            server = ready[next(self.turn) % len(ready)]
            connection = still_open(connections.pop(server.port, None)) or self._connected(server.port)
            if connection and self._answered(connection) and keep and connection.sock:
                connections[server.port] = connection
            elif connection:
                connection.close()
        for connection in connections.values():
            connection.close()

    def _connected(self, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.connect()
        except ConnectionRefusedError:
            self.outcomes["refused"] += 1
            self.refused_from = min(self.refused_from, time.monotonic())
            return None
        connection.auto_open = 0  # never a new connection behind our back
        return connection

    def _answered(self, connection):
        sent_at = time.monotonic()
        try:
            connection.request("GET", PATH)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException) as error:
            self.losses.append((sent_at, repr(error)))
            self.outcomes["lost"] += 1
            return False
        self.outcomes["answered" if response.status == 200 else "lost"] += 1
        return True
