"""Whoever has no certain address behind a trusted proxy is in no network, and counts against that proxy alone."""

from ipaddress import ip_network

import pytest
from django.http import HttpResponse
from django.test import Client

from providers.signout import RECORDED_PER_MINUTE, is_worth_a_record
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.http.request_log import RequestMiddleware
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.authentication import MOST_PER_ADDRESS
from tokens.credentials.services import add_client_secret
from tokens.models import Audience, Bot, TokenRecord, TokenRefusal
from tokens.refusals.services import PER_ADDRESS

pytestmark = pytest.mark.django_db
FIRST, SECOND, CLIENT = "10.0.0.1", "10.0.0.2", "203.0.113.7"
UNCERTAIN = {
    "none": {},
    "unknown": {"HTTP_X_FORWARDED_FOR": "unknown"},
    "the proxy": {"HTTP_X_FORWARDED_FOR": FIRST},
    "a stranger's, and then unknown": {"HTTP_X_FORWARDED_FOR": f"{FIRST}, unknown"},
    "another header": {"HTTP_FORWARDED": f"for={FIRST}", "HTTP_X_REAL_IP": FIRST},
}


@pytest.fixture(autouse=True)
def _proxies(settings):
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/24")]
    settings.TRUSTED_PROXY_HEADER = "X-Forwarded-For"


@pytest.fixture
def ours():
    """A bot, and its secret."""
    by = Actor("user", "bob")
    audience = save_audience(
        audience=Audience(identifier="https://metadata.example", name="Metadata", scopes=["metadata.read"]),
        by=by,
    )
    bot = save_bot(bot=Bot(name="ingestion-bot"), grants=[GrantSpec(audience, ["metadata.read"])], by=by)
    return bot, add_client_secret(bot=bot, by=by)[1]


def through(proxy, **headers):
    return Client(REMOTE_ADDR=proxy, **headers)


def ask_for_a_token(client, name="nobody", secret="wrong"):
    form = {"grant_type": "client_credentials", "client_id": name, "client_secret": secret}
    body = "&".join(f"{key}={value}" for key, value in form.items())
    return client.post("/oauth/token", body, content_type="application/x-www-form-urlencoded")


@pytest.mark.parametrize("headers", UNCERTAIN.values(), ids=UNCERTAIN)
def test_a_bot_fenced_to_the_proxys_network_gets_no_token(ours, headers):
    bot, secret = ours
    Bot.objects.filter(pk=bot.pk).update(allowed_networks=["10.0.0.0/8", "0.0.0.0/0", "::/0"])
    assert ask_for_a_token(through(FIRST, **headers), bot.name, secret).status_code == 401
    assert not TokenRecord.objects.exists()
    refusal = TokenRefusal.objects.get()
    assert (refusal.code, refusal.received, refusal.address) == ("network_foreign", "no address", None)
    allowed = through(FIRST, HTTP_X_FORWARDED_FOR=f"{CLIENT}:4711")
    assert ask_for_a_token(allowed, bot.name, secret).status_code == 200


def test_failures_at_the_token_door_count_against_the_proxy():
    answers = [ask_for_a_token(through(FIRST), f"bot-{number}") for number in range(MOST_PER_ADDRESS + 1)]
    assert "Retry-After" not in answers[-2]
    assert "Retry-After" in answers[-1]
    assert "Retry-After" not in ask_for_a_token(through(SECOND), "bot-a")
    assert "Retry-After" not in ask_for_a_token(through(FIRST, HTTP_X_FORWARDED_FOR=CLIENT), "bot-b")


def test_so_do_the_records_of_its_refusals():
    for number in range(PER_ADDRESS + 5):
        ask_for_a_token(through(FIRST), f"bot-{number}")
    assert TokenRefusal.objects.count() == PER_ADDRESS
    ask_for_a_token(through(SECOND), "bot-a")
    assert TokenRefusal.objects.count() == PER_ADDRESS + 1


def test_so_do_refusals_of_the_api():
    for _ in range(PER_ADDRESS + 5):
        through(FIRST).get("/api/v1/bots", HTTP_AUTHORIZATION="Bearer none")
    kept = TokenRefusal.objects.count()
    assert kept == PER_ADDRESS
    through(SECOND).get("/api/v1/bots", HTTP_AUTHORIZATION="Bearer none")
    assert TokenRefusal.objects.count() == kept + 1


def test_so_do_guesses_at_the_password_door():
    def guess(client, name):
        return client.post("/admin/login/", {"username": name, "password": "wrong"}).status_code

    answers = [guess(through(FIRST), f"name-{number}") for number in range(21)]
    assert (answers[18], answers[-1]) == (200, 429)
    assert guess(through(SECOND), "name") == 200
    assert guess(through(FIRST, HTTP_X_FORWARDED_FOR=CLIENT), "name") == 200


def test_so_do_starts_of_a_sign_in(settings):
    settings.SIGN_INS_PER_MINUTE = 2
    answers = [through(FIRST).get("/signin/nobody").status_code for _ in range(3)]
    assert answers[-1] == 429
    assert through(SECOND).get("/signin/nobody").status_code != 429
    assert through(FIRST, HTTP_X_FORWARDED_FOR=CLIENT).get("/signin/nobody").status_code != 429


def test_so_do_records_of_refused_logouts(rf):
    def is_recorded(proxy, **headers):
        seen = []
        request = rf.post("/backchannel-logout/nobody", REMOTE_ADDR=proxy, **headers)
        RequestMiddleware(lambda passed: seen.append(passed) or HttpResponse())(request)
        return is_worth_a_record(seen[0])

    assert [is_recorded(FIRST) for _ in range(RECORDED_PER_MINUTE)] == [True] * RECORDED_PER_MINUTE
    assert not is_recorded(FIRST)
    assert is_recorded(SECOND)
    assert is_recorded(FIRST, HTTP_X_FORWARDED_FOR=CLIENT)
