"""Every bound of time about tokens, at its very edge and one step beyond."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from assertions import Signer, by_assertion
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from tokens_cast import BASE_URL, METADATA, claims_in, problem, status_bit

from ssoconsole.platform.actors import Actor
from tokens import remote_keys
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.keyless import add_federation, set_public_keys
from tokens.credentials.own_keys import drop_spent_assertions
from tokens.credentials.retirement import evidence_of, retire_unused_credentials
from tokens.credentials.services import add_client_secret, retire_credential
from tokens.errors import KeysUnavailable, NoSigningKey
from tokens.keys.importing import import_signing_key
from tokens.keys.services import ensure_signing_key, rotate_signing_key, rotation_possible_from
from tokens.models import (
    Audience,
    Bot,
    Credential,
    RemoteKeys,
    RepeatableRequest,
    SigningKey,
    SpentAssertion,
    TokenRecord,
    TokenRefusal,
)
from tokens.records.revocation import revoke_token
from tokens.records.services import issue_token
from tokens.records.verification import find_live_record
from tokens.remote_keys import Source, current_keys

pytestmark = pytest.mark.django_db
BY = Actor("user", "bob")
# In the future, so that nothing that other tests have kept is newer.
NOW = datetime(2031, 3, 1, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
SECOND = timedelta(seconds=1)
PLATFORM = "https://idp.example"
SUBJECT = "system:serviceaccount:data:ingestion"


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(scope="module")
def signer():
    return Signer()


# Claims in seconds from now, of an assertion of the bot's own: whether it is in time.
ASSERTIONS = {
    "exp a leeway ago": ({"iat": -60, "exp": -30}, False),
    "exp nearly a leeway ago": ({"iat": -60, "exp": -29}, True),
    "iat a leeway ahead": ({"iat": 30, "exp": 60}, True),
    "iat beyond the leeway": ({"iat": 31, "exp": 60}, False),
    "nbf a leeway ahead": ({"nbf": 30, "exp": 60}, True),
    "nbf beyond the leeway": ({"nbf": 31, "exp": 60}, False),
    "as old as it may be": ({"iat": -630, "exp": 60}, True),
    "older": ({"iat": -631, "exp": 60}, False),
    "as long as it may be": ({"iat": 0, "exp": 630}, True),
    "longer": ({"iat": 0, "exp": 631}, False),
    "longer, and it does not say since when": ({"iat": None, "exp": 631}, False),
}


@pytest.mark.parametrize("name", ASSERTIONS)
def test_an_assertion_is_in_time_to_the_second(clock, oauth, bot, by, signer, name):
    offsets, fits = ASSERTIONS[name]
    set_public_keys(bot=bot, jwks=signer.jwks, jwks_uri=None, by=by)
    claims = {claim: SECONDS + offset for claim, offset in offsets.items() if offset is not None}
    without = [claim for claim, offset in offsets.items() if offset is None]
    assertion = signer.assertion(bot.name, without=without, **claims)
    assert oauth.token(**by_assertion(assertion)).status_code == (200 if fits else 401)
    assert TokenRecord.objects.exists() is fits
    assert SpentAssertion.objects.exists() is fits


WORKLOADS = {
    "exp a leeway ago": ({"iat": -60, "exp": -30}, False),
    "exp nearly a leeway ago": ({"iat": -60, "exp": -29}, True),
    "iat a leeway ahead": ({"iat": 30, "exp": 60}, True),
    "iat beyond the leeway": ({"iat": 31, "exp": 60}, False),
    "nbf a leeway ahead": ({"nbf": 30, "exp": 60}, True),
    "nbf beyond the leeway": ({"nbf": 31, "exp": 60}, False),
    "issued long ago and not over": ({"iat": -86_000, "exp": 60}, True),
    "a day and a leeway": ({"iat": 0, "exp": 86_430}, True),
    "longer": ({"iat": 0, "exp": 86_431}, False),
    "a day from its beginning, not from now": ({"iat": -3_600, "exp": 82_831}, False),
    "a day from now, though it begins in a moment": ({"iat": 30, "exp": 86_431}, False),
    "a day from now, and it does not say since when": ({"exp": 86_430}, True),
    "longer, and it does not say since when": ({"exp": 86_431}, False),
    "without an end": ({"iat": 0}, False),
}


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_workloads_token_is_in_time_to_the_second(clock, oauth, bot, by, signer, name):
    offsets, fits = WORKLOADS[name]
    rule = {"issuer": PLATFORM, "audience": "https://c.example", "subject": SUBJECT, "claims": {}}
    add_federation(bot=bot, rule=rule, jwks=signer.jwks, jwks_uri=None, by=by)
    times = {claim: SECONDS + offset for claim, offset in offsets.items()}
    token = signer.sign({"iss": PLATFORM, "sub": SUBJECT, "aud": "https://c.example", **times})
    assert oauth.token(**by_assertion(token)).status_code == (200 if fits else 401)
    assert TokenRecord.objects.exists() is fits


def test_a_used_assertion_is_remembered_for_as_long_as_it_could_be_shown(clock, oauth, bot, by, signer):
    set_public_keys(bot=bot, jwks=signer.jwks, jwks_uri=None, by=by)
    assertion = signer.assertion(bot.name, iat=SECONDS, exp=SECONDS + 60)
    assert oauth.token(**by_assertion(assertion)).status_code == 200
    assert SpentAssertion.objects.get().expires_at == NOW + timedelta(seconds=60 + 30)
    last = NOW + timedelta(seconds=60 + 29)
    clock.move_to(last)
    call_command("cleanup")
    assert oauth.token(**by_assertion(assertion)).status_code == 401
    assert TokenRecord.objects.count() == 1
    forgotten = SpentAssertion.objects.get().expires_at + timedelta(hours=1)
    assert drop_spent_assertions(at=forgotten) == 0
    assert drop_spent_assertions(at=forgotten + SECOND) == 1


# --- Tokens, secrets and keys at their end -----------------------------------------------------------------


def test_a_token_counts_up_to_its_end_at_every_door(clock, oauth, bot, console, by):
    save_bot(bot=bot, grants=[GrantSpec(console, ["console.read"])], by=by)
    me = (bot.name, add_client_secret(bot=bot, by=by)[1])
    token = oauth.token(me).json()["access_token"]
    end = TokenRecord.objects.get().expires_at
    assert claims_in(token)["exp"] == end.timestamp()

    def doors():
        api = Client().get("/api/v1/bots", HTTP_AUTHORIZATION=f"Bearer {token}").status_code
        return oauth.introspect(token, me).json()["active"], api, find_live_record(token) is not None

    clock.move_to(end - SECOND)
    assert doors() == (True, 200, True)
    clock.move_to(end)
    assert doors() == (False, 401, False)


def test_a_secret_proves_up_to_its_end(clock, oauth, bot, by):
    end = NOW + timedelta(hours=1)
    _, secret = add_client_secret(bot=bot, expires_at=end, by=by)
    clock.move_to(end - SECOND)
    assert oauth.token((bot.name, secret)).status_code == 200
    clock.move_to(end)
    assert oauth.token((bot.name, secret)).status_code == 401


@pytest.mark.parametrize(("seconds", "made"), [(0, False), (1, True)])
def test_a_secret_that_would_be_over_at_once_is_not_made(clock, bob, bot, seconds, made):
    body = {"expires_at": (NOW + seconds * SECOND).isoformat()}
    assert bob.post(f"/api/v1/bots/{bot.name}/secrets", body).status_code == (201 if made else 400)
    assert Credential.objects.exists() is made


def test_a_key_that_only_verifies_is_published_up_to_its_end(clock, by):
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    raw = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    end = NOW + timedelta(days=1)
    import_signing_key(raw=raw, kid="elsewhere", verify_until=end, by=by)

    def published():
        keys = Client().get("/.well-known/jwks.json").json()["keys"]
        return "elsewhere" in {key["kid"] for key in keys}

    clock.move_to(end - SECOND)
    assert (published(), SigningKey.objects.get(kid="elsewhere").state(at=end - SECOND)) == (True, "retired")
    clock.move_to(end)
    assert (published(), SigningKey.objects.get(kid="elsewhere").state(at=end)) == (False, "gone")


def test_a_token_counts_up_to_the_end_of_its_key(clock, oauth, me, token):
    end = NOW + timedelta(minutes=1)
    key = SigningKey.objects.filter(pk=TokenRecord.objects.get().signing_key_id)
    key.update(retired_at=NOW, verify_until=end)
    for moment, counts in ((end - SECOND, True), (end, False)):
        clock.move_to(moment)
        assert oauth.introspect(token, me).json()["active"] is counts
        assert (find_live_record(token) is not None) is counts


# How long a retired key goes on verifying: what is in flight, and the longest that it can have signed.
HOUR = 3_600
LASTING = {
    "what its audiences allow": ({"max_token_lifetime": 7_200, "token_lifetime": 600}, 7_200 + HOUR),
    "what is usual, where there is no longest": (
        {"max_token_lifetime": None, "token_lifetime": 5_400},
        5_400 + HOUR,
    ),
}


@pytest.mark.parametrize("case", LASTING)
def test_a_retired_key_outlasts_what_was_in_flight(clock, oauth, bot, me, case):
    lifetimes, seconds = LASTING[case]
    ensure_signing_key(alg="RS256", by=BY)
    Audience.objects.update(**lifetimes)
    Audience.objects.create(
        identifier="https://rs.example", name="RS", signing_alg="RS256", max_token_lifetime=9_000_000
    )
    old = SigningKey.objects.signing().get(alg="ES256")
    rotate_signing_key(alg="ES256", by=BY)
    old.refresh_from_db()
    assert old.verify_until == NOW + seconds * SECOND


def test_a_retired_key_outlasts_what_it_has_signed(clock, bot, audience):
    """Also where its audience has since come to allow less, and not for what was revoked."""
    record, token = issue_token(bot=bot, audience=audience, scopes=None, lifetime=timedelta(hours=20), by=BY)
    issue_token(bot=bot, audience=audience, scopes=None, lifetime=timedelta(hours=2), by=BY)
    revoked, _ = issue_token(bot=bot, audience=audience, scopes=None, lifetime=timedelta(hours=23), by=BY)
    revoke_token(record=revoked, by=BY)
    Audience.objects.update(max_token_lifetime=60, token_lifetime=60)
    rotate_signing_key(alg="ES256", by=BY)
    assert SigningKey.objects.get(pk=record.signing_key_id).verify_until == record.expires_at
    clock.move_to(record.expires_at - SECOND)
    assert find_live_record(token)


def test_a_status_list_says_how_long_it_may_be_kept(clock, oauth, token):
    said = claims_in(oauth.http.get("/oauth/status/0").content.decode())
    assert (said["iat"], said["exp"], said["ttl"]) == (SECONDS, SECONDS + 900, 60)


def test_a_bit_outlives_its_token_by_a_day(clock, oauth, me, token):
    record = TokenRecord.objects.get()
    revoke_token(record=record, by=BY)
    edge = record.expires_at + timedelta(days=1)
    bits = []
    for moment in (record.expires_at, record.expires_at + SECOND, edge - SECOND, edge):
        clock.move_to(moment)
        cache.clear()
        bits.append(status_bit(oauth.http, token))
    assert bits == [1, 1, 1, 0]


# --- What is kept, and for how long ------------------------------------------------------------------------


def test_a_record_is_kept_from_the_end_of_its_token(clock, bot, audience, settings):
    """A token of many days is on record long after its beginning, and so is its revocation."""
    settings.TOKEN_RECORD_DAYS = 90
    Audience.objects.update(max_token_lifetime=None)
    bot, days = Bot.objects.get(), timedelta(days=90)  # with its audience as it is now
    record, _ = issue_token(bot=bot, audience=audience, scopes=None, lifetime=days, by=BY)
    revoke_token(record=record, by=BY)
    for moment, kept in (
        (NOW + days + timedelta(days=1), True),
        (record.expires_at + days, True),
        (record.expires_at + days + SECOND, False),
    ):
        clock.move_to(moment)
        call_command("cleanup")
        assert TokenRecord.objects.filter(pk=record.pk).exists() is kept


def test_a_refusal_is_kept_for_so_many_days(clock, oauth, bot, settings):
    settings.TOKEN_REFUSAL_DAYS = 30
    oauth.token((bot.name, "wrong"))
    for moment, kept in ((NOW + timedelta(days=30), True), (NOW + timedelta(days=30, seconds=1), False)):
        clock.move_to(moment)
        call_command("cleanup")
        assert TokenRefusal.objects.exists() is kept


def test_a_repeat_is_known_for_a_day(clock, bob, bot, settings):
    settings.SESSION_IDLE_MINUTES = 0
    path, body, headers = f"/api/v1/bots/{bot.name}/secrets", {"label": "x"}, {"Idempotency-Key": "one"}
    assert bob.post(path, body, headers=headers).status_code == 201
    clock.move_to(NOW + timedelta(days=1) - SECOND)
    call_command("cleanup")
    problem(bob.post(path, body, headers=headers), 409, "already_done")
    clock.move_to(NOW + timedelta(days=1))
    call_command("cleanup")
    assert not RepeatableRequest.objects.exists()


@pytest.mark.parametrize(("short", "retired"), [(SECOND, 0), (timedelta(0), 1)])
def test_a_secret_retires_after_exactly_so_many_days_without_use(clock, oauth, bot, by, short, retired):
    _, secret = add_client_secret(bot=bot, retire_after_unused_days=7, by=by)
    used = NOW + timedelta(days=3)
    clock.move_to(used)
    assert oauth.token((bot.name, secret)).status_code == 200
    assert retire_unused_credentials(at=used + timedelta(days=7) - short, by=by) == retired


def test_a_secret_is_quiet_after_exactly_a_week(clock, oauth, bot, by):
    old, _ = add_client_secret(bot=bot, by=by)
    _, secret = add_client_secret(bot=bot, by=by)
    clock.shift(SECOND)
    oauth.token((bot.name, secret))
    week = timedelta(days=7)
    assert not evidence_of(bot, at=NOW + week - SECOND)[old.pk].safe
    assert evidence_of(bot, at=NOW + week)[old.pk].safe


def test_a_secret_that_was_used_after_all_others_is_not_safe_to_retire(clock, oauth, bot, by):
    """However long ago that was: the bot may be a job that runs rarely, and this is what it runs with."""
    _, other = add_client_secret(bot=bot, by=by)
    mine, secret = add_client_secret(bot=bot, by=by)
    oauth.token((bot.name, other))
    clock.shift(timedelta(days=1))
    oauth.token((bot.name, secret))
    found = evidence_of(bot, at=NOW + timedelta(days=30))
    assert (found[mine.pk].safe, "no other since" in found[mine.pk].sentence) == (False, True)
    clock.shift(timedelta(days=1))
    oauth.token((bot.name, other))
    assert evidence_of(bot, at=NOW + timedelta(days=30))[mine.pk].safe


def test_a_use_of_one_that_is_retired_says_nothing_for_retiring_the_last_one(clock, oauth, bot, by):
    mine, _ = add_client_secret(bot=bot, by=by)
    gone, secret = add_client_secret(bot=bot, by=by)
    oauth.token((bot.name, secret))
    retire_credential(credential=gone, by=by)
    found = evidence_of(bot, at=NOW + timedelta(days=30))
    assert {pk: evidence.safe for pk, evidence in found.items()} == {mine.pk: False}


def test_the_last_use_is_written_once_a_minute(clock, oauth, me):
    seen = []
    for seconds in (0, 59, 60):
        clock.move_to(NOW + seconds * SECOND)
        oauth.token(me)
        seen.append(Credential.objects.get().last_used_at)
    assert seen == [NOW, NOW, NOW + 60 * SECOND]


@pytest.mark.parametrize(("seconds", "long"), [(86_400, False), (86_401, True)])
def test_a_token_is_long_lived_beyond_a_day(clock, bot, audience, seconds, long):
    Audience.objects.update(max_token_lifetime=None)
    bot, lifetime = Bot.objects.get(), seconds * SECOND
    record, _ = issue_token(bot=bot, audience=audience, scopes=None, lifetime=lifetime, by=BY)
    assert record.long_lived is long


@pytest.mark.parametrize(("seconds", "long"), [(86_400, False), (86_401, True)])
def test_so_it_is_at_the_token_endpoint(clock, oauth, me, audience, seconds, long):
    Audience.objects.update(token_lifetime=seconds, max_token_lifetime=None)
    for _ in range(2):  # the second time by what the first has prepared
        assert oauth.token(me).status_code == 200
    assert set(TokenRecord.objects.values_list("long_lived", flat=True)) == {long}


@pytest.mark.parametrize(("aside", "signs"), [(-SECOND, False), (timedelta(0), True)])
def test_the_first_key_of_an_algorithm_signs_once_every_copy_has_it(clock, by, aside, signs):
    SigningKey.objects.filter(alg="EdDSA").delete()
    save_audience(audience=Audience(identifier="https://a.example", name="A", signing_alg="EdDSA"), by=by)
    clock.move_to(rotation_possible_from(alg="EdDSA") + aside)
    if signs:
        assert ensure_signing_key(alg="EdDSA", by=by).alg == "EdDSA"
        return
    with pytest.raises(NoSigningKey):
        ensure_signing_key(alg="EdDSA", by=by)


@pytest.mark.parametrize(("aside", "rotates"), [(-SECOND, False), (timedelta(0), True)])
def test_the_next_key_signs_once_every_copy_has_it(clock, by, aside, rotates):
    rotate_signing_key(alg="ES256", by=by)
    clock.move_to(rotation_possible_from(alg="ES256") + aside)
    before = SigningKey.objects.signing().get(alg="ES256")
    assert (rotate_signing_key(alg="ES256", by=by) != before) is rotates


def test_a_lifetime_is_allowed_to_the_second(clock, bob, bot, audience):
    for seconds, status in ((86_400, 201), (86_401, 400), (1, 201), (0, 400)):
        body = {"lifetime": seconds}
        assert bob.post(f"/api/v1/bots/{bot.name}/tokens", body, format="json").status_code == status


# --- Keys of others ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "asked"), [(timedelta(hours=1), 0), (timedelta(hours=1, seconds=1), 1)], ids=str
)
def test_keys_of_others_are_fresh_for_an_hour(clock, signer, monkeypatch, age, asked):
    calls = []
    monkeypatch.setattr(remote_keys, "fetch_document", lambda url: calls.append(url) or signer.jwks)
    source = Source("https://bot.example/jwks.json")
    current_keys(source)
    clock.move_to(NOW + age)
    current_keys(source)
    assert len(calls) == 1 + asked


@pytest.mark.parametrize(
    ("age", "serves"), [(timedelta(hours=24), True), (timedelta(hours=24, seconds=1), False)], ids=str
)
def test_a_copy_serves_for_a_day_where_nobody_answers(clock, signer, monkeypatch, age, serves):
    source = Source("https://bot.example/jwks.json")
    RemoteKeys.objects.create(source=source.address, jwks=signer.jwks, fetched_at=NOW)

    def refuse(url):
        raise KeysUnavailable(expected="an answer", received="none")

    monkeypatch.setattr(remote_keys, "fetch_document", refuse)
    clock.move_to(NOW + age)
    if serves:
        assert current_keys(source).keys
    else:
        with pytest.raises(KeysUnavailable):
            current_keys(source)


# --- Failures ----------------------------------------------------------------------------------------------


def test_failures_of_a_name_and_of_an_address_are_counted_for_a_minute(own_cache, clock, oauth, bot):
    def fail(name, number):
        answer = oauth.post(
            "/oauth/token", "grant_type=client_credentials", auth=(name, "x"), REMOTE_ADDR=number
        )
        return answer.get("Retry-After")

    # Of one name, from wherever: twenty. Then a minute later none.
    assert [fail(bot.name, f"192.0.2.{number}") for number in range(20)] == [None] * 20
    assert fail(bot.name, "192.0.2.99") == "60"
    clock.shift(timedelta(seconds=61))
    assert fail(bot.name, "192.0.2.99") is None
    # From one address, whatever the names: sixty.
    assert [fail(f"bot-{number}", "198.51.100.1") for number in range(60)] == [None] * 60
    assert fail("bot-60", "198.51.100.1") == "60"
    assert fail("bot-61", "198.51.100.2") is None


def test_the_audience_of_an_assertion_is_the_console_and_nothing_beside_it(clock, oauth, bot, by, signer):
    set_public_keys(bot=bot, jwks=signer.jwks, jwks_uri=None, by=by)
    times = {"iat": SECONDS, "exp": SECONDS + 60}
    for audience in ([BASE_URL, METADATA], f"{BASE_URL}/", f"{BASE_URL}/oauth/token", METADATA):
        assertion = signer.assertion(bot.name, aud=audience, **times)
        assert oauth.token(**by_assertion(assertion)).status_code == 401
    assert not TokenRecord.objects.exists()
