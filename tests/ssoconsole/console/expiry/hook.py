"""The receiver of a webhook: a server on loopback that keeps what it is sent and judges its signature."""

import hashlib
import hmac
import json
import re

from tests.ssoconsole.platform.outbound.outbound_peer import Peer, answers

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"


class Hook:
    def __init__(self):
        self.answer = answers(b"")
        self.peer = Peer(lambda sock, peer: self.answer(sock, peer))
        self.url = self.peer.url("/hook")

    @property
    def requests(self):
        return [Posted(raw) for raw in self.peer.requests]

    def close(self):
        self.peer.close()


class Posted:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.method, self.path, _ = first.split(" ")
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}

    @property
    def document(self):
        return json.loads(self.body)

    def is_signed_with(self, secret):
        signed_at, mac = re.fullmatch(
            r"t=(\d+),v1=([0-9a-f]{64})", self.headers["sso-console-signature"]
        ).groups()
        message = signed_at.encode() + b"." + self.body
        return hmac.compare_digest(mac, hmac.digest(secret.encode(), message, hashlib.sha256).hex())
