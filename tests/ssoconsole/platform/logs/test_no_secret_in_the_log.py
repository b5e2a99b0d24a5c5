"""Whatever door is used with whatever secret, and however it breaks, the log never holds it."""

import io
import json
import logging
from urllib.parse import quote_plus, urlencode

import pytest
import structlog
from django.test import Client
from django.views.debug import SafeExceptionReporterFilter
from rest_framework.test import APIClient

from providers.exchange.client_authentication import basic_credentials
from providers.models import Provider
from ssoconsole.platform import logs
from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.providers.signin.journey import Browser, query_of, register
from tests.ssoconsole.pages.pages_cast import administrator, come_in
from tests.ssoconsole.pages.pages_cast import provider as some_provider
from tests.support.leaks import assert_without
from tests.support.scripted.client import PLAIN_SECRET, SECRET
from tests.tokens.tokens_cast import METADATA, OAuth, basic, claims_in
from tokens.audiences import console_identifier, save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.keyless import add_federation
from tokens.credentials.services import add_client_secret
from tokens.models import Audience, Bot

pytestmark = pytest.mark.django_db(transaction=True)
BY = Actor("user", "bob")


class Log:
    """What the console writes, at DEBUG and as JSON."""

    def __init__(self):
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(logs.formatter("json"))

    def lines(self):
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def assert_without(self, *secrets):
        assert_without(self.stream.getvalue(), *secrets)


@pytest.fixture
def log():
    log, root = Log(), logging.getLogger()
    level = root.level
    root.addHandler(log.handler)
    root.setLevel(logging.DEBUG)
    yield log
    root.removeHandler(log.handler)
    root.setLevel(level)


@pytest.fixture
def me():
    audience = save_audience(
        audience=Audience(identifier=METADATA, name="Metadata", scopes=["metadata.read"]), by=BY
    )
    console = Audience.objects.get(identifier=console_identifier("http://localhost:8000"))
    grants = [GrantSpec(audience, ["metadata.read"]), GrantSpec(console, ["console.read", "console.write"])]
    bot = save_bot(bot=Bot(name="ingestion-bot"), grants=grants, by=BY)
    return (bot.name, add_client_secret(bot=bot, by=BY)[1])


def broken(monkeypatch, place, secret):
    """Let a service fail with an exception that quotes what it was given, as careless ones do."""

    def fail(*args, **kwargs):
        try:
            int(secret)
        except ValueError as error:
            raise RuntimeError(f"cannot use {secret!r}") from error

    monkeypatch.setattr(place, fail)


SCRIPTED = pytest.mark.parametrize("secret", [SECRET, PLAIN_SECRET], ids=["with escapes", "plain"])


@SCRIPTED
@pytest.mark.parametrize(
    "spelling",
    [
        str,
        quote_plus,
        lambda secret: {"client_secret": secret},
        lambda secret: {"headers": {"Authorization": basic_credentials("console", secret)}},
        lambda secret: f"POST /token grant_type=x&{urlencode({'client_secret': secret})}",
    ],
    ids=["raw", "quoted", "field", "header", "form"],
)
def test_a_leak_would_be_seen(log, secret, spelling):
    structlog.get_logger("anything").info("asked", what=spelling(secret))
    assert log.lines()[-1]["event"] == "asked"
    with pytest.raises(AssertionError):
        log.assert_without(secret)


class DoorTests:
    @SCRIPTED
    def test_a_sign_in_and_one_that_is_refused(self, log, scripted_provider, secret):
        scripted_provider.client.client_secret = secret
        provider = register(scripted_provider)
        url = Browser().leave()
        browser = Browser()
        leaving = browser.leave()
        callback = scripted_provider.visit(leaving)
        assert browser.arrive(callback).status_code == 302
        scripted_provider.id_token.append("nonce")
        again = Browser()
        assert again.sign_in(scripted_provider).status_code == 400
        Client().get("/callback", {"code": "c0de-of-nobody", "state": "st4te-of-nobody"})
        asked, answered = query_of(leaving), query_of(callback.path)
        assert {"signin", "signin_refused"} <= {line["event"] for line in log.lines()}
        log.assert_without(
            *(provider.client_secret, asked["state"], asked["nonce"], query_of(url)["state"]),
            *(answered["code"], "c0de-of-nobody", "st4te-of-nobody"),
            *map(str, scripted_provider.issued_tokens),
            *(cookie.value for cookie in browser.client.cookies.values() if len(cookie.value) > 16),
        )

    def test_the_life_of_a_token(self, log, me):
        bot = OAuth()
        token = bot.token(me, resource=METADATA).json()["access_token"]
        bot.introspect(token, me)
        bot.introspect("t0ken-that-is-none", me)
        bot.revoke(token, me)
        bot.token((me[0], "wr0ng-secret-of-a-bot"), resource=METADATA)
        bot.post(f"/oauth/token?client_secret={me[1]}", {"grant_type": "client_credentials"})
        Client().get(f"/oauth/introspect?token={token}")
        assert "token_revoked" in {line["event"] for line in log.lines()}
        log.assert_without(token, me[1], "wr0ng-secret-of-a-bot", "t0ken-that-is-none", basic(*me))

    def test_a_secret_in_the_place_of_the_name(self, log, me):
        bot, swapped = OAuth(), (me[1], me[0])
        token = bot.token(me, resource=METADATA).json()["access_token"]
        ways = [
            bot.token(swapped),
            bot.introspect(token, swapped),
            bot.revoke(token, swapped),
            bot.token(client_id=me[1], client_secret=me[1]),
        ]
        assert {answer.status_code for answer in ways} == {401}
        assert "client_authentication_failed" in {line["event"] for line in log.lines()}
        log.assert_without(me[1])
        assert_without(list(Event.objects.values()), me[1])

    @pytest.mark.parametrize(
        "field", ["grant_type", "scope", "resource", "audience", "client_assertion_type"]
    )
    def test_or_of_anything_else(self, log, me, field):
        form = {"grant_type": "client_credentials", "resource": METADATA, field: me[1]}
        for auth in (me, None):
            assert OAuth().post("/oauth/token", form, auth=auth).status_code in (400, 401)
        log.assert_without(me[1])
        assert_without(list(Event.objects.values()), me[1])

    def test_the_api_and_the_doctor(self, log, me):
        token = OAuth().token(me, resource="http://localhost:8000/api/v1").json()["access_token"]
        api = APIClient(headers={"Authorization": f"Bearer {token}"})
        made = api.post("/api/v1/bots/ingestion-bot/secrets", {"label": "x"}).json()
        issued = api.post(
            "/api/v1/bots/ingestion-bot/tokens", {"audience": METADATA, "lifetime": 60, "label": "x"}
        ).json()
        api.get(f"/api/v1/events?access_token={token}")
        browser = Client()
        come_in(browser, administrator(), some_provider())
        assert browser.post("/token-doctor", {"token": issued["token"]}).status_code == 200
        for typed in (issued["token"], made["client_secret"], "carol@rival.example"):
            assert browser.post("/admin/search", {"q": typed}).status_code == 200
        log.assert_without("carol@rival")
        assert len(log.lines()) > 5
        log.assert_without(token, made["client_secret"], issued["token"], claims_in(token)["jti"] * 2)

    def test_administrators_save_and_enter(self, log, scripted_provider):
        register(scripted_provider)
        browser = Client()
        come_in(browser, administrator(), some_provider("other"))
        page = f"/admin/providers/provider/{Provider.objects.get(slug='corp').pk}/change/"
        form = browser.get(page).context["adminform"].form
        values = {name: form[name].value() for name in form.fields}
        values = {name: value for name, value in values.items() if value not in (None, False)}
        browser.post(page, values | {"client_secret": "s3cret-typed-into-the-admin"})
        name, password = bootstrap_admin(name="rescue", by=BY)
        Client().post("/admin/login/", {"username": name, "password": password})
        Client().post("/admin/login/", {"username": name, "password": "wr0ng-pass-word"})
        assert len(log.lines()) > 3
        log.assert_without("s3cret-typed-into-the-admin", password, "wr0ng-pass-word")


class BrokenTests:
    @pytest.mark.parametrize(
        ("path", "place"),
        [
            ("/oauth/introspect", "tokens.oauth.introspect.parsed"),
            ("/oauth/revoke", "tokens.oauth.revoke.find_record"),
        ],
    )
    def test_a_fault_is_told_by_its_place_and_not_by_its_text(self, log, me, monkeypatch, path, place):
        broken(monkeypatch, place, "t0ken-that-breaks-it")
        bot = OAuth()
        bot.http.raise_request_exception = False
        answer = bot.post(path, {"token": "t0ken-that-breaks-it"}, auth=me)
        assert answer.status_code == 500
        log.assert_without("t0ken-that-breaks-it", me[1])
        [told] = [line["exception"] for line in log.lines() if "exception" in line]
        assert "ValueError" in told
        assert told.endswith("builtins.RuntimeError")
        assert "test_no_secret_in_the_log.py" in told

    def test_a_sign_in_that_breaks(self, log, scripted_provider, monkeypatch):
        register(scripted_provider)
        broken(monkeypatch, "providers.signin.callback.consume_attempt", "c0de-that-breaks-it")
        assert Browser().sign_in(scripted_provider).status_code == 503
        log.assert_without("c0de-that-breaks-it")


LIST = "/admin/providers/provider/"
# The forms that a secret is typed or pasted into, and the fields that are for it.
FORMS = {
    "/token-doctor": ("token",),
    "/admin/search": ("q",),
    "/admin/tokens/credential/{credential}/try": ("token",),
    f"{LIST}openmetadata/lint": ("content",),
    f"{LIST}{{provider}}/drift/1": ("client_secret",),
    **dict.fromkeys(
        [f"{LIST}{page}" for page in ("register", "check", "rehearse", "add/")],
        ("client_secret", "credentials_json"),
    ),
    **dict.fromkeys(
        [f"{LIST}{{provider}}/{page}" for page in ("check-form", "rehearse", "replay", "change/")],
        ("client_secret", "credentials_json"),
    ),
}


@pytest.mark.parametrize("path", FORMS)
def test_a_report_of_a_fault_is_without_what_was_typed(me, path):
    """As Django writes it for whoever has set it up to be mailed."""
    provider, browser = some_provider(), Client()
    come_in(browser, administrator(), provider)
    rule = {"issuer": "https://idp.example", "audience": "console", "subject": "a:b", "claims": {}}
    credential = add_federation(bot=Bot.objects.get(), rule=rule, jwks=None, jwks_uri=None, by=BY)
    typed = dict.fromkeys(FORMS[path], "s3cret-that-was-typed")
    request = browser.post(path.format(provider=provider.pk, credential=credential.pk), typed).wsgi_request
    assert request.POST.dict() | typed == request.POST.dict()
    assert_without(SafeExceptionReporterFilter().get_post_parameters(request), *typed.values())


class ExceptionTests:
    def test_what_the_machine_says_is_kept(self, log):
        error = logs.OperationalError("could not connect to server")
        logging.getLogger("anything").error("failed", exc_info=error)
        assert log.lines()[-1]["exception"].endswith("OperationalError: could not connect to server")

    def test_what_a_fault_came_from_is_told_unless_it_was_put_aside(self, log):
        for aside in (False, True):
            error = ValueError("two")
            error.__context__, error.__suppress_context__ = KeyError("one"), aside
            structlog.get_logger("anything").error("failed", exc_info=error)
        first, second = (line["exception"] for line in log.lines())
        assert ("KeyError" in first, "KeyError" in second) == (True, False)

    def test_statements_with_their_parameters_are_not_logged_even_at_debug(self):
        assert not logging.getLogger("django.db.backends").isEnabledFor(logging.DEBUG)
