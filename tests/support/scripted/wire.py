"""The socket under a scripted provider: threads, loopback, and faults that only a real server can have."""

import sys
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """A request as it came. `endpoint` is the provider's name for the path, such as `token`."""

    method: str
    target: str
    headers: dict
    body: bytes = b""
    endpoint: str = field(default="", compare=False)

    @property
    def path(self):
        return urlsplit(self.target).path

    @cached_property
    def query_pairs(self):
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @cached_property
    def form_pairs(self):
        return parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True)

    @property
    def query(self):
        return dict(self.query_pairs)

    @property
    def form(self):
        return dict(self.form_pairs)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A caller that gave up is no event; anything else is a fault of the provider itself."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.wire.broken(error)


class _Handler(BaseHTTPRequestHandler):
    timeout = 30

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.wire.serve(self, Request(self.command, self.path, headers, body))

    def __getattr__(self, name):
        """Every method is served; endpoints judge it."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def date_time_string(self, timestamp=None):
        """The Date of every answer, by a clock that a test may have set wrong."""
        return super().date_time_string(time.time() + self.server.wire.clock_offset)

    def send(self, answer, wait, drip_seconds):
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if not drip_seconds:
            self.wfile.write(answer.body)
            return
        for byte in answer.body:
            if wait(drip_seconds):
                return
            self.wfile.write(bytes([byte]))

    def log_message(self, format, *args):
        """Tests read `requests`, not a log."""


class Wire:
    """Listens on a loopback port that stays the same when it is closed and opened again."""

    def __init__(self, provider):
        self.provider = provider
        self.port = 0
        self.clock_offset = 0
        self.tls = None
        self._server = None
        self._released = threading.Event()
        self.open()

    @property
    def is_open(self):
        return self._server is not None

    def open(self):
        if self.is_open:
            return
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.wire = self
        self.port = self._server.server_port
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def speak(self, tls):
        """Serve under this TLS context, or in clear text if it is None; the port stays the same."""
        if tls is not self.tls:
            self.close()
            self.tls = tls
            self.open()

    def close(self):
        """From now on connections are refused."""
        if not self._server:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server = None

    def release(self):
        """Let go of everything that is being delayed; delays work again afterwards."""
        self._released.set()
        self._released = threading.Event()

    def serve(self, handler, request):
        released = self._released
        endpoint, answer = self.provider.answer(request)
        if endpoint and endpoint.seconds and released.wait(endpoint.seconds):
            return
        if endpoint and endpoint.hangs_up:
            return
        handler.send(answer, released.wait, endpoint.drip_seconds if endpoint else 0)

    def broken(self, error):
        self.provider.violations.append(f"the scripted provider itself broke: {error!r}")
