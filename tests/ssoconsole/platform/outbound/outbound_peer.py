"""Somebody else's server, on loopback, as friendly or as hostile as a test wants it."""

import socket
import threading
from contextlib import suppress

from ssoconsole.platform.outbound.response import Limits

PATIENT = Limits(head_bytes=4096, body_bytes=2048)
IMPATIENT = Limits(connect=0.5, idle=0.3, total=0.7, head_bytes=4096, body_bytes=2048)


class Peer:
    """Read one request per connection, keep it in `requests`, then let `act(connection, peer)` answer."""

    def __init__(self, act, *, context=None, address=("127.0.0.1", 0)):
        self.act, self.context = act, context
        self.requests = []
        self.stopped = threading.Event()
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.listener = socket.create_server(address, family=family)
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def url(self, path="/", scheme="http", host="127.0.0.1"):
        return f"{scheme}://{host}:{self.port}{path}"

    def close(self):
        self.stopped.set()
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        while self.threads:
            self.threads.pop(0).join()  # the accepting one first: after it no more are started

    def _accept(self):
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.threads.append(threading.Thread(target=self._serve, args=[connection]))
                self.threads[-1].start()

    def _serve(self, plain):
        plain.settimeout(5)
        with plain, suppress(OSError):
            connection = self.context.wrap_socket(plain, server_side=True) if self.context else plain
            with connection:
                self.requests.append(_read_request(connection))
                self.act(connection, self)


def _read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            raise ConnectionError
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def says(raw):
    """Answer with exactly these bytes, then close."""
    return lambda connection, peer: connection.sendall(raw)


def answers(body=b"{}", status="200 OK", content_type="application/json", headers=()):
    """Answer as a well-behaved server does."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    return says("\r\n".join([*lines, "", ""]).encode() + body)


def drips(raw, seconds):
    """Send `raw` over and over, one byte at a time, for as long as anybody listens."""

    def act(connection, peer):
        while True:
            for byte in raw:
                connection.sendall(bytes([byte]))
                if peer.stopped.wait(seconds):
                    return

    return act


def floods(head, block):
    """Send `head` and then `block` without end."""

    def act(connection, peer):
        connection.sendall(head)
        while not peer.stopped.is_set():
            connection.sendall(block)

    return act


def is_silent(connection, peer):
    peer.stopped.wait(5)
