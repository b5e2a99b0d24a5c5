"""Whatever a stranger sends, and wherever, the console's time grows in proportion to its length."""

import base64
import json
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from tests.hostile.growth import LENGTH, grows_in_proportion, of_length, seconds
from tests.providers.signin.journey import Browser, register
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.keyless import add_federation
from tokens.models import Audience, Bot

PASSWORD_BACKEND = "ssoconsole.platform.accounts.passwords.PasswordBackend"
FORM = "application/x-www-form-urlencoded"
# A request of any kind is answered in this time of the processor; one that goes back and forth takes many seconds.
LONGEST = 1.5
QUICK = 0.15
# RFC 7515 appendix A.3.
POINT = {
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
AWKWARD = ("a", "-", ".", "%", "a-", "\n ", "${", "/")


def part(members):
    return base64.urlsafe_b64encode(json.dumps(members).encode()).rstrip(b"=").decode()


def jwt(header=None, claims=None):
    head = {"alg": "ES256", "typ": "JWT", "kid": "a", **(header or {})}
    return f"{part(head)}.{part({'iss': 'bot', 'sub': 'bot', **(claims or {})})}.{'A' * 86}"


def get(pattern):
    return lambda who, text: who.get(pattern.replace("{}", quote(text)))


def header(name, path="/signin", value="{}"):
    return lambda who, text: who.get(path, headers={name: value.replace("{}", text.replace("\n", "\t"))})


def form(path, name, **more):
    def post(who, text):
        body = "&".join(f"{key}={quote(value)}" for key, value in {**more, name: text}.items())
        return who.post(path, body, content_type=FORM)

    return post


def lint(text):
    return "/api/v1/openmetadata/lint", {"content": text}


def bearer(token):
    return {"authorization": f"Bearer {token}"}


def body(path, make):
    return lambda who, text: who.post(path, json.dumps(make(text)), content_type="application/json")


JWT_BEARER = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
GRANT = {"grant_type": "client_credentials"}
STRANGERS = {
    **{f"path {path}": get(path) for path in ("/{}", "/admin/{}", "/admin/r/{}", "/admin/r/1/{}")},
    **{
        f"path {path}": get(path)
        for path in ("/signin/{}", "/callback/{}", "/refusals/{}", "/oauth/status/{}", "/static/{}")
    },
    **{
        f"path {path}": get(path)
        for path in ("/api/v1/{}", "/api/v1/audiences/{}", "/api/v1/bots/{}/secrets")
    },
    **{
        f"query {path}": get(path)
        for path in ("/signin?next={}", "/signin?next=/{}", "/signin?iss={}", "/signin?login_hint={}")
    },
    **{
        f"query {path}": get(path)
        for path in ("/signin?{}", "/signin/corp?next=/{}", "/signin/corp?login_hint={}")
    },
    **{
        f"query {path}": get(path)
        for path in ("/callback?state={}&code=c", "/callback/corp?error_description={}&error=x")
    },
    **{
        f"query {path}": get(path)
        for path in ("/admin/login/?next=/{}", "/refusals/a?{}", "/oauth/status?{}")
    },
    **{
        f"header {name}": header(name)
        for name in (
            "user-agent",
            "accept",
            "accept-language",
            "cookie",
            "referer",
            "origin",
            "host",
            "content-type",
        )
    },
    **{
        f"header {name}": header(name)
        for name in ("x-forwarded-for", "x-request-id", "traceparent", "forwarded", "via")
    },
    "header if-none-match": header("if-none-match", "/oauth/status/0"),
    "header accept-encoding": header("accept-encoding", "/oauth/status/0"),
    "header accept of the API": header("accept", "/api/v1/bots"),
    "header bearer": header("authorization", "/api/v1/bots", "Bearer {}"),
    "header basic": lambda who, text: who.post(
        "/oauth/token", "", content_type=FORM, headers={"authorization": f"Basic {text}"}
    ),
    "header authorization": header("authorization", "/api/v1/bots"),
    **{
        f"form {name}": form("/oauth/token", name, **GRANT)
        for name in ("client_id", "client_secret", "scope", "resource")
    },
    **{
        f"form {name}": form("/oauth/token", name, **GRANT)
        for name in ("client_assertion", "client_assertion_type")
    },
    "form grant_type": form("/oauth/token", "grant_type"),
    "form token": form("/oauth/introspect", "token", client_id="a", client_secret="b"),
    "form email": form("/signin", "email"),
    "form iss": form("/signin", "iss"),
    "form username": form("/admin/login/", "username", password="x"),
    "form password": form("/admin/login/", "password", username="x"),
    "form next": form("/admin/login/", "next", username="x", password="x"),
    "form state": form("/callback/corp", "state", code="x"),
    "form logout_token": form("/backchannel-logout/corp", "logout_token"),
    **{
        f"claim {name}": lambda who, text, name=name: form(
            "/oauth/token", "client_assertion", **GRANT, **JWT_BEARER
        )(
            who,
            jwt(
                claims={"iss": "https://ci.example", "sub": "x", "aud": "https://console.example", name: text}
            ),
        )
        for name in ("iss", "sub", "aud", "jti", "exp", "repository")
    },
    **{
        f"header of a token {name}": lambda who, text, name=name: form(
            "/backchannel-logout/corp", "logout_token"
        )(who, jwt({name: text}))
        for name in ("kid", "typ", "alg", "jku")
    },
    "kid of a bearer": lambda who, text: who.get("/api/v1/bots", headers=bearer(jwt({"kid": text}))),
    "claim of a bearer": lambda who, text: who.get("/api/v1/bots", headers=bearer(jwt(claims={"jti": text}))),
}
YAML = "/api/v1/openmetadata/lint"
MEMBERS = {
    "YAML scalar": body(
        YAML, lambda text: {"content": f"authenticationConfiguration:\n  authority: {text}\n"}
    ),
    "YAML scalar in quotes": body(
        YAML, lambda text: {"content": f"authentication:\n  callbackUrl: {json.dumps(text)}\n"}
    ),
    "YAML scalar of compose": body(
        YAML, lambda text: {"content": f"services:\n  a:\n    environment:\n      X: {json.dumps(text)}\n"}
    ),
    "YAML key": body(
        YAML, lambda text: {"content": f"authenticationConfiguration:\n  {json.dumps(text)}: a\n"}
    ),
    "YAML file": body(YAML, lambda text: {"content": text}),
    "env value": body(YAML, lambda text: {"content": f"AUTHENTICATION_AUTHORITY={text}\n"}),
    "env value in quotes": body(YAML, lambda text: {"content": f'AUTHENTICATION_AUTHORITY="{text}"\n'}),
    "env value that is no end": body(YAML, lambda text: {"content": f'AUTHENTICATION_AUTHORITY="{text}\n'}),
    "env name": body(YAML, lambda text: {"content": f"A=b\n{text}\n{text}=a\n"}),
    "env list": body(
        YAML, lambda text: {"content": f"AUTHORIZER_ADMIN_PRINCIPALS=[{text}]\nOIDC_CLIENT_SECRET={text}\n"}
    ),
    "explained token": body("/api/v1/tokens/explain", lambda text: {"token": text[:30_000]}),
    "explained claims": body(
        "/api/v1/tokens/explain", lambda text: {"token": jwt({"kid": text[:9000]}, {"a": text[:9000]})}
    ),
    "explained reference": body("/api/v1/tokens/explain", lambda text: {"reference": text}),
    "name of a bot": body("/api/v1/bots", lambda text: {"name": text}),
    "network of a bot": body("/api/v1/bots", lambda text: {"name": "a", "allowed_networks": [text]}),
    "name of a member": body("/api/v1/bots", lambda text: {text: "a"}),
    "JSON": lambda who, text: who.post("/api/v1/bots", text, content_type="application/json"),
    "issuer": body(
        "/api/v1/providers", lambda text: {"slug": "a", "client_id": "b", "issuer": f"https://{text[:500]}"}
    ),
    "tried token": body("/api/v1/bots/bot/federation/try", lambda text: {"token": text[:16_000]}),
    "filter of events": get("/api/v1/events?action={}"),
    "search of the admin": get("/admin/tokens/bot/?q={}"),
    "filter of the admin": get("/admin/providers/signinattempt/?outcome={}"),
    "page of a list": get("/api/v1/bots?cursor={}"),
    "token doctor": form("/token-doctor", "token"),
    "search of everything": form("/admin/search", "q"),
}


@pytest.fixture
def world(scripted_provider, db):
    """A provider, a bot with a workload's rule, and an administrator."""
    register(scripted_provider)
    by = Actor.command("test")
    audience = save_audience(audience=Audience(identifier="https://a.example", name="A", scopes=["a"]), by=by)
    bot = save_bot(bot=Bot(name="bot"), grants=[GrantSpec(audience, ["a"])], by=by)
    rule = {"issuer": "https://ci.example", "audience": "https://console.example", "subject": "repo:a/*:b"}
    keys = {"keys": [{"kty": "EC", "crv": "P-256", "kid": "a", **POINT}]}
    add_federation(bot=bot, rule=rule, jwks=keys, jwks_uri=None, by=by)
    return scripted_provider


def all_quick(send, *, length=LENGTH):
    for shape in AWKWARD:
        taken = seconds(send, of_length(shape, length))
        assert taken < LONGEST, shape
        assert taken < QUICK or grows_in_proportion(send, shape, length=length, quick=QUICK), shape


@pytest.mark.parametrize("door", STRANGERS)
def test_what_a_stranger_sends(world, door):
    client = Client(enforce_csrf_checks=False, raise_request_exception=True)
    all_quick(lambda text: STRANGERS[door](client, text))


@pytest.mark.parametrize("door", MEMBERS)
def test_what_an_administrator_pastes(world, door):
    client = APIClient()
    client.force_login(User.objects.create_superuser("bob"), PASSWORD_BACKEND)
    all_quick(lambda text: MEMBERS[door](client, text))


@pytest.mark.parametrize(
    "claim", ["email", "name", "preferred_username", "sub", "groups", "acr", "nonce", "azp"]
)
def test_what_a_provider_says_of_a_person(world, claim):
    def sign_in(text):
        world.id_token.claims.update({claim: [text] if claim == "groups" else text})
        Browser().sign_in(world)

    for shape in AWKWARD:
        assert seconds(sign_in, of_length(shape, 12_000)) < LONGEST, shape


@pytest.mark.parametrize(
    "member", ["issuer", "authorization_endpoint", "jwks_uri", "scopes_supported", "end_session_endpoint"]
)
def test_what_a_provider_publishes(world, member):
    client = APIClient()
    client.force_login(User.objects.create_superuser("bob"), PASSWORD_BACKEND)

    def check(text):
        world.discovery[member] = [text] if member.endswith("supported") else f"https://a.example/{text}"
        assert client.post("/api/v1/providers/corp/check").status_code == 200

    for shape in AWKWARD:
        assert seconds(check, of_length(shape, LENGTH)) < LONGEST, shape


@pytest.mark.parametrize(
    "file",
    [
        "providers:\n  - slug: {}\n    issuer: {}\n    client_id: {}\n",
        "bots:\n  - name: {}\n    allowed_networks: [{}]\n    client_secret: {{env: {}}}\n",
        "audiences:\n  - identifier: {}\n    scopes: [{}]\n    name: {}\n",
    ],
)
def test_what_stands_in_the_configuration_file(world, file, tmp_path):
    path = tmp_path / "console.yaml"

    def apply(text):
        path.write_text(file.format(*[json.dumps(text)] * 3))
        with pytest.raises(CommandError):
            call_command("apply", str(path), "--dry-run")

    for shape in AWKWARD:
        assert seconds(apply, of_length(shape, LENGTH)) < LONGEST, shape
