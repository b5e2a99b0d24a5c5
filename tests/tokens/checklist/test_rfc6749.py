"""
RFC 6749 at the token endpoint: every malformed or unauthorised request (E1 to E24) gets the answer of section 5.2,
and every success is that of section 5.1 (S1 to S6).
"""

import base64
import math
import re
from datetime import timedelta

import pytest
import time_machine
from django.core import checks
from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils import timezone
from tokens_cast import METADATA, basic, but_for_the_reference, claims_in, writes_refused

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tokens.audiences import disable_audience, save_audience
from tokens.bots.services import GrantSpec, disable_bot, retire_bot, save_bot
from tokens.credentials.services import add_client_secret, retire_credential
from tokens.models import Audience, Bot, Credential, Grant, TokenRecord, TokenRefusal

GRANT = "grant_type=client_credentials"
ERROR_URI = re.compile(r"http://localhost:8000/refusals/[a-z]+(-[a-z]+){3}")
DESCRIPTION = re.compile(r"[ !#-\[\]-~]+")


def refused(answer, status, error):
    """The answer is this refusal, in the right form, and no token was issued."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Pragma"] == "no-cache"
    body = answer.json()
    assert body["error"] == error
    assert DESCRIPTION.fullmatch(body["error_description"])
    assert {"error", "error_description"} <= set(body) <= {"error", "error_description", "error_uri"}
    assert ERROR_URI.fullmatch(body.get("error_uri", "http://localhost:8000/refusals/a-b-c-d"))
    assert ("WWW-Authenticate" in answer) == (status == 401)
    assert not TokenRecord.objects.exists()
    assert not Event.objects.filter(action="token_issued").exists()


def raw_basic(raw):
    return "Basic " + base64.b64encode(raw).decode()


ME = "the bot, with its good secret"

# name: (body, Authorization, status, error). The lines that need more than a request are tests below, with their id in
# the name.
REFUSED = {
    "E1 no grant_type": ("scope=metadata.read", ME, 400, "invalid_request"),
    "E2 empty grant_type": ("grant_type=", ME, 400, "invalid_request"),
    "E3 foo": ("grant_type=foo", ME, 400, "unsupported_grant_type"),
    "E3 password": ("grant_type=password&username=a&password=b", ME, 400, "unsupported_grant_type"),
    "E3 implicit": ("grant_type=implicit", ME, 400, "unsupported_grant_type"),
    "E3 authorization_code": ("grant_type=authorization_code&code=x", ME, 400, "unsupported_grant_type"),
    "E3 refresh_token": ("grant_type=refresh_token&refresh_token=x", ME, 400, "unsupported_grant_type"),
    "E5 grant_type twice": (f"{GRANT}&{GRANT}", ME, 400, "invalid_request"),
    "E5 scope twice": (f"{GRANT}&scope=metadata.read&scope=metadata.read", ME, 400, "invalid_request"),
    "E5 client_id twice": (
        f"{GRANT}&client_id=ingestion-bot&client_id=ingestion-bot",
        ME,
        400,
        "invalid_request",
    ),
    "E5 audience twice": (f"{GRANT}&audience={METADATA}&audience={METADATA}", ME, 400, "invalid_request"),
    "E5 unknown parameter twice": (f"{GRANT}&foo=1&foo=2", ME, 400, "invalid_request"),
    "E5 once empty": (f"{GRANT}&scope=&scope=metadata.read", ME, 400, "invalid_request"),
    "E11 secret in header and body": (f"{GRANT}&client_secret=x", ME, 400, "invalid_request"),
    "E11 header and assertion": (f"{GRANT}&client_assertion=x", ME, 400, "invalid_request"),
    "E12 another client_id in the body": (f"{GRANT}&client_id=other-bot", ME, 400, "invalid_request"),
    "E15 unknown scope": (f"{GRANT}&scope=nonsense", ME, 400, "invalid_scope"),
    "E15 allowed and forbidden": (f"{GRANT}&scope=metadata.read+admin", ME, 400, "invalid_scope"),
    "E16 quotation mark": (f"{GRANT}&scope=%22", ME, 400, "invalid_scope"),
    "E16 backslash": (f"{GRANT}&scope=%5C", ME, 400, "invalid_scope"),
    "E16 control character": (f"{GRANT}&scope=a%07b", ME, 400, "invalid_scope"),
    "E16 nothing but spaces": (f"{GRANT}&scope=++", ME, 400, "invalid_scope"),
    "E16 a no-break space": (f"{GRANT}&scope=metadata.read%C2%A0metadata.write", ME, 400, "invalid_scope"),
    "E16 10 kB": (f"{GRANT}&scope={'a' * 10000}", ME, 400, "invalid_scope"),
    "E16 not ASCII": (f"{GRANT}&scope=%C3%BC", ME, 400, "invalid_scope"),
    "E21 larger than the limit": (f"{GRANT}&x={'a' * 70000}", ME, 413, "invalid_request"),
    "E21 very many parameters": ("&".join(f"a{n}=" for n in range(7000)), ME, 413, "invalid_request"),
    "E21 NUL": (f"{GRANT}&scope=a%00b", ME, 400, "invalid_request"),
    "E21 NUL in a name": (f"{GRANT}&a%00=b", ME, 400, "invalid_request"),
    "E21 bad percent": (f"{GRANT}&scope=%zz", ME, 400, "invalid_request"),
    "E21 percent at the end": (f"{GRANT}&scope=%", ME, 400, "invalid_request"),
    "E21 not UTF-8": (f"{GRANT}&scope=%ff", ME, 400, "invalid_request"),
    "E21 lone surrogate": (f"{GRANT}&scope=%ed%a0%80", ME, 400, "invalid_request"),
    "RFC 8707 unknown resource": (f"{GRANT}&resource=https://nobody.example", ME, 400, "invalid_target"),
    "RFC 8707 unknown audience": (f"{GRANT}&audience=nobody", ME, 400, "invalid_target"),
    "RFC 8707 relative resource": (f"{GRANT}&resource=/api", ME, 400, "invalid_target"),
    "RFC 8707 fragment": (f"{GRANT}&resource={METADATA}%23x", ME, 400, "invalid_target"),
    "RFC 8707 trailing slash": (f"{GRANT}&resource={METADATA}/", ME, 400, "invalid_target"),
    "an empty body": ("", ME, 400, "invalid_request"),
    "E7 nothing": (GRANT, None, 401, "invalid_client"),
    "E7 client_id alone (a public client, E23)": (
        f"{GRANT}&client_id=ingestion-bot",
        None,
        401,
        "invalid_client",
    ),
    "E7 client_secret alone": (f"{GRANT}&client_secret=x", None, 401, "invalid_client"),
    "E9 wrong secret in the body": (
        f"{GRANT}&client_id=ingestion-bot&client_secret=wrong",
        None,
        401,
        "invalid_client",
    ),
    "E10 unknown client in the body": (
        f"{GRANT}&client_id=nobody&client_secret=wrong",
        None,
        401,
        "invalid_client",
    ),
    "E13 an assertion that is none": (
        f"{GRANT}&client_assertion=x&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        None,
        401,
        "invalid_client",
    ),
    "E8 wrong secret": (GRANT, basic("ingestion-bot", "wrong"), 401, "invalid_client"),
    "E10 unknown client": (GRANT, basic("nobody", "wrong"), 401, "invalid_client"),
    "E13 not base64": (GRANT, "Basic !!!", 401, "invalid_client"),
    "E13 no colon": (GRANT, raw_basic(b"ingestion-bot"), 401, "invalid_client"),
    "E13 bad UTF-8": (GRANT, raw_basic(b"\xff\xfe:x"), 401, "invalid_client"),
    "E13 NUL": (GRANT, raw_basic(b"ingestion-bot:a\x00b"), 401, "invalid_client"),
    "E13 encoded NUL": (GRANT, raw_basic(b"ingestion-bot:a%00b"), 401, "invalid_client"),
    "E13 bad percent": (GRANT, raw_basic(b"ingestion-bot:%zz"), 401, "invalid_client"),
    "E13 empty": (GRANT, "Basic ", 401, "invalid_client"),
    "E13 nothing after the scheme": (GRANT, "Basic", 401, "invalid_client"),
    "E13 empty halves": (GRANT, raw_basic(b":"), 401, "invalid_client"),
    "E13 Bearer": (GRANT, "Bearer abc", 401, "invalid_client"),
    "E13 another scheme": (GRANT, "Digest username=x", 401, "invalid_client"),
    "E13 very long": (GRANT, raw_basic(b"a" * 20000 + b":b"), 401, "invalid_client"),
    "E13 not ASCII": (GRANT, "Basic ÄÖÜ=", 401, "invalid_client"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_malformed_or_unauthenticated_request_is_refused(oauth, me, name):
    body, auth, status, error = REFUSED[name]
    refused(oauth.post("/oauth/token", body, auth=me if auth is ME else auth), status, error)


OTHER = "https://b.example"


@pytest.mark.parametrize(
    "both",
    [
        f"resource={METADATA}&resource={OTHER}",
        f"resource={OTHER}&audience={METADATA}",
        f"resource={METADATA}&audience={OTHER}",
    ],
)
def test_two_audiences_at_once_are_refused_though_the_bot_has_a_grant_at_each(
    oauth, bot, me, audience, by, both
):
    """One who takes the first, or the last, would issue a token here."""
    other = save_audience(audience=Audience(identifier=OTHER, name="B"), by=by)
    save_bot(bot=bot, grants=[GrantSpec(audience, []), GrantSpec(other, [])], by=by)
    refused(oauth.post("/oauth/token", f"{GRANT}&{both}", auth=me), 400, "invalid_target")
    assert TokenRefusal.objects.get().code == "audience_ambiguous"
    for one in both.split("&"):
        assert oauth.post("/oauth/token", f"{GRANT}&{one}", auth=me).status_code == 200


def test_e10_the_cause_of_a_failed_authentication_cannot_be_told(oauth, bot, me, other_bot):
    answers = [
        oauth.token((me[0], "wrong")),
        oauth.token(("nobody", "wrong")),
        oauth.token((other_bot.name, me[1])),
        oauth.token(client_id=me[0], client_secret="wrong"),
    ]
    disable_bot(bot=bot, by=Actor("user", "bob"))
    answers.append(oauth.token(me))
    assert len({but_for_the_reference(answer) for answer in answers}) == 1
    assert len({answer["WWW-Authenticate"] for answer in answers}) == 1


def test_each_failed_authentication_takes_the_same_queries(oauth, me, django_assert_num_queries):
    for auth in [(me[0], "wrong"), ("nobody", "wrong"), ("nobody", me[1])]:
        with django_assert_num_queries(4) as asked:  # inside a test's transaction the trace has a savepoint
            oauth.token(auth)
        words = [query["sql"].split()[0] for query in asked.captured_queries]
        assert words == ["SELECT", "SAVEPOINT", "INSERT", "RELEASE"]


@pytest.mark.parametrize("end", [disable_bot, retire_bot])
def test_e22_a_bot_that_was_stopped_gets_nothing(oauth, bot, me, by, end):
    end(bot=bot, by=by)
    refused(oauth.token(me), 401, "invalid_client")


def test_e22_a_retired_secret_gets_nothing(oauth, me, by):
    retire_credential(credential=Credential.objects.get(), by=by)
    refused(oauth.token(me), 401, "invalid_client")


def test_e22_an_expired_secret_gets_nothing(oauth, bot, by):
    _, secret = add_client_secret(bot=bot, by=by, expires_at=timezone.now() + timedelta(hours=1))
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        refused(oauth.token((bot.name, secret)), 401, "invalid_client")


@pytest.mark.parametrize("networks", [["192.0.2.0/24"], ["2001:db8::/32"], ["nonsense"], [7], {}])
def test_a_bot_from_another_network_gets_nothing(oauth, bot, me, networks):
    Bot.objects.update(allowed_networks=networks)
    refused(oauth.token(me), 401, "invalid_client")


def test_a_bot_from_its_own_network_gets_a_token(oauth, bot, me):
    Bot.objects.update(allowed_networks=["127.0.0.0/8"])
    assert oauth.token(me).status_code == 200


@pytest.mark.parametrize("address", ["", "not an address"])
def test_a_bot_from_nowhere_gets_nothing(oauth, bot, me, address):
    Bot.objects.update(allowed_networks=["127.0.0.0/8"])
    answer = oauth.post("/oauth/token", GRANT, auth=me, REMOTE_ADDR=address)
    refused(answer, 401, "invalid_client")


def test_e4_a_bot_without_any_grant_may_not_ask(oauth, bot, me, by):
    save_bot(bot=bot, grants=[], by=by)
    refused(oauth.token(me), 400, "unauthorized_client")


def test_a_bot_with_several_apis_must_name_one(oauth, bot, me, audience, console, by):
    save_bot(bot=bot, grants=[GrantSpec(audience, []), GrantSpec(console, [])], by=by)
    refused(oauth.token(me), 400, "invalid_target")


def test_so_must_one_that_had_a_single_api_a_moment_ago(oauth, bot, me, console):
    for _ in range(2):  # the second time by what the first has prepared
        assert oauth.token(me).status_code == 200
    TokenRecord.objects.all().delete()
    Grant.objects.create(bot=bot, audience=console)  # as by another process: here nobody is told
    refused(oauth.token(me), 400, "invalid_target")


def test_an_api_without_a_grant_is_as_good_as_none(oauth, me, by):
    save_audience(audience=Audience(identifier="https://else.example", name="Else"), by=by)
    existing = oauth.token(me, resource="https://else.example")
    refused(existing, 400, "invalid_target")
    unknown = oauth.token(me, resource="https://nobody.example")
    assert but_for_the_reference(existing) == but_for_the_reference(unknown)


def test_a_disabled_api_gets_no_tokens(oauth, me, audience, by):
    disable_audience(audience=audience, by=by)
    refused(oauth.token(me), 400, "invalid_target")


def test_a_scope_beyond_the_grant_is_refused_even_if_the_api_has_it(oauth, bot, me, audience, by):
    save_bot(bot=bot, grants=[GrantSpec(audience, ["metadata.read"])], by=by)
    refused(oauth.token(me, scope="metadata.write"), 400, "invalid_scope")


def test_a_scope_that_the_api_has_dropped_is_granted_to_nobody(oauth, me, audience, by):
    audience.scopes = ["metadata.read"]
    save_audience(audience=audience, by=by)
    refused(oauth.token(me, scope="metadata.write"), 400, "invalid_scope")


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS"])
def test_e18_only_post_is_served(oauth, me, path, method):
    answer = oauth.http.generic(method, path, HTTP_AUTHORIZATION=basic(*me))
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"


CONTENT_TYPES = [
    "application/json",
    "multipart/form-data; boundary=x",
    "text/plain",
    "",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencodedx",
]


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_e19_only_forms_are_taken(oauth, me, path, content_type):
    refused(oauth.post(path, GRANT, auth=me, content_type=content_type), 400, "invalid_request")


@pytest.mark.parametrize("scope", ["+metadata.read++metadata.write+", "metadata.read%0Ametadata.write%0A"])
def test_e16_stray_blanks_in_a_scope_mean_nothing(oauth, me, scope):
    answer = oauth.post("/oauth/token", f"{GRANT}&scope={scope}", auth=me)
    assert answer.json()["scope"] == "metadata.read metadata.write"


@pytest.mark.parametrize(
    "charset",
    ["; charset=utf-8", ";charset=UTF-8", '; charset="utf-8"', "; foo=bar", "; charset=ISO-8859-1"],
)
def test_a_form_may_say_that_it_is_utf_8_or_reads_alike(oauth, me, charset):
    content_type = "application/x-www-form-urlencoded" + charset
    assert oauth.post("/oauth/token", GRANT, auth=me, content_type=content_type).status_code == 200


@pytest.mark.parametrize("name", ["client_secret", "client_id", "client_assertion", "access_token", "token"])
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
def test_e20_nothing_secret_is_taken_from_the_url(oauth, me, path, name):
    refused(oauth.post(f"{path}?{name}=x", GRANT, auth=me), 400, "invalid_request")


def test_e20_parameters_in_the_url_are_not_read(oauth, me):
    refused(oauth.post(f"/oauth/token?{GRANT}", "", auth=me), 400, "invalid_request")


def test_a_body_that_breaks_off_is_no_server_error(oauth, me, monkeypatch):
    from django.http.request import HttpRequest, UnreadablePostError

    def broken(self):
        raise UnreadablePostError("gone")

    monkeypatch.setattr(HttpRequest, "body", property(broken))
    refused(oauth.token(me), 400, "invalid_request")


@pytest.mark.parametrize("fault", [OperationalError, DatabaseError, InterfaceError])
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
def test_e24_a_database_that_is_away_is_503(oauth, me, monkeypatch, fault, path):
    def away(*args, **kwargs):
        raise fault("the server closed the connection")

    monkeypatch.setattr("django.db.models.query.QuerySet._fetch_all", away)
    monkeypatch.setattr("ssoconsole.platform.connections.prepared._execute", away)
    answer = oauth.post(path, f"{GRANT}&token=x", auth=me)
    monkeypatch.undo()
    refused(answer, 503, "temporarily_unavailable")
    assert int(answer["Retry-After"]) > 0


def test_e24_a_token_that_cannot_be_signed_leaves_no_record(oauth, me, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("disk full")

    monkeypatch.setattr("tokens.records.services.sign_jwt", away)
    answer = oauth.token(me)
    refused(answer, 503, "temporarily_unavailable")


def test_a_token_for_a_bot_whose_event_cannot_be_written_does_not_exist(bob, bot, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("disk full")

    monkeypatch.setattr("tokens.records.services.record_event", away)
    assert bob.post(f"/api/v1/bots/{bot.name}/tokens", {}).status_code == 503
    assert not TokenRecord.objects.exists()


def test_without_a_usable_signing_key_it_is_503(oauth, me):
    from tokens.keys.services import forget_key
    from tokens.models import SigningKey

    key = SigningKey.objects.signing().get()
    forget_key(key)
    SigningKey.objects.filter(pk=key.pk).update(kid="moved-elsewhere")
    other = SigningKey.objects.exclude(pk=key.pk).first()
    SigningKey.objects.filter(pk=key.pk).update(private_key=other.private_key_envelope)
    answer = oauth.token(me)
    refused(answer, 503, "temporarily_unavailable")
    assert int(answer["Retry-After"]) > 0


def test_too_many_failures_are_told_to_wait_while_good_secrets_go_on_working(oauth, me):
    for _ in range(20):
        assert "Retry-After" not in oauth.token((me[0], "wrong"))
    answer = oauth.token((me[0], "wrong"))
    refused(answer, 401, "invalid_client")
    assert answer["Retry-After"] == "60"
    assert oauth.token(me).status_code == 200


def test_too_many_failures_from_one_address_are_told_to_wait(oauth, me):
    for number in range(60):
        assert "Retry-After" not in oauth.token((f"bot-{number}", "wrong"))
    assert oauth.token(("yet-another", "wrong"))["Retry-After"] == "60"


def test_without_the_cache_failures_are_refused_all_the_same(oauth, me, monkeypatch):
    def away(*args, **kwargs):
        raise ConnectionError("no cache")

    monkeypatch.setattr("tokens.credentials.authentication.cache.add", away)
    refused(oauth.token((me[0], "wrong")), 401, "invalid_client")
    assert oauth.token(me).status_code == 200


def test_a_count_that_ends_in_between_starts_again(oauth, me, monkeypatch):
    def gone(*args, **kwargs):
        raise ValueError("no such key")

    monkeypatch.setattr("tokens.credentials.authentication.cache.add", lambda *a, **k: False)
    monkeypatch.setattr("tokens.credentials.authentication.cache.incr", gone)
    refused(oauth.token((me[0], "wrong")), 401, "invalid_client")


@pytest.mark.parametrize(
    "client_secret",
    [
        "a:colon:in:the:middle:4f9d8A7b6C5e3D2f",
        "100%percent%25and+plus =&?4f9d8A7b6C5e3D2f",
        "Schlüssel für die Tür 4f9d8A7b6C5e3D2f",
    ],
)
def test_e14_any_character_of_a_secret_survives_the_header(oauth, bot, by, client_secret):
    add_client_secret(bot=bot, by=by, client_secret=client_secret)
    assert oauth.token((bot.name, client_secret)).status_code == 200


def test_e6_an_unknown_parameter_is_ignored(oauth, me):
    assert oauth.token(me, foo="bar").status_code == 200


def test_e17_without_a_scope_the_token_has_all_that_is_granted_and_says_so(oauth, me):
    assert oauth.token(me).json()["scope"] == "metadata.read metadata.write"


def test_e22_a_bot_whose_owner_is_disabled_gets_nothing(oauth, me):
    User.objects.create_user("alice@corp.example", is_active=False)
    refused(oauth.token(me), 401, "invalid_client")


def test_e24_a_database_that_refuses_the_write_gives_no_token(oauth, me):
    with writes_refused("tokens_tokenrecord"):
        answer = oauth.token(me)
    refused(answer, 503, "temporarily_unavailable")
    assert int(answer["Retry-After"]) > 0


def test_s1_s2_s3_s4_a_success_is_what_section_5_1_says(oauth, me):
    answer = oauth.token(me, scope="metadata.read")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store", "no-cache")
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "scope"}  # and no refresh token
    assert (body["token_type"], body["scope"]) == ("Bearer", "metadata.read")
    claims = claims_in(body["access_token"])
    assert type(body["expires_in"]) is int
    assert body["expires_in"] == claims["exp"] - claims["iat"]


def test_s5_production_does_not_start_without_tls(settings):
    settings.DEBUG, settings.BASE_URL = False, "http://console.example"
    assert "BASE_URL is plain http." in {found.msg for found in checks.run_checks()}


def test_s6_what_is_random_cannot_be_guessed(oauth, bot, me, by, token):
    """At least 160 bits for a secret that is kept, 128 for the name of a token, which its signature protects."""
    secrets = {add_client_secret(bot=bot, by=by)[1] for _ in range(50)}
    assert len({secret[5:48] for secret in secrets}) == 50
    assert 43 * math.log2(62) >= 256
    assert re.fullmatch("[0-9a-f]{32}", claims_in(token)["jti"])


def test_every_line_of_the_table_is_here():
    told = " ".join([*REFUSED, *(name.removeprefix("test_").replace("_", " ").upper() for name in globals())])
    for number in range(1, 25):
        assert re.search(rf"\bE{number}\b", told), f"E{number}"
