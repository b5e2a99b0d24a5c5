"""What is answered by prepared statements is what the ordinary way answers, whatever state things are in."""

import io
import json
import logging
import sys
from contextlib import contextmanager

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokens_cast import METADATA, basic, claims_in

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.encryption.keyring import key_ring
from ssoconsole.platform.eventlog.models import Event
from ssoconsole.platform.eventlog.services import record_event
from tests.support.databases import go_by_what_was_done, undone
from tests.support.revoked import revoke_by_hand
from tokens.credentials.services import PURPOSE
from tokens.models import Audience, Bot, Credential, Grant, Revocation, SigningKey, TokenRecord
from tokens.oauth.direct import answering_at_once
from tokens.oauth.door import LEFT_TO_THE_ENDPOINT
from tokens.oauth.introspect import HOLDERS_KNOWN, INTROSPECTION
from tokens.oauth.revoke import REVOCATION
from tokens.oauth.statements import CLIENTS_KNOWN
from tokens.oauth.token import GRANTS_KNOWN, TOKEN
from tokens.protocol.form import Form

LONG_AGO = timezone.now() - timezone.timedelta(days=2)
NEWER_KEY = "bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE"


def change(model, **values):
    return lambda: model.objects.update(**values)


def one_more_grant():
    api = Audience.objects.create(identifier="https://other.example", name="Other", scopes=["read"])
    Grant.objects.create(bot=Bot.objects.get(name="ingestion-bot"), audience=api, scopes=["read"])


def it_is_revoked():
    for record in TokenRecord.objects.all():
        revoke_by_hand(record, at=LONG_AGO, by="user:bob")


def the_owner_is_disabled():
    User.objects.create(username="Alice@corp.example", is_active=False)


# What can be wrong, or unusual, before a bot asks.
STATES = {
    "all is well": lambda: None,
    "the bot is disabled": change(Bot, disabled_at=LONG_AGO),
    "the bot is retired": change(Bot, disabled_at=LONG_AGO, retired_at=LONG_AGO),
    "its owner is disabled": the_owner_is_disabled,
    "its owner is nobody the console knows": change(Bot, owner="nobody@corp.example"),
    "it may come from elsewhere only": change(Bot, allowed_networks=["192.0.2.0/24"]),
    "it may come from here": change(Bot, allowed_networks=["127.0.0.0/8"]),
    "its networks cannot be read": change(Bot, allowed_networks=["nowhere"]),
    "it may hold no tokens": change(Bot, max_live_tokens=0),
    "the secret is retired": change(Credential, retired_at=LONG_AGO),
    "the secret has ended": change(Credential, expires_at=LONG_AGO),
    "the secret will end": change(Credential, expires_at=timezone.now() + timezone.timedelta(days=1)),
    "the audience is withdrawn": change(Audience, disabled_at=LONG_AGO),
    "the audience has fewer scopes": change(Audience, scopes=["metadata.read"]),
    "the audience has no scopes": change(Audience, scopes=[]),
    "the audience is OpenMetadata": change(Audience, profile="openmetadata", signing_alg="RS256"),
    "the audience is renamed": lambda: Audience.objects.filter(identifier=METADATA).update(
        identifier="https://renamed.example"
    ),
    "nothing is granted": lambda: Grant.objects.all().delete(),
    "the grant has no scopes": change(Grant, scopes=[]),
    "the grant has no roles": change(Grant, roles=[]),
    "there is one more grant": one_more_grant,
    "no key signs": change(SigningKey, signing_from=None),
}
# What can have happened to a token since.
SINCE = STATES | {
    "it is revoked": it_is_revoked,
    "it has ended": change(TokenRecord, expires_at=LONG_AGO),
    "it has no end": change(TokenRecord, expires_at=None),
    "its key is compromised": change(SigningKey, compromised_at=LONG_AGO),
    "its key is gone": change(SigningKey, verify_until=LONG_AGO),
    "it is another bot's": lambda: TokenRecord.objects.update(
        bot=Bot.objects.create(name="another-bot", owner="")
    ),
    "its record says another audience": lambda: TokenRecord.objects.update(
        audience=Audience.objects.create(identifier="https://third.example", name="Third")
    ),
    "its record says other scopes": change(TokenRecord, scopes=["more"]),
    "its record says another time": change(TokenRecord, issued_at=LONG_AGO),
}
REQUESTS = [
    {},
    {"resource": METADATA},
    {"audience": METADATA},
    {"resource": "https://other.example"},
    {"resource": "https://nobody.example"},
    {"resource": "no uri"},
    {"resource": METADATA, "audience": "https://other.example"},
    {"scope": "metadata.read"},
    {"scope": "metadata.write metadata.read"},
    {"scope": "metadata.read metadata.read"},
    {"scope": "admin"},
    {"scope": "a  b"},
    {"grant_type": "password"},
]
VARIES = ("jti", "iat", "exp", "status")
MEMORIES = (GRANTS_KNOWN, CLIENTS_KNOWN, HOLDERS_KNOWN)


def ask_before(oauth, me, requests=REQUESTS):
    """Let this process find out what it remembers of a client, by these requests, while nothing has happened yet."""
    go_by_what_was_done()
    token = oauth.token(me).json()["access_token"]
    with transaction.atomic():
        for request in requests:
            oauth.post("/oauth/token", {"grant_type": "client_credentials"} | request, auth=me)
        oauth.post("/oauth/introspect", {"token": token}, auth=me)
        transaction.set_rollback(True)
    return token


def forget_all():
    for known in MEMORIES:
        known.clear()


def all_ways(oauth, path, data, auth):
    """The answers of the ordinary way and of the short one, with what is remembered and without, each undone."""
    answers = []
    for meta, before in (({LEFT_TO_THE_ENDPOINT: True}, None), ({}, None), ({}, forget_all)):
        cache.clear()  # of failures that count against the next one
        with transaction.atomic():
            if before:
                before()
            answer = oauth.post(path, data, auth=auth, **meta)
            events = Event.objects.filter(action__startswith="token").order_by("pk")
            records = TokenRecord.objects.order_by("pk")
            credentials = Credential.objects.order_by("pk")
            after = [
                list(records.values("bot", "audience", "scopes", "roles", "revocation__by")),
                list(events.values("action", "actor", "target", "after")),
                list(credentials.values("pk", "secret_hash", "last_used_from")),
            ]
            transaction.set_rollback(True)
        answers.append((answer, after))
    return answers


def same(first, *others):
    for other in others:
        alike(first, other)


def alike(first, second):
    (ordinary, after_ordinary), (short, after_short) = first, second
    assert short.status_code == ordinary.status_code, (ordinary.content, short.content)
    shown = [json.loads(each.content or b"{}") for each in (ordinary, short)]
    tokens = [document.pop("access_token", None) for document in shown]
    for document in shown:
        document.pop("error_uri", None)
    assert shown[0] == shown[1]
    assert after_ordinary == after_short
    if tokens[0]:
        claims = [{**claims_in(token), **dict.fromkeys(VARIES)} for token in tokens]
        assert claims[0] == claims[1]
    assert {**ordinary.headers, "X-Request-Id": "", "Content-Length": ""} == {
        **short.headers, "X-Request-Id": "", "Content-Length": "",
    }  # fmt: skip


def combined(states):
    """Any few of them, one after the other."""
    return st.lists(st.sampled_from(sorted(states)), max_size=3, unique=True)


@contextmanager
def nothing_has_happened_yet():
    """What is done within is undone, and what this process remembers is what it remembered before."""
    kept = [(known, known._found.copy()) for known in MEMORIES]
    try:
        with undone():
            yield
    finally:
        for known, found in kept:
            known._found = found


def test_a_token_is_issued_in_the_same_states(oauth, me, subtests):
    ask_before(oauth, me)
    for state, happen in STATES.items():
        with subtests.test(state), nothing_has_happened_yet():
            happen()
            for request in REQUESTS:
                same(*all_ways(oauth, "/oauth/token", {"grant_type": "client_credentials"} | request, me))


@pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke"])
@pytest.mark.parametrize("state", SINCE)
def test_a_token_is_seen_and_given_up_in_the_same_states(oauth, me, state, path):
    token = ask_before(oauth, me, requests=())
    SINCE[state]()
    for shown in (token, token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "no token", ""):
        same(*all_ways(oauth, path, {"token": shown}, me))


@pytest.mark.parametrize("roles", [["resource_server"], ["reader"], []])
def test_another_bots_token_is_seen_by_the_same_roles(oauth, me, other_bot, other_secret, roles):
    token = oauth.token(me).json()["access_token"]
    Grant.objects.filter(bot=other_bot).update(roles=roles)
    for path in ("/oauth/introspect", "/oauth/revoke"):
        same(*all_ways(oauth, path, {"token": token}, (other_bot.name, other_secret)))


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
def test_nobody_is_taken_for_a_bot(oauth, me, other_bot, other_secret, path):
    form = {"grant_type": "client_credentials", "token": "x"}
    for auth in (
        (me[0], other_secret), (me[0], me[1][:-1]), (me[0].upper(), me[1]), (me[0], me[1] + "\0"), ("", ""), None,
        "Bearer " + me[1], "Basic !!", basic(*me)[:-3],
    ):  # fmt: skip
        same(*all_ways(oauth, path, form, auth))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_states_that_meet_are_judged_alike(oauth, me, data):
    before, since = data.draw(combined(STATES)), data.draw(combined(SINCE))
    request = data.draw(st.sampled_from(REQUESTS))
    with transaction.atomic():
        token = ask_before(oauth, me, requests=[request])
        for state in before:
            STATES[state]()
        same(*all_ways(oauth, "/oauth/token", {"grant_type": "client_credentials"} | request, me))
        for state in since:
            if state not in before:
                SINCE[state]()
        for path in ("/oauth/introspect", "/oauth/revoke"):
            same(*all_ways(oauth, path, {"token": token}, me))
        forget_all()
        transaction.set_rollback(True)


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
def test_who_is_remembered_from_here_does_not_come_in_from_elsewhere(oauth, me, path):
    Bot.objects.update(allowed_networks=["127.0.0.0/8"])
    form = {"grant_type": "client_credentials", "token": ask_before(oauth, me)}
    assert oauth.post(path, form, auth=me, REMOTE_ADDR="192.0.2.7").status_code == 401
    assert oauth.post(path, form, auth=me).status_code == 200


def test_what_is_right_in_every_way_never_goes_the_long_one(oauth, me, monkeypatch):
    """Otherwise all of the above compares the long way with itself."""
    token = oauth.token(me).json()["access_token"]
    given_ = Form({"grant_type": ["client_credentials"], "token": [token]})
    meta = {"HTTP_AUTHORIZATION": basic(*me), "REMOTE_ADDR": "127.0.0.1"}
    for endpoint in (TOKEN, INTROSPECTION, REVOCATION):
        assert endpoint.answer_form(given_, meta) is not None


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
def test_an_answer_takes_one_statement_or_two(oauth, me, path, known):
    """On PostgreSQL; elsewhere a revocation and its event are two."""
    token = ask_before(oauth, me)  # the first use of a credential in a minute is written down
    if not known:
        forget_all()
    most = 1 if known else 2
    if path == "/oauth/revoke" and connection.vendor != "postgresql":
        most += 1
    with CaptureQueriesContext(connection) as captured:
        assert (
            oauth.post(path, {"grant_type": "client_credentials", "token": token}, auth=me).status_code == 200
        )
    asked = [query["sql"] for query in captured if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(asked) == most, asked


@pytest.mark.parametrize(
    "meta", [{LEFT_TO_THE_ENDPOINT: True}, {}], ids=["the ordinary way", "the short way"]
)
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
def test_a_secret_moves_to_the_newest_key_of_the_ring_at_its_next_use(oauth, me, settings, path, meta):
    """However soon that is: any other use is written once a minute."""
    token = ask_before(oauth, me)
    older = Credential.objects.get().secret_hash
    settings.FIELD_ENCRYPTION_KEYS = [NEWER_KEY, *settings.FIELD_ENCRYPTION_KEYS]
    form = {"grant_type": "client_credentials", "token": token}
    assert oauth.post(path, form, auth=me, **meta).status_code == 200
    newest, *others = key_ring().keyed_hashes(me[1], purpose=PURPOSE)
    assert (Credential.objects.get().secret_hash, others) == (newest, [older])


@pytest.mark.django_db(transaction=True)
def test_what_was_prepared_is_prepared_again_after_a_transaction_was_undone(oauth, me, by):
    """The database has forgotten it then."""
    tokens = [oauth.token(me).json()["access_token"] for _ in range(3)]
    assert oauth.revoke(tokens[0], me).status_code == 200
    for token in tokens[1:]:
        with transaction.atomic():
            record_event("nothing", by=by)
            transaction.set_rollback(True)
        assert oauth.introspect(token, me).json()["active"]
        assert oauth.revoke(token, me).status_code == 200
        assert oauth.token(me).status_code == 200
    assert Revocation.objects.count() == 3


# --- The door without Django's handler ------------------------------------------------------------------------


class Direct:
    """The WSGI application as the server calls it, and whether Django's handler was asked."""

    def __init__(self):
        self.asked_django = []
        self.application = answering_at_once(self.django)

    def django(self, environ, start_response):
        self.asked_django.append(environ)
        start_response("299 Django", [])
        return [environ["wsgi.input"].read()]

    def post(self, path, body, auth, **meta):
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": "",
            "CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": "localhost:8000", "HTTP_AUTHORIZATION": basic(*auth), "REMOTE_ADDR": "127.0.0.1",
            "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr,
        }  # fmt: skip
        environ |= meta
        environ = {name: value for name, value in environ.items() if value is not None}
        said = []
        answer = b"".join(self.application(environ, lambda *given_: said.append(given_)))
        self.status, self.headers = said[0][0], dict(said[0][1])
        return answer


@pytest.fixture
def direct():
    return Direct()


FORM = b"grant_type=client_credentials"


@pytest.mark.parametrize("scheme", [None, "https", "http"])
def test_its_answers_have_the_headers_of_all_answers(oauth, direct, me, settings, scheme):
    settings.TRUSTED_PROXIES = []
    meta = {"HTTP_X_FORWARDED_PROTO": scheme} if scheme else {}
    ordinary = oauth.http.generic(
        "POST", "/oauth/token", FORM, content_type="application/x-www-form-urlencoded",
        HTTP_AUTHORIZATION=basic(*me), headers={"host": "localhost:8000"}, **meta,
    )  # fmt: skip
    body = direct.post("/oauth/token", FORM, me, **meta)
    assert not direct.asked_django
    assert (direct.status, json.loads(body).keys()) == ("200 OK", ordinary.json().keys())
    assert int(direct.headers["Content-Length"]) == len(body)
    apart = {"X-Request-Id": "", "Content-Length": ""}
    assert direct.headers | apart == dict(ordinary.headers) | apart
    assert {"Content-Security-Policy", "X-Content-Type-Options", "Cache-Control", "Pragma"} <= set(
        direct.headers
    )


@pytest.mark.parametrize(
    "meta",
    [
        {"REQUEST_METHOD": "GET"},
        {"QUERY_STRING": "token=x"},
        {"CONTENT_LENGTH": None},
        {"CONTENT_LENGTH": "x"},
        {"CONTENT_LENGTH": "40"},
        {"HTTP_TRANSFER_ENCODING": "chunked"},
        {"CONTENT_LENGTH": "²"},
        {"CONTENT_LENGTH": "70000"},
        {"CONTENT_LENGTH": "0" * 5000 + "29"},
        {"CONTENT_TYPE": "application/json"},
        {"HTTP_HOST": "elsewhere.example"},
        {"HTTP_HOST": None},
        {"HTTP_AUTHORIZATION": None},
        {"HTTP_AUTHORIZATION": "Bearer x"},
        {"PATH_INFO": "/oauth/token/"},
        {"PATH_INFO": "/"},
    ],
    ids=str,
)
def test_what_is_not_plainly_such_a_request_is_djangos_unread(direct, me, meta):
    body = direct.post(meta.pop("PATH_INFO", "/oauth/token"), FORM, me, **meta)
    assert (direct.status, body) == ("299 Django", FORM)
    assert not TokenRecord.objects.exists()


def test_a_failure_is_djangos_to_tell_of(direct, me, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("tokens.oauth.token.sign_access_token", broken)
    assert direct.post("/oauth/token", FORM, me) == FORM
    assert not TokenRecord.objects.exists()


def test_a_refusal_is_djangos_and_it_does_not_try_the_short_way_again(direct, me):
    assert direct.post("/oauth/token", FORM, (me[0], "wrong" * 10)) == FORM
    assert LEFT_TO_THE_ENDPOINT in direct.asked_django[0]


def test_it_logs_and_counts_as_every_request_is(direct, me, caplog):
    from ssoconsole.platform.metrics import REGISTRY

    def counted():
        labels = {"route": "oauth_token", "status": "2xx"}
        return REGISTRY.get_sample_value("sso_console_request_seconds_count", labels) or 0

    before = counted()
    with caplog.at_level(logging.INFO, logger="requests"):
        direct.post("/oauth/token", FORM, me)
    line = caplog.records[-1].msg
    assert {name: line[name] for name in ("event", "method", "path", "status", "request_id")} == {
        "event": "request", "method": "POST", "path": "/oauth/token", "status": 200,
        "request_id": direct.headers["X-Request-Id"],
    }  # fmt: skip
    assert counted() == before + 1


def test_a_fenced_bot_is_where_the_trusted_proxy_says(direct, me, bot, settings):
    from ipaddress import ip_network

    Bot.objects.filter(pk=bot.pk).update(allowed_networks=["192.0.2.0/24"])
    forwarded = {"HTTP_X_FORWARDED_FOR": "192.0.2.7"}
    assert direct.post("/oauth/token", FORM, me, **forwarded) == FORM  # anybody may write such a header
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    settings.TRUSTED_PROXY_HEADER = "X-Forwarded-For"
    assert b"access_token" in direct.post("/oauth/token", FORM, me, **forwarded)
    assert Credential.objects.get().last_used_from == "192.0.2.7"


def test_requests_that_are_traced_are_djangos(direct, me, monkeypatch):
    monkeypatch.setattr("tokens.oauth.direct.is_tracing", lambda: True)
    assert direct.post("/oauth/token", FORM, me) == FORM


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_lost_costs_nobody_an_answer(direct, me):
    if connection.vendor == "sqlite":
        return  # a file has no connections that could be lost
    direct.post("/oauth/token", FORM, me)
    pid = connection.connection.info.backend_pid
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()
    assert b"access_token" in direct.post("/oauth/token", FORM, me)
    assert TokenRecord.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_what_is_prepared_is_planned_anew_and_goes_on(direct, me):
    """After ten times, on a database that has grown meanwhile."""
    for number in range(1, 25):
        token = json.loads(direct.post("/oauth/token", FORM, me))["access_token"]
        assert b'"active": true' in direct.post("/oauth/introspect", f"token={token}".encode(), me)
        assert direct.post("/oauth/revoke", f"token={token}".encode(), me) == b""
        assert TokenRecord.objects.exclude(revocation=None).count() == number
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM pg_prepared_statements WHERE name LIKE 'console%'")
            names = [name for (name,) in cursor.fetchall()]
        assert sum(name.endswith("_") for name in names) >= 3  # one for each endpoint at least
        assert len({name.rstrip("_") for name in names}) == len(names)  # and what was before is gone
