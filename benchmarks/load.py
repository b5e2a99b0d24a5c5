"""A client that keeps as many requests under way as it has connections, and costs as little as possible itself."""

import selectors
import socket
import time
from dataclasses import dataclass, field


@dataclass
class Load:
    """What came of a series of requests; `seconds` are those of each answer."""

    wall: float
    seconds: list[float] = field(repr=False)
    bodies: list[bytes] = field(repr=False)
    refused: list[bytes] = field(repr=False)

    @property
    def per_second(self):
        return len(self.seconds) / self.wall

    def quantile(self, share):
        return sorted(self.seconds)[int(share * (len(self.seconds) - 1))]


def request_of(path, *, host, headers=(), body=b"", method="POST"):
    """The bytes of one request on a connection that is kept."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "X-Forwarded-Proto: https", *headers]
    if body:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def run(port, requests, *, concurrency):
    """Send every request, `concurrency` at a time; an answer that is not 200 or 304 is `refused`."""
    waiting, selector = iter(requests), selectors.DefaultSelector()
    load = Load(0.0, [], [], [])
    started = time.perf_counter()
    for _ in range(concurrency):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _send_next(selector, connection, waiting)
    while selector.get_map():
        for key, _ in selector.select(timeout=30) or _hanging():
            connection, state = key.fileobj, key.data
            received = connection.recv(262_144)
            if not received:
                raise RuntimeError(f"the server closed a connection: {state['received'][:500]!r}")
            state["received"] += received
            if (whole := _answer(state["received"])) is None:
                continue
            status, body = whole
            load.seconds.append(time.perf_counter() - state["sent"])
            (load.bodies if status in (200, 304) else load.refused).append(body)
            selector.unregister(connection)
            _send_next(selector, connection, waiting)
    load.wall = time.perf_counter() - started
    return load


def _send_next(selector, connection, waiting):
    request = next(waiting, None)
    if request is None:
        connection.close()
        return
    selector.register(connection, selectors.EVENT_READ, {"sent": time.perf_counter(), "received": b""})
    connection.sendall(request)


def _answer(received):
    """Status and body, once all of it is there."""
    head, found, body = received.partition(b"\r\n\r\n")
    if not found:
        return None
    status = int(head[9:12])
    lowered = head.lower()
    place = lowered.find(b"content-length:")
    if place < 0:
        if b"transfer-encoding: chunked" in lowered:
            return (status, body) if body.endswith(b"0\r\n\r\n") else None
        return status, body
    length = int(lowered[place + 15 :].split(b"\r\n", 1)[0])
    return (status, body) if len(body) >= length else None


def _hanging():
    raise RuntimeError("no answer within 30 seconds")
