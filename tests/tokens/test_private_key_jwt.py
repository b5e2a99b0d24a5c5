"""A bot proves itself by a JWT that it has signed (RFC 7523, rfc7523bis): what counts, and all that does not."""

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta

import pytest
import time_machine
from assertions import MAKERS, KeyHost, Signer, by_assertion
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone
from tokens_cast import BASE_URL, OAuth, but_for_the_reference, state

from ssoconsole.platform.jose.errors import ClaimRefused, IssuerMismatch
from tests.support.at_once import at_once
from tests.support.leaks import assert_without
from tokens.bots.services import disable_bot
from tokens.credentials.keyless import set_public_keys
from tokens.credentials.services import retire_credential
from tokens.models import Bot, Credential, RemoteKeys, SpentAssertion, TokenRecord
from tokens.protocol.client_authentication import ALGORITHMS, check_assertion, hash_of_use

BOT = "ingestion-bot"


@pytest.fixture(scope="module")
def mine():
    return Signer()


@pytest.fixture(scope="module")
def foreign():
    """The key of the other bot; its kid is the same."""
    return Signer()


@pytest.fixture
def keys(bot, other_bot, mine, foreign, by):
    set_public_keys(bot=other_bot, jwks=foreign.jwks, jwks_uri=None, by=by)
    return set_public_keys(bot=bot, jwks=mine.jwks, jwks_uri=None, by=by)


@pytest.fixture
def host():
    host = KeyHost()
    yield host
    host.close()


def fetched(oauth, assertion, **more):
    return oauth.token(**by_assertion(assertion, **more))


def refused(oauth, assertion, *, status=401, error="invalid_client", **more):
    """The answer is this refusal, and nothing has changed by it, in any table."""
    before = state(), list(SpentAssertion.objects.values())
    answer = fetched(oauth, assertion, **more)
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.content
    assert ("WWW-Authenticate" in answer) == (status == 401)
    assert (state(), list(SpentAssertion.objects.values())) == before
    return answer


def encoded(part):
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims_of(assertion):
    payload = assertion.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_an_end_that_is_too_far_is_told_as_a_date():
    claims = {"iss": BOT, "sub": BOT, "aud": BASE_URL, "iat": 0, "exp": 90_000, "jti": "1"}
    with pytest.raises(ClaimRefused) as refused:
        check_assertion(claims, client_id=BOT, issuer=BASE_URL, now=0)
    told = refused.value.expected, refused.value.received
    assert told == ("exp up to 1970-01-01 00:10:30 UTC", "1970-01-02 01:00:00 UTC, in 1 day")


def in_seconds(seconds):
    return int(time.time()) + seconds


class AcceptedTests:
    def test_a_bot_fetches_a_token_without_any_secret(self, oauth, keys, mine):
        answer = fetched(oauth, mine.assertion(BOT))
        assert answer.status_code == 200, answer.content
        assert TokenRecord.objects.get().credential == keys
        keys.refresh_from_db()
        assert keys.last_used_at
        assert keys.last_used_from == "127.0.0.1"

    def test_the_token_can_be_introspected_and_revoked_by_assertions_too(self, oauth, keys, mine):
        token = fetched(oauth, mine.assertion(BOT)).json()["access_token"]
        for path, expected in [("introspect", True), ("revoke", None), ("introspect", False)]:
            body = {"token": token, **by_assertion(mine.assertion(BOT))}
            answer = oauth.post(f"/oauth/{path}", body)
            assert answer.status_code == 200
            assert expected is None or answer.json()["active"] is expected

    @pytest.mark.parametrize(
        "changes",
        [
            {"aud": [BASE_URL]},  # oidcc-ensure-client-assertion-with-iss-aud-succeeds
            {"nbf": 8},  # -nbf-8-seconds-in-the-future-is-accepted
            {"iat": 10, "nbf": 10, "exp": 70},
            {"iat": -590, "exp": 10},
            {"exp": 600},
            {"iat": -0.5, "nbf": -0.25, "exp": 60.75},
            {"nbf": -31_536_000},
            {"jti": "x" * 255},
            {"extra": {"a": [1]}, "iss": BOT},
        ],
        ids=str,
    )
    def test_what_the_standard_allows_is_accepted(self, oauth, keys, mine, changes):
        moments = {name: in_seconds(changes[name]) for name in ("iat", "nbf", "exp") if name in changes}
        assert fetched(oauth, mine.assertion(BOT, **{**changes, **moments})).status_code == 200

    @pytest.mark.parametrize("without", [("iat",), ("nbf",)])
    def test_optional_claims_may_be_absent(self, oauth, keys, mine, without):
        assert fetched(oauth, mine.assertion(BOT, without=without)).status_code == 200

    @pytest.mark.parametrize("typ", ["JWT", "jwt", "client-authentication+jwt", None])
    def test_the_type_may_be_named(self, oauth, keys, mine, typ):
        assert fetched(oauth, mine.assertion(BOT, header={"typ": typ})).status_code == 200

    def test_the_client_id_may_stand_beside_it(self, oauth, keys, mine):
        assert fetched(oauth, mine.assertion(BOT), client_id=BOT).status_code == 200

    def test_keys_in_the_header_are_neither_used_nor_fetched(self, oauth, keys, mine, foreign, host):
        host.documents["/jwks"] = foreign.jwks
        for header in (
            {"jwk": mine.jwk},
            {"jwk": foreign.jwk},
            {"jku": f"{host.url}/jwks", "x5u": f"{host.url}/jwks"},
            {"x5c": ["AAAA"], "cty": "JWT"},
        ):
            assert fetched(oauth, mine.assertion(BOT, header=header)).status_code == 200
        assert host.asked == []

    def test_a_single_key_needs_no_kid(self, oauth, keys, mine):
        assert fetched(oauth, mine.assertion(BOT, header={"kid": None})).status_code == 200

    @pytest.mark.parametrize("alg", ["ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256"])
    def test_every_advertised_algorithm_works(self, oauth, bot, by, alg):
        signer = Signer(alg)
        set_public_keys(bot=bot, jwks=signer.jwks, jwks_uri=None, by=by)
        assert fetched(oauth, signer.assertion(BOT)).status_code == 200

    def test_a_key_that_is_registered_twice_is_one_key(self, oauth, bot, mine, by):
        again = {name: value for name, value in mine.jwk.items() if name not in ("use", "alg")}
        set_public_keys(bot=bot, jwks={"keys": [mine.jwk, again]}, jwks_uri=None, by=by)
        assert fetched(oauth, mine.assertion(BOT)).status_code == 200

    def test_a_bot_may_have_several_keys_and_a_secret_besides(self, oauth, bot, me, mine, by):
        newer = Signer(kid="key-2")
        set_public_keys(bot=bot, jwks={"keys": [mine.jwk, newer.jwk]}, jwks_uri=None, by=by)
        assert fetched(oauth, mine.assertion(BOT)).status_code == 200
        assert fetched(oauth, newer.assertion(BOT)).status_code == 200
        assert oauth.token(me).status_code == 200


REFUSED_CLAIMS = {
    "7523-2 iss of another bot": {"iss": "other-bot"},
    "7523-2 sub of another bot": {"sub": "other-bot"},
    "7523-2 iss in another case": {"iss": BOT.upper(), "sub": BOT.upper()},
    "7523-2 unknown bot": {"iss": "nobody", "sub": "nobody"},
    "7523-3 client-assertion-with-wrong-aud-fails": {"aud": "https://other.example"},
    "7523-3 token-endpoint-url-as-audience-fails": {"aud": f"{BASE_URL}/oauth/token"},
    "7523-3 array-as-audience-fails": {"aud": [BASE_URL, f"{BASE_URL}/oauth/token"]},
    "7523-3 issuer and somebody else": {"aud": [BASE_URL, "https://other.example"]},
    "7523-3 issuer with a slash": {"aud": f"{BASE_URL}/"},
    "7523-3 empty array": {"aud": []},
    "7523-3 no text": {"aud": 7},
    "7523-4 exp-is-5-minutes-in-past-fails": {"exp": -300},
    "7523-4 exp far ahead": {"exp": 660},
    "7523-4 exp a year ahead": {"exp": 31_536_000},
    "7523-4 nbf-over-60-seconds-in-the-future-fails": {"nbf": 61},
    "7523-4 iat over 60 seconds in the future": {"iat": 61},
    "7523-4 iat a year ago": {"iat": -31_536_000},
    "7523-5 empty jti": {"jti": ""},
    "7523-5 long jti": {"jti": "x" * 256},
    "7523-5 jti that is no text": {"jti": 7},
    "7523-5 jti with NUL": {"jti": "a\0b"},
    "exp that is no number": {"exp": "soon"},
    "iss that is no text": {"iss": [BOT]},
    "iss with NUL": {"iss": "a\0b"},
    "iss that is a secret by mistake": {"iss": "bot_" + "x" * 40, "sub": "x"},
}
REFUSED_HEADERS = {
    "7523-8 at+jwt": {"typ": "at+jwt"},
    "7523-8 logout+jwt": {"typ": "logout+jwt"},
    "7523-8 dpop+jwt": {"typ": "dpop+jwt"},
    "7523-6 unknown kid": {"kid": "key-2"},
    "7523-6 crit": {"crit": ["kid"]},
}


class RefusedTests:
    @pytest.mark.parametrize("name", REFUSED_CLAIMS)
    def test_claims_that_do_not_count(self, oauth, keys, mine, name):
        changes = dict(REFUSED_CLAIMS[name])
        for moment in ("exp", "nbf", "iat"):
            if isinstance(changes.get(moment), int):
                changes[moment] = in_seconds(changes[moment])
        refused(oauth, mine.assertion(BOT, **changes))

    @pytest.mark.parametrize("claim", ["iss", "sub", "aud", "exp", "jti"])
    def test_a_required_claim_is_missing(self, oauth, keys, mine, claim):
        refused(oauth, mine.assertion(BOT, without=(claim,)))

    @pytest.mark.parametrize("name", REFUSED_HEADERS)
    def test_headers_that_do_not_count(self, oauth, keys, mine, name):
        refused(oauth, mine.assertion(BOT, header=REFUSED_HEADERS[name]))

    def test_the_key_of_another_bot_under_the_same_kid(self, oauth, keys, foreign):
        refused(oauth, foreign.assertion(BOT))

    def test_the_key_of_another_bot_that_names_itself_as_issuer(self, oauth, keys, foreign):
        refused(oauth, foreign.assertion("other-bot", sub=BOT))
        refused(oauth, foreign.assertion("other-bot"), client_id=BOT)

    def test_a_key_that_comes_with_the_assertion(self, oauth, keys, host):
        stranger = Signer()
        host.documents["/jwks"] = stranger.jwks
        for header in (
            {"jwk": stranger.jwk},
            {"jku": f"{host.url}/jwks"},
            {"x5u": f"{host.url}/jwks"},
            {"x5c": ["AAAA"]},
        ):
            refused(oauth, stranger.assertion(BOT, header=header))
        assert host.asked == []

    def test_no_signature_at_all(self, oauth, keys, mine):
        payload = mine.assertion(BOT).split(".")[1]
        for alg in ("none", "None", "noNE", ""):
            refused(oauth, f"{encoded({'alg': alg})}.{payload}.")

    def test_the_public_key_as_the_secret_of_a_mac(self, oauth, bot, by):
        signer = Signer("RS256")
        set_public_keys(bot=bot, jwks=signer.jwks, jwks_uri=None, by=by)
        payload = signer.assertion(BOT).split(".")[1]
        text = f"{encoded({'alg': 'HS256', 'kid': 'key-1'})}.{payload}"
        for secret in (signer.key.as_pem(private=False), json.dumps(signer.jwk).encode()):
            signature = hmac.digest(secret, text.encode(), hashlib.sha256)
            refused(oauth, f"{text}.{encoded(signature)}")

    def test_client_secret_jwt_is_not_served(self, oauth, keys, me):
        payload = Signer().assertion(BOT).split(".")[1]
        text = f"{encoded({'alg': 'HS256'})}.{payload}"
        refused(oauth, f"{text}.{encoded(hmac.digest(me[1].encode(), text.encode(), hashlib.sha256))}")

    def test_a_signature_of_another_text(self, oauth, keys, mine):
        header, payload, signature = mine.assertion(BOT).split(".")
        refused(
            oauth, f"{header}.{encoded({**claims_of(f'.{payload}.'), 'exp': in_seconds(500)})}.{signature}"
        )
        refused(oauth, f"{header}.{payload}.{signature[:-4]}AAAA")

    @pytest.mark.parametrize(
        "text",
        ["x", "a.b", "a.b.c", "a.b.c.d.e", "..", "....", "{}", " ", "é.é.é", "x" * 40_000, "e30.e30.e30"],
        ids=lambda text: text[:12],
    )
    def test_what_is_no_jwt(self, oauth, keys, text):
        refused(oauth, text)

    def test_two_jwts_in_one(self, oauth, keys, mine):
        refused(oauth, f"{mine.assertion(BOT)} {mine.assertion(BOT)}")

    def test_a_client_id_that_is_not_the_issuer(self, oauth, keys, mine):
        refused(oauth, mine.assertion(BOT), client_id="other-bot")

    @pytest.mark.parametrize("path", ["token", "introspect", "revoke"])
    @pytest.mark.parametrize(
        "kind", [None, "", "jwt", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"]
    )
    def test_another_type_of_assertion(self, oauth, keys, mine, path, kind):
        body = {"grant_type": "client_credentials", "token": "x", "client_assertion": mine.assertion(BOT)}
        if kind is not None:
            body["client_assertion_type"] = kind
        answer = oauth.post(f"/oauth/{path}", body)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert not SpentAssertion.objects.exists()

    def test_a_type_without_an_assertion(self, oauth, keys):
        refused(oauth, "", client_id=BOT)

    def test_an_assertion_and_something_else(self, oauth, keys, me, mine):
        body = {"grant_type": "client_credentials", **by_assertion(mine.assertion(BOT))}
        for auth, more in ((me, {}), (None, {"client_secret": me[1], "client_id": BOT})):
            answer = oauth.post("/oauth/token", {**body, **more}, auth=auth)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        answer = oauth.post("/oauth/introspect", {"token": "x", **body}, auth="Bearer abc")
        assert answer.json()["error"] == "invalid_request"

    @pytest.mark.parametrize("name", ["client_assertion", "client_assertion_type"])
    def test_an_assertion_in_the_url(self, oauth, keys, mine, name):
        answer = oauth.post(f"/oauth/token?{name}=x", {"grant_type": "client_credentials"})
        assert answer.json()["error"] == "invalid_request"

    def test_a_bot_without_keys(self, oauth, bot, me, mine):
        refused(oauth, mine.assertion(BOT))

    def test_a_bot_that_is_disabled(self, oauth, bot, keys, mine, by):
        disable_bot(bot=bot, by=by)
        refused(oauth, mine.assertion(BOT))

    def test_keys_that_are_retired(self, oauth, keys, mine, by):
        retire_credential(credential=keys, by=by)
        refused(oauth, mine.assertion(BOT))

    def test_keys_that_have_expired(self, oauth, keys, mine):
        Credential.objects.filter(pk=keys.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        refused(oauth, mine.assertion(BOT))

    def test_a_foreign_network(self, oauth, keys, mine):
        Bot.objects.update(allowed_networks=["192.0.2.0/24"])
        assertion = mine.assertion(BOT)
        refused(oauth, assertion)
        Bot.objects.update(allowed_networks=[])
        assert fetched(oauth, assertion).status_code == 200  # a thief on a foreign network has not used it up

    def test_stored_keys_that_are_none_any_more(self, oauth, keys, mine):
        Credential.objects.filter(pk=keys.pk).update(public_keys={"keys": 7})
        refused(oauth, mine.assertion(BOT))

    def test_every_refusal_looks_the_same(self, oauth, bot, keys, me, mine, foreign):
        answers = [
            refused(oauth, mine.assertion("nobody")),
            refused(oauth, foreign.assertion(BOT)),
            refused(oauth, mine.assertion(BOT, exp=in_seconds(-300))),
            refused(oauth, "x.y.z"),
            oauth.token((me[0], "wrong")),
        ]
        assert len({(but_for_the_reference(answer), answer["WWW-Authenticate"]) for answer in answers}) == 1

    def test_the_log_tells_the_cause_and_not_the_assertion(self, oauth, keys, mine, capsys, caplog):
        assertion = mine.assertion(BOT, aud=f"{BASE_URL}/oauth/token")
        refused(oauth, assertion)
        printed = capsys.readouterr()
        logged = caplog.text + printed.out + printed.err
        assert "audience_mismatch" in logged
        assert BOT in logged
        assert_without(logged, assertion)
        assert_without(logged, assertion.split(".")[2])

    def test_too_many_failures_are_told_to_wait_and_good_assertions_go_on_working(self, oauth, keys, mine):
        bad = mine.assertion(BOT, exp=in_seconds(-300))
        for _ in range(20):
            assert "Retry-After" not in fetched(oauth, bad)
        assert fetched(oauth, bad)["Retry-After"] == "60"
        assert fetched(oauth, mine.assertion(BOT)).status_code == 200


class SingleUseTests:
    def test_an_assertion_counts_once(self, oauth, keys, mine):
        assertion = mine.assertion(BOT)
        assert fetched(oauth, assertion).status_code == 200
        refused(oauth, assertion)

    def test_once_means_at_all_endpoints_together(self, oauth, keys, mine):
        assertion = mine.assertion(BOT)
        assert oauth.post("/oauth/revoke", {"token": "x", **by_assertion(assertion)}).status_code == 200
        refused(oauth, assertion)

    def test_another_signature_over_the_same_jti_is_the_same_use(self, oauth, keys, mine):
        assert fetched(oauth, mine.assertion(BOT, jti="once")).status_code == 200
        refused(oauth, mine.assertion(BOT, jti="once", exp=in_seconds(120)))

    def test_two_bots_may_have_the_same_jti(self, oauth, keys, mine, foreign):
        assert fetched(oauth, mine.assertion(BOT, jti="once")).status_code == 200
        assert fetched(oauth, foreign.assertion("other-bot", jti="once")).status_code == 200

    def test_a_use_that_cannot_be_written_down_is_refused(self, oauth, keys, mine, monkeypatch):
        def away(*args, **kwargs):
            raise OperationalError("disk full")

        monkeypatch.setattr("tokens.credentials.own_keys.SpentAssertion.objects.create", away)
        refused(oauth, mine.assertion(BOT), status=503, error="temporarily_unavailable")

    def test_a_failed_request_uses_its_assertion_up(self, oauth, keys, mine):
        assertion = mine.assertion(BOT)
        assert fetched(oauth, assertion, scope="nonsense").json()["error"] == "invalid_scope"
        refused(oauth, assertion)

    def test_cleanup_forgets_only_what_is_too_old_to_be_used_again(self, oauth, keys, mine):
        assertion = mine.assertion(BOT, exp=in_seconds(600))
        assert fetched(oauth, assertion).status_code == 200
        now = timezone.now()
        with time_machine.travel(now + timedelta(minutes=12), tick=False):
            call_command("cleanup")
            assert SpentAssertion.objects.count() == 1
        with time_machine.travel(now + timedelta(hours=2), tick=False):
            call_command("cleanup")
            assert not SpentAssertion.objects.exists()
            refused(oauth, assertion)


@pytest.mark.django_db(transaction=True)
class ManyAtOnceTests:
    def test_of_several_uses_at_once_exactly_one_counts(self, transactional_db, keys, mine):
        assertion = mine.assertion(BOT)

        def use(_):
            return OAuth().token(**by_assertion(assertion)).status_code

        assert sorted(at_once(use, 4)) == [200, 401, 401, 401]
        assert TokenRecord.objects.count() == SpentAssertion.objects.count() == 1


class KeysElsewhereTests:
    """The bot publishes its keys at an address of its own."""

    @pytest.fixture
    def published(self, bot, host, mine, by):
        host.documents["/jwks"] = mine.jwks
        return set_public_keys(bot=bot, jwks=None, jwks_uri=f"{host.url}/jwks", by=by)

    @pytest.mark.parametrize(
        "media_type",
        ["application/jwk-set+json", "text/plain", "application/octet-stream", "application/jose+json"],
    )
    def test_a_file_server_may_call_them_what_it_likes(self, oauth, published, host, mine, media_type):
        host.media_type = media_type
        assert fetched(oauth, mine.assertion(BOT)).status_code == 200

    def test_a_page_is_no_key_set(self, oauth, published, host, mine):
        host.media_type = "text/html"
        refused(oauth, mine.assertion(BOT))

    def test_its_keys_are_fetched_once_an_hour(self, oauth, published, host, mine):
        for _ in range(3):
            assert fetched(oauth, mine.assertion(BOT)).status_code == 200
        assert host.asked == ["/jwks"]
        with time_machine.travel(timezone.now() + timedelta(minutes=61)):
            assert fetched(oauth, mine.assertion(BOT)).status_code == 200
        assert host.asked == ["/jwks"] * 2

    def test_a_new_key_works_at_once_and_the_old_one_no_more(self, oauth, published, host, mine):
        """oidcc-refresh-token-rp-key-rotation, from the bot's side."""
        assert fetched(oauth, mine.assertion(BOT)).status_code == 200
        newer = Signer(kid="key-2")
        host.documents["/jwks"] = newer.jwks
        assert fetched(oauth, newer.assertion(BOT)).status_code == 200
        refused(oauth, mine.assertion(BOT))

    def test_a_stranger_can_neither_flood_the_address_nor_use_up_its_tries(
        self, oauth, published, host, mine, foreign
    ):
        for number in range(10):
            assert fetched(oauth, foreign.assertion(BOT, header={"kid": str(number)})).status_code == 401
        assert len(host.asked) == 3
        assert fetched(oauth, mine.assertion(BOT)).status_code == 200

    def test_the_last_good_copy_serves_for_a_day(self, oauth, published, host, mine):
        assert fetched(oauth, mine.assertion(BOT)).status_code == 200
        host.documents["/jwks"] = b"an error page"
        start = timezone.now()
        with time_machine.travel(start + timedelta(hours=23)):
            assert fetched(oauth, mine.assertion(BOT)).status_code == 200
        with time_machine.travel(start + timedelta(hours=25)):
            assert fetched(oauth, mine.assertion(BOT)).status_code == 401

    @pytest.mark.parametrize(
        "document",
        [None, b"", b"<html>", b"[]", {"keys": 7}, {"keys": []}, b'{"keys": [], "x": "\\u0000"}'],
        ids=str,
    )
    def test_without_keys_nobody_comes_in(self, oauth, published, host, mine, document):
        host.documents["/jwks"] = document
        assert fetched(oauth, mine.assertion(BOT)).status_code == 401
        assert not TokenRecord.objects.exists()

    def test_an_address_inside_the_machine_is_for_development(self, oauth, published, host, mine, settings):
        settings.ALLOW_LOOPBACK_PROVIDERS = False
        assert fetched(oauth, mine.assertion(BOT)).status_code == 401
        assert host.asked == []

    def test_without_the_cache_each_process_counts_for_itself(
        self, oauth, published, host, mine, foreign, monkeypatch
    ):
        def away(*args, **kwargs):
            raise ConnectionError("no cache")

        monkeypatch.setattr("ssoconsole.platform.limits.cache.add", away)
        monkeypatch.setattr("ssoconsole.platform.limits._local", {})
        assert fetched(oauth, mine.assertion(BOT)).status_code == 200
        for number in range(5):
            assert fetched(oauth, foreign.assertion(BOT, header={"kid": str(number)})).status_code == 401
        assert len(host.asked) == 3

    def test_a_change_of_keys_is_an_event(self, oauth, published, host, mine):
        from ssoconsole.platform.eventlog.models import Event

        fetched(oauth, mine.assertion(BOT))
        event = Event.objects.get(action="remote_keys_changed")
        assert (event.target, event.after) == (f"{host.url}/jwks", {"kids": ["key-1"]})
        assert RemoteKeys.objects.get().jwks == mine.jwks


def test_each_algorithm_of_the_tests_is_known():
    assert set(ALGORITHMS) <= set(MAKERS)


def test_a_use_is_of_one_issuer():
    """Two bots may draw the same `jti`, and no issuer and `jti` run together into those of another pair."""
    uses = [("a", "b"), ("b", "b"), ("a", "a"), ("ab", ""), ("", "ab"), ("a", "\0b")]
    assert len({hash_of_use(issuer=issuer, jti=jti) for issuer, jti in uses}) == len(uses)


def test_an_assertion_is_checked_against_the_bot_whose_key_it_was():
    claims = {"iss": "a", "sub": "a", "aud": BASE_URL, "exp": 1_000, "jti": "x"}
    check_assertion(claims, client_id="a", issuer=BASE_URL, now=990)
    with pytest.raises(IssuerMismatch):
        check_assertion(claims, client_id="b", issuer=BASE_URL, now=990)
