"""How the tests make what a bot, or its platform, proves itself with: real keys, an independent library."""

import json
import secrets
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from joserfc import jws, jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from tokens_cast import BASE_URL

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAKERS = {
    "ES256": lambda kid: ECKey.generate_key("P-256", {"kid": kid}),
    "ES384": lambda kid: ECKey.generate_key("P-384", {"kid": kid}),
    "EdDSA": lambda kid: OKPKey.generate_key("Ed25519", {"kid": kid}),
    "Ed25519": lambda kid: OKPKey.generate_key("Ed25519", {"kid": kid}),
    "PS256": lambda kid: RSAKey.generate_key(2048, {"kid": kid}),
    "RS256": lambda kid: RSAKey.generate_key(2048, {"kid": kid}),
    "HS256": lambda kid: OctKey.generate_key(256, {"kid": kid}),
}


class Signer:
    """A key of a bot or a platform; `jwk` is its public half."""

    def __init__(self, alg="ES256", kid="key-1"):
        self.alg, self.key = alg, MAKERS[alg](kid)

    @property
    def jwk(self):
        return {**self.key.as_dict(private=False), "use": "sig"}

    @property
    def jwks(self):
        return {"keys": [self.jwk]}

    def sign(self, claims, *, alg=None, without=(), **header):
        claims = {name: value for name, value in claims.items() if name not in without}
        names = {"alg": alg or self.alg, "kid": self.key.kid, **header}
        names = {name: value for name, value in names.items() if value is not None}
        registry = jws.JWSRegistry(algorithms=list(MAKERS), strict_check_header=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # EdDSA is the older name of Ed25519
            return jwt.encode(names, claims, self.key, registry=registry)

    def assertion(self, name, *, header=None, without=(), **changes):
        """A good client assertion of the bot called `name`, but for what is said."""
        now = int(time.time())
        claims = {"iss": name, "sub": name, "aud": BASE_URL, "exp": now + 60, "iat": now}
        claims["jti"] = secrets.token_urlsafe(16)
        return self.sign({**claims, **changes}, without=without, **(header or {}))


def by_assertion(assertion, **more):
    """The parameters by which a client presents an assertion."""
    return {"client_assertion_type": JWT_BEARER, "client_assertion": assertion, **more}


class KeyHost:
    """A web server of somebody else's, with one JSON document a path; `asked` counts by path."""

    def __init__(self):
        self.documents, self.asked, self.media_type = {}, [], "application/json"
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                host.asked.append(self.path)
                document = host.documents.get(self.path)
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(404 if document is None else 200)
                self.send_header("Content-Type", host.media_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
