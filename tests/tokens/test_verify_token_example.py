"""The verifier that docs/verifying-tokens.md gives to APIs, against the real endpoints and against forgeries."""

import base64
import importlib.util
import sys
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from tokens_cast import BASE_URL, METADATA, claims_in

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.jose.sign import generate_private_key, sign_jwt
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, disable_bot, save_bot
from tokens.keys.services import KEYS_AHEAD, compromise_signing_key, private_keys, rotate_signing_key
from tokens.models import Audience, Bot, SigningKey, TokenRecord
from tokens.records.revocation import revoke_token
from tokens.records.services import issue_token

ROOT = Path(__file__).parents[2]
BY = Actor.command("test")
STATUS = f"{BASE_URL}/oauth/status/0"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("verify_token", ROOT / "examples" / "verify_token.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


class Wire:
    """The way from the API to the console: counts, and can be cut or tampered with."""

    def __init__(self):
        self.asked = []
        self.instead = {}
        self.cut = False
        self.now = 0.0

    def fetch(self, url, media_type):
        self.asked.append(url)
        if self.cut:
            raise OSError("unreachable")
        if url in self.instead:
            return self.instead[url]
        answer = Client().get(url.removeprefix(BASE_URL), HTTP_ACCEPT=media_type)
        if answer.status_code != 200 or answer["Content-Type"] != media_type:
            raise OSError(answer.status_code)
        return answer.content

    def clock(self):
        return self.now


@pytest.fixture
def wire(token):
    wire = Wire()
    wire.now = float(claims_in(token)["iat"])
    return wire


@pytest.fixture
def verifier(example, wire):
    return example.Verifier(BASE_URL, METADATA, fetch=wire.fetch, clock=wire.clock)


@pytest.fixture
def refused(example, verifier):
    def check(token, why="."):
        with pytest.raises(example.TokenRefused, match=why):
            verifier.verify(token)
        return True

    return check


def own_key(claims, typ, alg="ES256"):
    """What only the holder of our signing key could make."""
    key = SigningKey.objects.signing().get(alg=alg)
    return sign_jwt(claims, key=private_keys.of(key), alg=alg, kid=key.kid, typ=typ)


def lst(raw):
    return base64.urlsafe_b64encode(zlib.compress(raw, 9)).rstrip(b"=").decode()


def status_list(wire, raw=bytes(2**14), **changes):
    now = int(wire.now)
    packed = {"bits": 1, "lst": lst(raw)}
    claims = {"sub": STATUS, "iat": now, "exp": now + 900, "ttl": 60, "status_list": packed, **changes}
    return {name: value for name, value in claims.items() if value is not None}


def test_a_live_token_is_verified_with_two_requests_for_many(verifier, wire, token):
    for _ in range(5):
        assert verifier.verify(token) == claims_in(token)
    assert wire.asked == [f"{BASE_URL}/.well-known/jwks.json", STATUS]


def test_a_revocation_is_noticed_when_the_ttl_is_over(verifier, wire, token, refused):
    verifier.verify(token)
    revoke_token(record=TokenRecord.objects.get(), by=BY)
    cache.clear()
    wire.now += 59
    assert verifier.verify(token)
    wire.now += 1
    assert refused(token, "revoked")


def test_a_disabled_bot_is_noticed_too(verifier, wire, token, bot, refused):
    disable_bot(bot=bot, by=BY)
    assert refused(token, "revoked")


def test_a_console_that_does_not_answer_is_believed_until_the_list_ends_and_no_longer(
    verifier, wire, token, refused
):
    verifier.verify(token)
    wire.cut = True
    wire.now += 899
    assert verifier.verify(token)
    wire.now += 1
    assert refused(token, "no current copy")
    wire.cut = False
    wire.now += 5
    cache.clear()
    later = status_list(wire)
    wire.instead[STATUS] = own_key(later, "statuslist+jwt").encode()
    assert verifier.verify(token)


def test_a_console_that_never_answered_is_not_believed(verifier, wire, token, refused):
    wire.cut = True
    assert refused(token, "no current copy")
    assert refused(token, "no current copy")
    assert len(wire.asked) == 1  # and not asked again by every request


def test_a_token_past_its_end_is_refused(verifier, wire, token, refused):
    wire.now += 3600 + 29
    wire.instead[STATUS] = own_key(status_list(wire), "statuslist+jwt").encode()
    assert verifier.verify(token)
    wire.now += 1
    assert refused(token, "expired")


TOKENS = {
    "another issuer": lambda claims: own_key({**claims, "iss": "https://evil.example"}, "at+jwt"),
    "meant for another API": lambda claims: own_key({**claims, "aud": "https://other.example"}, "at+jwt"),
    "another kind of JWT": lambda claims: own_key(claims, "JWT"),
    "no exp": lambda claims: own_key({**claims, "exp": None}, "at+jwt"),
    "no status list": lambda claims: own_key({**claims, "status": None}, "at+jwt"),
    "no status list of the issuer's": lambda claims: own_key(
        {**claims, "status": {"status_list": {"idx": 1, "uri": "https://evil.example/oauth/status/0"}}},
        "at+jwt",
    ),
    "no such place": lambda claims: own_key(
        {**claims, "status": {"status_list": {"idx": 2**17, "uri": STATUS}}}, "at+jwt"
    ),
    "a key that is not published": lambda claims: sign_jwt(
        claims, key=generate_private_key("ES256"), alg="ES256", kid="another", typ="at+jwt"
    ),
    "not signed as it must be": lambda claims: sign_jwt(
        claims,
        key=generate_private_key("ES256"),
        alg="ES256",
        kid=SigningKey.objects.signing().get().kid,
        typ="at+jwt",
    ),
}


@pytest.mark.parametrize("why", TOKENS)
def test_a_forged_token_is_refused(token, refused, why):
    assert refused(TOKENS[why](claims_in(token)), why)


@pytest.mark.parametrize("index", [-1, 2**63, "5", 1.0, True, None])
def test_an_index_that_is_none_is_refused(token, refused, index):
    status = {"status_list": {"idx": index, "uri": STATUS}}
    assert refused(own_key({**claims_in(token), "status": status}, "at+jwt"), "no such place")


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é", "....", "{}"])
def test_what_is_no_token_is_refused(refused, text):
    assert refused(text)


def packed(**changes):
    return lambda wire: status_list(wire, status_list={"bits": 1, "lst": lst(bytes(2**14)), **changes})


LISTS = {
    "of another address": lambda wire: status_list(wire, sub=f"{BASE_URL}/oauth/status/1"),
    "without an address": lambda wire: status_list(wire, sub=None),
    "past its end": lambda wire: status_list(wire, exp=int(wire.now)),
    "without an end": lambda wire: status_list(wire, exp=None),
    "of the future": lambda wire: status_list(wire, iat=int(wire.now) + 31),
    "without a time": lambda wire: status_list(wire, iat=None),
    "without a ttl": lambda wire: status_list(wire, ttl=None),
    "with a ttl of nothing": lambda wire: status_list(wire, ttl=0),
    "with a ttl that is text": lambda wire: status_list(wire, ttl="60"),
    "without a list": lambda wire: status_list(wire, status_list=None),
    "with a list that is text": lambda wire: status_list(wire, status_list="x"),
    "of three bits": packed(bits=3),
    "of bits that are text": packed(bits="1"),
    "of true bits": packed(bits=True),
    "padded": packed(lst=lst(bytes(2**14)) + "="),
    "empty": packed(lst=""),
    "of bytes that are none": packed(lst=7),
    "not compressed": packed(lst="AAAA"),
    "cut off": packed(lst=lst(bytes(2**14))[:-8]),
    "followed by something": packed(
        lst=base64.urlsafe_b64encode(zlib.compress(bytes(2**14)) + b"xx").rstrip(b"=").decode()
    ),
    "a bomb": packed(lst=lst(bytes(2**24))),
}


def test_the_list_of_the_forgeries_is_good(verifier, wire, token):
    wire.instead[STATUS] = own_key(status_list(wire), "statuslist+jwt").encode()
    assert verifier.verify(token)


@pytest.mark.parametrize("what", LISTS)
def test_a_list_that_is_not_what_it_must_be_is_refused(wire, token, refused, what):
    wire.instead[STATUS] = own_key(LISTS[what](wire), "statuslist+jwt").encode()
    assert refused(token, "no current copy")


def test_a_list_of_another_kind_or_key_is_refused(wire, token, refused):
    foreign = generate_private_key("ES256")
    kid = SigningKey.objects.signing().get().kid
    for body in (
        own_key(status_list(wire), "JWT"),
        own_key(status_list(wire), "at+jwt"),
        sign_jwt(status_list(wire), key=foreign, alg="ES256", kid=kid, typ="statuslist+jwt"),
        token,
        "{}",
        "é",
    ):
        wire.instead[STATUS] = body.encode()
        assert refused(token, "no current copy")
        wire.now += 5


def test_a_list_is_no_token(verifier, wire, token, refused):
    claims = {**claims_in(token), **status_list(wire)}
    assert refused(own_key(claims, "statuslist+jwt"), "another kind")


def test_more_bits_than_one_are_read_as_the_standard_says(verifier, wire, token):
    index = claims_in(token)["status"]["status_list"]["idx"]
    raw = bytearray(2**15)
    neighbours = index ^ 1
    raw[neighbours // 4] |= 3 << neighbours % 4 * 2
    wire.instead[STATUS] = own_key(
        status_list(wire, status_list={"bits": 2, "lst": lst(bytes(raw))}), "statuslist+jwt"
    ).encode()
    assert verifier.verify(token)


def test_a_new_key_is_fetched_when_it_is_first_seen(verifier, wire, token, oauth, me):
    verifier.verify(token)
    # The next keys were published already; the one after them was not, and signs early only if it has to.
    for _ in range(KEYS_AHEAD - 1):
        rotate_signing_key(alg="ES256", by=BY)
    compromise_signing_key(kid=rotate_signing_key(alg="ES256", by=BY).kid, by=BY)
    wire.now += 6
    assert verifier.verify(oauth.token(me).json()["access_token"])
    assert wire.asked.count(f"{BASE_URL}/.well-known/jwks.json") == 2


def test_what_a_compromised_key_signed_is_refused_by_the_list_before_the_keys_are_stale(
    verifier, wire, token, refused
):
    verifier.verify(token)
    compromise_signing_key(kid=SigningKey.objects.signing().get().kid, by=BY)
    cache.clear()
    wire.now += 60
    assert refused(token, "revoked")


def test_an_openmetadata_token_without_end_is_verified_for_that_profile(example, wire, openmetadata, bot, by):
    save_bot(bot=bot, grants=[GrantSpec(openmetadata, [])], by=by)
    record, token = issue_token(bot=bot, audience=openmetadata, scopes=None, lifetime=None, by=by)
    verifier = example.Verifier(
        BASE_URL,
        openmetadata.identifier,
        typ="JWT",
        algorithms=("RS256",),
        fetch=wire.fetch,
        clock=wire.clock,
    )
    assert verifier.verify(token)["sub"] == "ingestion-bot"
    revoke_token(record=record, by=by)
    cache.clear()
    wire.now += 60
    with pytest.raises(example.TokenRefused, match="revoked"):
        verifier.verify(token)


@pytest.mark.django_db(transaction=True)
def test_it_works_over_real_http(example, live_server, settings):
    settings.BASE_URL = live_server.url
    audience = save_audience(
        audience=Audience(identifier=METADATA, name="Metadata", scopes=["read"], max_token_lifetime=None),
        by=BY,
    )
    bot = save_bot(bot=Bot(name="real-bot"), grants=[GrantSpec(audience, ["read"])], by=BY)
    hour = timedelta(hours=1)
    record, token = issue_token(bot=bot, audience=audience, scopes=None, lifetime=hour, by=BY)
    assert example.Verifier(live_server.url, METADATA).verify(token)["sub"] == "real-bot"
    revoke_token(record=record, by=BY)
    with pytest.raises(example.TokenRefused, match="revoked"):
        example.Verifier(live_server.url, METADATA).verify(token)
    with pytest.raises(ValueError, match="media type"):
        example.fetch(f"{live_server.url}/.well-known/jwks.json", "application/statuslist+jwt")
