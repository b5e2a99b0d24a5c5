"""What docs/verifying-tokens.md gives to frameworks and gateways, run as it stands there or held to the console."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace

import jwt
import pytest
import requests
import yaml
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.conf import settings
from django.test import Client
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.deploy.custom_resources import check
from tests.deploy.machines.parts import listens, wait_until
from tests.deploy.tools import run, tool
from tests.support.child import Child
from tests.support.optional import missing
from tests.support.servers import free_port
from tests.tokens.clients.conftest import CLIENTS, learnt_by

DOCUMENT = (Path(settings.BASE_DIR) / "docs" / "verifying-tokens.md").read_text()
CONSOLE = "https://sso.example"
API = "https://metadata.example"
OTHER = "https://other.example"
GO = "apt-get install golang-go golang-github-golang-jwt-jwt-dev"
GOLANG_JWT = Path("/usr/share/gocode/src/github.com/golang-jwt/jwt")
SECRET = "Zk3mQ9xT7vB2nR5wL8cJ4hF6dS1gP0aYeUiOtKqM"
SCOPES = ["metadata.read"]
CONFIGURATION = {
    "audiences": [
        {"identifier": API, "name": "Metadata", "scopes": SCOPES},
        {"identifier": OTHER, "name": "Other"},
    ],
    "bots": [
        {
            "name": "nightly",
            "grants": [{"audience": API, "scopes": SCOPES}, {"audience": OTHER}],
            "client_secret": SECRET,
        },
        {
            "name": "metadata-api",
            "grants": [{"audience": API, "roles": ["resource_server"]}],
            "client_secret": SECRET[::-1],
        },
    ],
}


def blocks(language):
    """The fenced pieces of the document in one language, by their first line."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    return {text.partition("\n")[0]: text for text in found}


def piece(language, begins):
    (text,) = [text for first, text in blocks(language).items() if first.startswith(begins)]
    return text


# Run: each of these answers with the status of its API, for a list of Authorization headers


def fastapi(monkeypatch, issuer, authorizations):
    """FastAPI itself is not among the dependencies: what the code takes from it is stood in for."""

    class HTTPException(Exception):
        def __init__(self, status_code, headers=None):
            super().__init__(status_code)

    names = {
        "FastAPI": lambda: SimpleNamespace(get=lambda path: lambda function: function),
        "Depends": lambda dependency: dependency,
        "HTTPException": HTTPException,
    }
    security = {
        "HTTPAuthorizationCredentials": SimpleNamespace,
        "HTTPBearer": lambda auto_error: auto_error,
    }
    for name, members in (("fastapi", names), ("fastapi.security", security)):
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    for name in ("verifying", "main"):
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(piece("python", f"# {name}.py").replace(CONSOLE, issuer), vars(module))
    api = sys.modules["main"]

    def status(authorization):
        scheme, _, token = (authorization or "").partition(" ")
        try:
            claims = api.caller(SimpleNamespace(credentials=token) if scheme == "Bearer" else None)
            assert api.tables(claims) == {"bot": claims["client_id"]}
        except HTTPException as refused:
            return refused.args[0]
        return 200

    return [status(authorization) for authorization in authorizations]


EXPRESS = """
import { bearer } from "./bearer.mjs";
const handlers = [];
const app = { get: (path, ...more) => handlers.push(...more) };
PIECE
const statuses = [];
for (const authorization of JSON.parse(process.env.QUESTION).authorizations) {
    const request = { headers: authorization === null ? {} : { authorization } };
    let status = 0, on = true;
    const response = { set: () => response, end: () => response, json: () => response };
    response.status = (code) => { status = code; return response; };
    for (const handler of handlers) {
        if (!on) break;
        on = false;
        await handler(request, response, () => { on = true; });
    }
    statuses.push(status);
}
console.log(JSON.stringify(statuses));
"""
NJS = """
import introspect from "./introspect.mjs";
const { base, basic, authorizations } = JSON.parse(process.env.QUESTION);
const statuses = [];
for (const authorization of authorizations) {
    const headers = { Authorization: basic, "Content-Type": "application/x-www-form-urlencoded" };
    const headersIn = authorization === null ? {} : { Authorization: authorization };
    const r = { headersIn, headersOut: {}, error: console.error };
    r.return = (status) => { statuses.push(status === 204 ? (r.headersOut["Token-Bot"] ? 200 : 500) : status); };
    r.subrequest = async (path, { method, body }) => {
        const answer = await fetch(`${base}/oauth/introspect`, { method, body, headers });
        return { status: answer.status, responseText: await answer.text() };
    };
    await introspect.check(r);
}
console.log(JSON.stringify(statuses));
"""


def node(tmp_path, files, **question):
    (tmp_path / "node_modules").symlink_to(CLIENTS / "node_modules")
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return learnt_by("run.mjs", folder=tmp_path, **question)


def express(tmp_path, issuer, authorizations):
    bearer = piece("js", "// bearer.mjs").replace(CONSOLE, issuer)
    program = EXPRESS.replace("PIECE", piece("js", "// app.mjs"))
    return node(tmp_path, {"bearer.mjs": bearer, "run.mjs": program}, authorizations=authorizations)


def nginx(tmp_path, base, authorizations):
    files = {"introspect.mjs": piece("js", "// /etc/nginx/introspect.js"), "run.mjs": NJS}
    secret = b64encode(f"metadata-api:{SECRET[::-1]}".encode()).decode()
    return node(tmp_path, files, base=base, basic=f"Basic {secret}", authorizations=authorizations)


@pytest.fixture(scope="module")
def go(tmp_path_factory):
    """The Go code, built, as a function as those above. Debian's golang-jwt is v4, which has the same names."""
    program = shutil.which("go") or missing("go", GO)
    if not GOLANG_JWT.is_dir():
        missing("golang-jwt", GO)
    folder = tmp_path_factory.mktemp("go")
    built = {}

    def build(issuer):
        for name in ("verifying", "forward_auth"):
            text = piece("go", f"// {name}.go").replace(CONSOLE, issuer)
            (folder / f"{name}.go").write_text(text.replace("golang-jwt/jwt/v5", "golang-jwt/jwt"))
        env = {"PATH": os.environ["PATH"], "GOPATH": "/usr/share/gocode", "GO111MODULE": "off"}
        env |= {"GOCACHE": str(folder / "cache"), "CGO_ENABLED": "0"}
        run(program, "build", "-o", "verifier", "verifying.go", "forward_auth.go", cwd=folder, env=env)
        return folder / "verifier"

    def answers(issuer, authorizations):
        built[issuer] = built.get(issuer) or build(issuer)
        port = free_port()
        env = {"LISTEN": f"127.0.0.1:{port}", "NO_PROXY": "*"}
        server = Child([str(built[issuer])], log=folder / "log", env=env)
        try:
            wait_until(lambda: listens(port), "the verifier", within=20)
            asked = [{"Authorization": each} if each is not None else {} for each in authorizations]
            url = f"http://127.0.0.1:{port}/tables"
            found = [
                requests.get(url, headers=headers | {"Token-Bot": "admin"}, timeout=10) for headers in asked
            ]
            assert "admin" not in {answer.headers.get("Token-Bot") for answer in found}
            return [200 if answer.headers.get("Token-Bot") else answer.status_code for answer in found]
        finally:
            server.stop()

    return answers


@pytest.fixture
def console(console_with):
    return console_with(CONFIGURATION)


def test_they_take_the_consoles_tokens_and_no_others(console, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    answer = requests.get(f"{console}/.well-known/oauth-authorization-server", timeout=10).json()

    def token(bot="nightly", secret=SECRET, **form):
        form = {"grant_type": "client_credentials", **form}
        return requests.post(answer["token_endpoint"], form, auth=(bot, secret), timeout=10).json()[
            "access_token"
        ]

    good = token(resource=API, scope="metadata.read")
    others = {
        "for another API": token(resource=OTHER),
        "a status list": requests.get(f"{console}/oauth/status/0", timeout=10).text,
        "with another signature": good[:-8] + ("A" * 8 if good[-8:] != "A" * 8 else "B" * 8),
        "no token": "not-a-token",
    }
    asked = [
        f"Bearer {good}",
        *(f"Bearer {other}" for other in others.values()),
        "Bearer ",
        f"Basic {good}",
        None,
    ]
    expected = [200, *[401] * (len(asked) - 1)]
    issuer = answer["issuer"]
    assert fastapi(monkeypatch, issuer, asked) == expected
    assert express(tmp_path_factory.mktemp("express"), issuer, asked) == expected
    assert nginx(tmp_path_factory.mktemp("nginx"), console, asked) == expected
    revocation = {"token": good}
    requests.post(
        f"{console}/oauth/revoke", revocation, auth=("nightly", SECRET), timeout=10
    ).raise_for_status()
    # Which is why the document says what each of them learns of a revocation.
    assert nginx(tmp_path_factory.mktemp("nginx"), console, asked[:1]) == [401]
    assert express(tmp_path_factory.mktemp("express"), issuer, asked[:1]) == [200]


@pytest.fixture
def issuer():
    """Somebody who publishes a key set where the console does, and signs whatever a test wants."""
    key = ec.generate_private_key(ec.SECP256R1())
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    published = [
        ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "ES256", "use": "sig", "alg": "ES256"},
        RSAAlgorithm.to_jwk(other.public_key(), as_dict=True)
        | {"kid": "RS256", "use": "sig", "alg": "RS256"},
    ]
    keys = {"ES256": key, "RS256": other, "HS256": "s" * 64}

    class KeySet(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(
                json.dumps({"keys": published} if self.path == "/.well-known/jwks.json" else {}).encode()
            )

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), KeySet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"

    def sign(header=(), without=(), algorithm="ES256", **claims):
        now = int(time.time())
        says = {"iss": url, "aud": API, "sub": "b", "client_id": "b", "scope": "metadata.read", "jti": "j"}
        says |= {"iat": now, "exp": now + 60, **claims}
        says = {name: value for name, value in says.items() if name not in without}
        headers = {"kid": algorithm, "typ": "at+jwt", **dict(header)}
        return jwt.encode(says, keys[algorithm], algorithm, headers=headers)

    yield SimpleNamespace(url=url, sign=sign)
    server.shutdown()
    server.server_close()


FORGED = {
    "another type": {"header": {"typ": "JWT"}},
    "no type": {"header": {"typ": None}},
    "the type of a status list": {"header": {"typ": "statuslist+jwt"}},
    "another issuer": {"iss": "https://evil.example"},
    "the issuer with a slash": {"iss": f"{CONSOLE}/"},
    "another audience": {"aud": OTHER},
    "no audience": {"without": ["aud"]},
    "past its end": {"exp": 1},
    "without end": {"without": ["exp"]},
    "without a bot": {"without": ["client_id"]},
    "the algorithm of another audience": {"algorithm": "RS256"},
    "an algorithm of nobody": {"algorithm": "HS256"},
}


def test_they_check_the_type_and_everything_else(issuer, tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    good = [issuer.sign(), issuer.sign(aud=[OTHER, API]), issuer.sign(header={"typ": "AT+JWT"})]
    tokens = [
        *good,
        issuer.sign(scope="metadata.write"),
        *(issuer.sign(**forged) for forged in FORGED.values()),
    ]
    asked = [f"Bearer {token}" for token in tokens]
    expected = [200, 200, 200, 403, *[401] * len(FORGED)]
    assert dict(enumerate(fastapi(monkeypatch, issuer.url, asked))) == dict(enumerate(expected))
    assert dict(enumerate(express(tmp_path, issuer.url, asked))) == dict(enumerate(expected))


def test_gos_verifier_does_so_too_also_for_traefik(issuer, go, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    good = [issuer.sign(), issuer.sign(aud=[OTHER, API]), issuer.sign(header={"typ": "AT+JWT"})]
    tokens = [*good, issuer.sign(scope="metadata.write"), *(issuer.sign(**each) for each in FORGED.values())]
    asked = [*(f"Bearer {token}" for token in tokens), f"Basic {tokens[0]}", "Bearer ", None]
    assert dict(enumerate(go(issuer.url, asked))) == dict(
        enumerate([200, 200, 200, 403, *[401] * (len(FORGED) + 3)])
    )


def test_traefik_takes_the_middleware():
    document = yaml.safe_load(piece("yaml", "apiVersion: traefik.io/v1alpha1"))
    check(document)
    forward = document["spec"]["forwardAuth"]
    assert forward["authResponseHeaders"] == ["Token-Bot"]
    assert 'w.Header().Set("Token-Bot"' in piece("go", "// forward_auth.go")
    forward["authResponseHeaders"] = "Token-Bot"
    with pytest.raises(subprocess.CalledProcessError):
        check(document)


def test_nginx_takes_the_configuration_all_but_the_script(tmp_path):
    text = piece("nginx", "# /etc/nginx/nginx.conf")
    text = text.replace("js_import introspect from /etc/nginx/introspect.js;\n", "")
    text = text.replace("js_content introspect.check;", "return 204;").replace(
        "listen 443 ssl;", "listen 8443;"
    )
    # The name of the console is looked up when the configuration is read.
    text = text.replace("proxy_pass https://sso.example/", "proxy_pass https://127.0.0.1:9/")
    path = tmp_path / "nginx.conf"
    path.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{text}\n}}")
    program = tool("nginx", package="nginx-light")
    run(program, "-t", "-c", str(path), "-p", str(tmp_path), "-g", "error_log stderr warn;")


# Not run: the values are what the console itself publishes


@pytest.fixture
def published(db):
    """The metadata, as if the console were the document's."""
    text = Client().get("/.well-known/oauth-authorization-server").content.decode()
    return json.loads(text.replace(settings.BASE_URL, CONSOLE))


def test_the_table_has_the_values_of_the_console(published):
    rows = dict(re.findall(r"^\| ([^|]+?) (?:\(`\w+`\) )?\| (.*) \|$", DOCUMENT, re.MULTILINE))
    assert rows["issuer"].startswith(f"`{published['issuer']}`")
    assert rows["key set"].startswith(f"`{published['jwks_uri']}`")
    assert f"`{published['issuer']}/.well-known/oauth-authorization-server`" in rows["key set"]
    assert rows["type"].startswith("`at+jwt`")


def test_spring_and_the_middleware_of_express_have_them(published):
    spring = piece("java", "@Bean")
    assert f'withJwkSetUri("{published["jwks_uri"]}")' in spring
    assert f'JwtIssuerValidator("{published["issuer"]}")' in spring
    assert f'audience.contains("{API}")' in spring
    assert 'new JOSEObjectType("at+jwt")' in spring
    assert "SignatureAlgorithm.ES256" in spring
    middleware = piece("js", "// express-oauth2-jwt-bearer")
    given = dict(re.findall(r'^    (\w+): "?([^"\n]+?)"?,$', middleware, re.MULTILINE))
    assert given == {
        "issuer": published["issuer"],
        "jwksUri": published["jwks_uri"],
        "audience": API,
        "tokenSigningAlg": "ES256",
        "strict": "true",
    }


def test_the_gateways_have_them(published):
    (envoy,) = yaml.safe_load(piece("yaml", "# in http_filters"))["typed_config"]["providers"].values()
    assert (envoy["issuer"], envoy["audiences"]) == (published["issuer"], [API])
    assert envoy["remote_jwks"]["http_uri"]["uri"] == published["jwks_uri"]
    request, policy = yaml.safe_load_all(piece("yaml", "apiVersion: security.istio.io/v1"))
    (rule,) = request["spec"]["jwtRules"]
    # By themselves both take a token in the address as well.
    assert rule.pop("fromHeaders") == [{"name": "Authorization", "prefix": "Bearer "}]
    assert envoy["from_headers"] == [{"name": "Authorization", "value_prefix": "Bearer "}]
    assert rule == {"issuer": published["issuer"], "jwksUri": published["jwks_uri"], "audiences": [API]}
    assert policy["spec"]["rules"][0]["from"][0]["source"] == {
        "requestPrincipals": [f"{published['issuer']}/*"]
    }
    assert request["spec"]["selector"] == policy["spec"]["selector"]
    (kong,) = yaml.safe_load(piece("yaml", "_format_version"))["plugins"]
    assert kong["config"]["issuers_allowed"] == [published["issuer"]]
    assert kong["config"]["extra_jwks_uris"] == [published["jwks_uri"]]
    assert kong["config"]["audience_required"] == [API]
    assert kong["config"]["issuer"] == f"{published['issuer']}/.well-known/oauth-authorization-server"
    apisix = yaml.safe_load(piece("yaml", "plugins:"))["plugins"]["openid-connect"]
    assert apisix["introspection_endpoint"] == published["introspection_endpoint"]
    assert (
        apisix["introspection_endpoint_auth_method"]
        in published["introspection_endpoint_auth_methods_supported"]
    )
    assert apisix["discovery"] == kong["config"]["issuer"]
    assert apisix["introspection_interval"] > 0


def test_apisix_proves_itself_in_one_way(console):
    """lua-resty-openidc, by which APISIX asks, always has name and secret in the form, and adds Basic if told to."""
    token = requests.post(
        f"{console}/oauth/token",
        {"grant_type": "client_credentials", "resource": API},
        auth=("nightly", SECRET),
        timeout=10,
    ).json()["access_token"]
    told = yaml.safe_load(piece("yaml", "plugins:"))["plugins"]["openid-connect"]
    client = (told["client_id"], SECRET[::-1])
    sent = {"token": token, "client_id": client[0], "client_secret": client[1]}
    ways = {"client_secret_post": None, "client_secret_basic": client}
    answers = {
        way: requests.post(f"{console}/oauth/introspect", sent, auth=auth, timeout=10)
        for way, auth in ways.items()
    }
    assert answers.pop(told["introspection_endpoint_auth_method"]).json()["active"] is True
    assert [answer.status_code for answer in answers.values()] == [400]


def test_no_other_piece_is_in_the_document():
    """One that is added here has to be run above, or held to the console's values."""
    assert {
        language: list(blocks(language)) for language in ("python", "js", "go", "java", "yaml", "nginx")
    } == {
        "python": [
            'verifier = Verifier("https://sso.example", audience="https://metadata.example")',
            "# verifying.py, needs PyJWT[crypto]",
            "# main.py",
        ],
        "js": [
            "// /etc/nginx/introspect.js",
            "// bearer.mjs, needs jose",
            "// app.mjs",
            "// express-oauth2-jwt-bearer",
        ],
        "go": ["// verifying.go", "// forward_auth.go, beside verifying.go"],
        "java": ["@Bean"],
        "yaml": [
            "# in http_filters, before the router",
            "apiVersion: traefik.io/v1alpha1",
            "apiVersion: security.istio.io/v1",
            '_format_version: "3.0"',
            "plugins:",
        ],
        "nginx": [
            "# /etc/nginx/nginx.conf, beside events and http: load_module modules/ngx_http_js_module.so;"
        ],
    }
