"""The token doctor: each thing that can be wrong with a token is named, with what to do about it."""

import json
from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from tokens_cast import BASE_URL, claims_in

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.jose.sign import generate_private_key, sign_jwt
from tests.support.leaks import assert_without
from tokens.audiences import disable_audience
from tokens.bots.services import GrantSpec, disable_bot, retire_bot, save_bot
from tokens.credentials.services import retire_credential
from tokens.doctor import explain_token
from tokens.keys.services import compromise_signing_key, private_keys, rotate_signing_key
from tokens.models import Audience, Bot, Credential, SigningKey, TokenRecord
from tokens.protocol.examination.record import Facts, examine, first_failure, is_valid
from tokens.protocol.examination.text import span
from tokens.records.revocation import revoke_token
from tokens.records.services import issue_token
from tokens.records.verification import find_live_record

pytestmark = pytest.mark.django_db

IN_ORDER = [
    *(
        "size",
        "characters",
        "parts",
        "header",
        "typ",
        "alg",
        "header_members",
        "kid",
        "key_state",
        "signature",
    ),
    *("claims", "iss", "aud", "exp", "nbf", "iat", "jti", "record", "revoked", "bot", "owner", "audience"),
    *("credential", "status_list", "profile"),
]


def forged(token, *, header=None, without=(), key=None, typ="at+jwt", **changes):
    """What only the holder of our signing key could make, or somebody who holds `key`."""
    ours = SigningKey.objects.get(kid=header_of(token)["kid"])
    claims = {name: value for name, value in {**claims_in(token), **changes}.items() if name not in without}
    signed = sign_jwt(claims, key=key or private_keys.of(ours), alg=ours.alg, kid=ours.kid, typ=typ)
    return signed if header is None else with_header(signed, header)


def with_header(token, members):
    header = {name: value for name, value in {**header_of(token), **members}.items() if value is not None}
    return ".".join(
        [urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("="), *token.split(".")[1:]]
    )


def header_of(token):
    return claims_in(f".{token.split('.')[0]}.")


def failure_of(text):
    """The first step that fails; whatever it is, the doctor and the doors agree that the token does not count."""
    checks = explain_token(text)
    assert not is_valid(checks)
    assert find_live_record(text) is None
    failure = first_failure(checks)
    assert failure.expected
    assert failure.received
    assert failure.remedy.endswith(".")
    return failure


def test_a_live_token_passes_every_step_in_order(token):
    checks = explain_token(token)
    assert [check.name for check in checks] == IN_ORDER
    assert is_valid(checks)
    assert first_failure(checks) is None
    assert f"{BASE_URL}/.well-known/jwks.json" in checks[-1].remedy


def test_an_openmetadata_token_is_told_with_what_openmetadata_needs(bot, openmetadata, by):
    save_bot(bot=bot, grants=[GrantSpec(openmetadata, [])], by=by)
    _, token = issue_token(bot=bot, audience=openmetadata, scopes=None, lifetime=None, by=by)
    checks = explain_token(token)
    assert is_valid(checks), first_failure(checks)
    assert "publicKeyUrls" in checks[-1].remedy
    assert f"{BASE_URL}/api/v1/system/config/jwks" in checks[-1].remedy
    assert next(check for check in checks if check.name == "exp").received == "absent"


# name: (the text made of a live token, the step that fails, a word of its remedy or of what was received)
TEXTS = {
    "nothing": (lambda token: "", "size", "variable"),
    "very long": (lambda token: "a" * 70_000, "size", "70000 characters"),
    "Bearer before it": (lambda token: f"Bearer {token}", "characters", "Bearer"),
    "a whole header": (lambda token: f"Authorization: Bearer {token}", "characters", "Bearer"),
    "a line break after it": (lambda token: f"{token}\n", "characters", "printf"),
    "a space after it": (lambda token: f"{token} ", "characters", "a line break or a space"),
    "a line break inside": (lambda token: f"{token[:80]}\n{token[80:]}", "characters", "long lines"),
    "quotation marks": (lambda token: f'"{token}"', "characters", "quotation marks"),
    "an ellipsis": (lambda token: f"{token[:20]}...", "characters", "beginning"),
    "an ellipsis of one character": (lambda token: f"{token[:20]}…", "characters", "beginning"),
    "a shell variable": (lambda token: "${OM_JWT_TOKEN}", "characters", "variable"),
    "a template": (lambda token: "{{ .Values.token }}", "characters", "variable"),
    "a hint of the documentation": (lambda token: "<your-token>", "characters", "variable"),
    "padding": (lambda token: f"{token}=", "characters", "base64url"),
    "another character": (lambda token: "tokén", "characters", "Copy"),
    "a client secret": (lambda token: "ssoc_" + "A" * 49, "parts", "client secret"),
    "an opaque token": (lambda token: "ya29abcdef", "parts", "opaque"),
    "encrypted": (lambda token: f"{token}.a.b", "parts", "encrypted"),
    "half of it": (lambda token: token.rpartition(".")[0], "parts", "cut off"),
    "an empty part": (lambda token: f"..{token.split('.')[2]}", "parts", "cut off"),
    "no header": (lambda token: f"a{token}", "header", "Copy"),
    "a header that is a list": (lambda token: "W10." + token.partition(".")[2], "header", "something else"),
    "a payload that was cut": (lambda token: cut_payload(token), "signature", "cut"),
}


def cut_payload(token):
    header, payload, signature = token.split(".")
    return f"{header}.{payload[:-3]}.{signature}"


@pytest.mark.parametrize("what", TEXTS)
def test_a_text_that_was_spoilt_is_told(token, what):
    spoil, step, word = TEXTS[what]
    failure = failure_of(spoil(token))
    assert (failure.name, word in f"{failure.expected} {failure.received} {failure.remedy}") == (
        step,
        True,
    ), failure


def other_profile(token):
    Audience.objects.update(profile="openmetadata")
    return token


FORGED = {
    "an ID token": (lambda token: forged(token, typ="JWT"), "typ", "ID token"),
    "no typ": (lambda token: forged(token, typ=None), "typ", "absent"),
    "a logout token": (lambda token: forged(token, typ="logout+jwt"), "typ", "logout token"),
    "a status list": (lambda token: forged(token, typ="statuslist+jwt"), "typ", "status list"),
    "a client assertion": (
        lambda token: forged(token, typ="client-authentication+jwt"),
        "typ",
        "/oauth/token",
    ),
    "a typ of nobody's": (lambda token: forged(token, typ="x"), "typ", "issue a new one"),
    "typ of an API of the other profile": (other_profile, "typ", "profile openmetadata"),
    "typ that is no text": (lambda token: forged(token, header={"typ": 7}), "typ", "7"),
    "alg none": (lambda token: with_header(token, {"alg": "none"}), "alg", "Nobody has signed"),
    "a shared secret": (lambda token: with_header(token, {"alg": "HS256"}), "alg", "shared secret"),
    "another algorithm": (lambda token: with_header(token, {"alg": "RS256"}), "alg", "changed"),
    "no alg": (lambda token: with_header(token, {"alg": None}), "alg", "absent"),
    "crit": (lambda token: with_header(token, {"crit": ["exp"]}), "header_members", "crit"),
    "compression": (lambda token: with_header(token, {"zip": "DEF"}), "header_members", "zip"),
    "a key of its own": (lambda token: with_header(token, {"jwk": {}}), "signature", "forged"),
    "a key elsewhere": (lambda token: with_header(token, {"jku": "https://x"}), "signature", "forged"),
    "an unknown kid": (lambda token: with_header(token, {"kid": "x"}), "kid", "another console"),
    "a kid with NUL": (lambda token: with_header(token, {"kid": "a\0"}), "kid", "another console"),
    "a kid that is no text": (lambda token: with_header(token, {"kid": []}), "kid", "no usable key id"),
    "no kid": (lambda token: with_header(token, {"kid": None}), "kid", "absent"),
    "somebody else's key": (
        lambda token: forged(token, key=generate_private_key("ES256")),
        "signature",
        "forged",
    ),
    "a changed character": (lambda token: f"{token[:-9]}AAAAAAAAA", "signature", "forged"),
    "no signature": (lambda token: f"{token.rpartition('.')[0]}.", "signature", "no signature"),
    "a signature that was cut": (lambda token: token[:-1], "signature", "cut"),
    "a claim of a wrong type": (lambda token: forged(token, exp="soon"), "claims", "exp"),
    "another issuer": (lambda token: forged(token, iss="https://idp.example"), "iss", "BASE_URL has changed"),
    "a slash after the issuer": (lambda token: forged(token, iss=f"{BASE_URL}/"), "iss", "slash"),
    "https for http": (lambda token: forged(token, iss="https://localhost:8000"), "iss", "https"),
    "no issuer": (lambda token: forged(token, without=["iss"]), "iss", "absent"),
    "another audience": (lambda token: forged(token, aud="https://else.example"), "aud", "resource="),
    "two audiences": (
        lambda token: forged(token, aud=[claims_in(token)["aud"], "https://else.example"]),
        "aud",
        "another API",
    ),
    "no audience": (lambda token: forged(token, without=["aud"]), "aud", "absent"),
    "no end": (lambda token: forged(token, without=["exp"]), "exp", "never ends"),
    "no jti": (lambda token: forged(token, without=["jti"]), "jti", "absent"),
    "an unknown jti": (lambda token: forged(token, jti="unknown"), "jti", "restored"),
    "another bot's name": (lambda token: forged(token, sub="other-bot"), "record", "sub"),
    "a later end": (lambda token: forged(token, exp=9_999_999_999), "record", "exp"),
    "no iat": (lambda token: forged(token, without=["iat"]), "iat", "absent"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_token_that_was_never_issued_so_is_told(token, what):
    forge, step, word = FORGED[what]
    with time_machine.travel(timezone.now(), tick=False):
        failure = failure_of(forge(token))
    assert (failure.name, word in f"{failure.expected} {failure.received} {failure.remedy}") == (
        step,
        True,
    ), failure


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({"status": {"status_list": {"idx": 0, "uri": f"{BASE_URL}/oauth/status/9"}}}, "status_list"),
        ({"status": 7}, "status_list"),
        ({"nbf": 9_999_999_999}, "nbf"),
        ({"without": ["client_id"]}, "profile"),
    ],
)
def test_what_only_other_apis_would_stumble_over_is_told_too(token, change, step):
    failure = first_failure(explain_token(forged(token, **change)))
    assert failure.name == step
    assert failure.remedy


def test_a_token_from_before_there_were_lists_counts_and_is_told(token):
    checks = explain_token(forged(token, without=["status"]))
    assert is_valid(checks)
    assert next(check for check in checks if check.name == "status_list").received == "absent"


def test_a_token_of_an_api_of_ours_with_an_unknown_jti_has_a_good_audience(token):
    checks = explain_token(forged(token, jti="unknown"))
    assert [check.name for check in checks if not check.ok] == ["jti"]


def test_a_foreign_token_is_told_to_be_foreign_at_every_step(token):
    stranger = sign_jwt(
        {"iss": "https://idp.example", "sub": "alice", "aud": "console", "iat": 1, "exp": 2},
        key=generate_private_key("RS256"),
        alg="RS256",
        kid="theirs",
        typ="JWT",
    )
    checks = explain_token(stranger)
    assert [check.name for check in checks if not check.ok] == ["kid", "iss", "aud", "exp", "jti"]


def revoked(record, by):
    revoke_token(record=record, by=by)


def owner_disabled(record, by):
    User.objects.create_user("alice@corp.example", is_active=False)


ENDS = {
    "revoked": (revoked, "revoked", "user:bob"),
    "bot disabled": (lambda record, by: disable_bot(bot=record.bot, by=by), "bot", "disabled"),
    "bot retired": (lambda record, by: retire_bot(bot=record.bot, by=by), "bot", "retired"),
    "owner disabled": (owner_disabled, "owner", "alice@corp.example"),
    "audience disabled": (
        lambda record, by: disable_audience(audience=record.audience, by=by),
        "audience",
        "disabled",
    ),
    "key compromised": (
        lambda record, by: compromise_signing_key(kid=record.signing_key.kid, by=by),
        "key_state",
        "compromised",
    ),
}


@pytest.mark.parametrize("what", ENDS)
def test_whatever_ends_a_token_is_told_with_when_and_by_whom(token, by, what):
    end, step, word = ENDS[what]
    end(TokenRecord.objects.select_related("bot", "audience", "signing_key").get(), by)
    failure = failure_of(token)
    assert failure.name == step
    assert word in failure.received
    assert any(check.name == "status_list" and not check.ok for check in explain_token(token))


def test_an_end_that_has_passed_is_told_with_the_clock(token):
    end = TokenRecord.objects.get().expires_at
    with time_machine.travel(end, tick=False):
        failure = failure_of(token)
        assert failure.name == "exp"
        assert "0 seconds ago" in failure.received
        assert "NTP" in failure.remedy
    with time_machine.travel(end + timedelta(days=3), tick=False):
        failure = failure_of(token)
        assert "3 days ago" in failure.received
        assert "NTP" not in failure.remedy
    with time_machine.travel(end - timedelta(seconds=1), tick=False):
        assert is_valid(explain_token(token))


def test_a_clock_that_is_behind_is_told(token):
    issued = TokenRecord.objects.get().issued_at
    with time_machine.travel(issued - timedelta(seconds=90), tick=False):
        failure = first_failure(explain_token(token))
    assert failure.name == "iat"
    assert "in 1 minute" in failure.received
    assert "NTP" in failure.remedy


def test_a_key_that_is_gone_is_told(token, by):
    old = SigningKey.objects.signing().get(alg="ES256")
    rotate_signing_key(alg="ES256", by=by)
    assert is_valid(explain_token(token))
    old.refresh_from_db()
    with time_machine.travel(old.verify_until, tick=False):
        assert [check.name for check in explain_token(token) if not check.ok] == ["key_state", "exp"]


def test_a_retired_secret_ends_nothing_and_is_told(token, by):
    retire_credential(credential=Credential.objects.get(), by=by)
    checks = explain_token(token)
    assert is_valid(checks)
    told = next(check for check in checks if check.name == "credential")
    assert "retired" in told.received
    assert "revoke" in told.remedy


def test_no_more_than_three_statements_once_the_list_is_known(token):
    explain_token(token)
    with CaptureQueriesContext(connection) as captured:
        explain_token(token)
    assert len(captured) <= 3
    assert all(query["sql"].startswith("SELECT") for query in captured)


def test_a_list_that_cannot_be_read_is_no_reason_against_the_token(token, monkeypatch):
    from tokens.errors import NoSigningKey

    def away(*args, **kwargs):
        raise NoSigningKey

    monkeypatch.setattr("tokens.doctor.status_list_token", away)
    checks = explain_token(token)
    assert is_valid(checks)
    assert "not to be read" in next(check for check in checks if check.name == "status_list").received


def test_a_token_of_a_list_that_is_not_there_is_told(token):
    from tokens.models import StatusList
    from tokens.status.services import forget_status_lists

    StatusList.objects.all().delete()
    forget_status_lists()
    assert first_failure(explain_token(token)).name == "status_list"


def test_nothing_that_is_told_holds_the_token(token):
    for text in (token, forged(token, iss="https://idp.example"), f"Bearer {token}", token[:-1]):
        told = json.dumps([vars(check) for check in explain_token(text)])
        assert_without(told, token.split(".")[2][:20])
        assert_without(told, token.split(".")[1][:40])


def test_a_bot_of_no_owner_is_owned_by_nobody(token):
    Bot.objects.update(owner="")
    assert next(check for check in explain_token(token) if check.name == "owner").received == "nobody"


@given(st.text(max_size=200) | st.text(alphabet="abcZ019-_.=", max_size=200))
def test_no_text_brings_the_doctor_down(text):
    checks = examine(text, Facts(issuer=BASE_URL, now=1_800_000_000))
    assert not is_valid(checks)
    assert first_failure(checks).remedy


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 seconds"), (1, "1 second"), (60, "1 minute"), (7_199, "1 hour"), (172_800, "2 days")],
)
def test_a_span_is_told_in_its_largest_unit(seconds, words):
    assert span(seconds) == words
