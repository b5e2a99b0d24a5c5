"""A provider ends sessions by a logout token, and nobody else does."""

import datetime
import json

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from providers.models import ConsoleSession, Identity, Provider, SpentLogoutToken
from providers.retention import SPENT_TOKENS_STAY, drop_old_sign_ins
from providers.signout import RECORDED_PER_MINUTE
from ssoconsole.platform import limits
from ssoconsole.platform.eventlog.models import Event
from tests.providers.signin.journey import Browser, register
from tests.providers.signin.test_sign_in_races import MANY
from tests.support.at_once import at_once
from tests.support.leaks import assert_without

ONE = datetime.timedelta(microseconds=1)
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def alice(op, provider, visitor):
    """Signed in, with the session id that the provider gave."""
    op.sid = "sid-1"
    visitor.sign_in(op)
    return visitor


@pytest.fixture
def elsewhere(op, alice):
    """The same person in another browser and another session of the provider."""
    op.sid = "sid-2"
    browser = Browser()
    browser.sign_in(op)
    return browser


def send(token, slug="corp", **extra):
    return Client(enforce_csrf_checks=True).post(
        f"/backchannel-logout/{slug}", form(logout_token=token), content_type=FORM, **extra
    )


FORM = "application/x-www-form-urlencoded"
PART = '--b\r\nContent-Disposition: form-data; name="logout_token"\r\n\r\n{}\r\n--b--\r\n'


def form(**fields):
    return "&".join(f"{name}={value}" for name, value in fields.items())


def refusal():
    return Event.objects.filter(action="backchannel_logout_refused").first()


@pytest.mark.parametrize("leeway", [0, 60, 300])
def test_a_used_token_is_remembered_until_no_leeway_takes_it_any_more(op, provider, alice, leeway):
    """Also through a cleanup at its very end, on a console that keeps nothing longer than it must."""
    Provider.objects.update(leeway=leeway)
    expires = int(timezone.now().timestamp()) + 120
    op.logout_token.claims["exp"] = expires
    token = op.make_logout_token(sub="subject-1")
    assert send(token).status_code == 200
    end = SpentLogoutToken.objects.get().expires_at
    assert end.timestamp() == expires + leeway
    for moment, left in ((end + SPENT_TOKENS_STAY, 1), (end + SPENT_TOKENS_STAY + ONE, 0)):
        drop_old_sign_ins(at=moment, keep=datetime.timedelta(days=30))
        assert SpentLogoutToken.objects.count() == left


class EndedSessionsTests:
    def test_the_session_is_dead_at_its_next_request_and_its_tokens_are_gone(self, op, alice):
        response = send(op.make_logout_token(sub="subject-1", sid="sid-1"))
        assert (response.status_code, response.content) == (200, b"")
        assert response["Cache-Control"] == "no-store"
        session = ConsoleSession.objects.get()
        assert (session.ended_by, session.id_token, session.refresh_token) == ("provider:corp", None, None)
        assert not alice.is_signed_in()
        assert Session.objects.count() == 0

    def test_it_is_on_record(self, op, alice):
        send(op.make_logout_token(sub="subject-1", sid="sid-1"))
        event = Event.objects.get(action="backchannel_logout")
        assert (event.actor, event.target, event.address) == ("provider:corp", "corp", "127.0.0.1")
        assert event.after == {"sub": "subject-1", "sid": "sid-1", "sessions": 1}

    def test_it_answers_without_a_cookie_and_needs_none(self, op, alice):
        assert not send(op.make_logout_token(sub="subject-1")).cookies

    @pytest.mark.parametrize(
        ("named", "alice_stays", "elsewhere_stays"),
        [
            ({"sub": "subject-1"}, False, False),
            ({"sid": "sid-1"}, False, True),
            ({"sid": "sid-1", "sub": None}, False, True),
            ({"sid": "", "sub": "subject-1"}, False, False),
            ({"sub": "subject-1", "sid": None}, False, False),
            ({"sub": "subject-1", "sid": "sid-2"}, True, False),
            ({"sub": "subject-2", "sid": "sid-1"}, True, True),
            ({"sub": "subject-2"}, True, True),
            ({"sid": "sid-3"}, True, True),
        ],
    )
    def test_exactly_the_sessions_that_it_speaks_of(
        self, op, alice, elsewhere, named, alice_stays, elsewhere_stays
    ):
        op.sid = None
        assert send(op.make_logout_token(**named)).status_code == 200
        assert (alice.is_signed_in(), elsewhere.is_signed_in()) == (alice_stays, elsewhere_stays)

    @pytest.mark.parametrize("sid", ["s", "x" * 255], ids=["short", "as long as may be"])
    def test_by_an_id_of_whatever_length_a_session_may_have(self, op, provider, visitor, sid):
        op.sid = sid
        visitor.sign_in(op)
        op.sid = None
        assert send(op.make_logout_token(sid=sid)).status_code == 200
        assert not visitor.is_signed_in()

    def test_a_session_of_that_person_whose_id_was_never_told_ends_too(self, op, provider, visitor):
        visitor.sign_in(op)
        send(op.make_logout_token(sub="subject-2", sid="sid-9"))
        assert visitor.is_signed_in()
        send(op.make_logout_token(sub="subject-1", sid="sid-9"))
        assert not visitor.is_signed_in()

    def test_another_providers_sessions_are_none_of_its_business(self, op, alice, another_scripted_provider):
        register(another_scripted_provider, slug="other", discovery=another_scripted_provider.metadata())
        another_scripted_provider.sid = "sid-1"
        token = another_scripted_provider.make_logout_token(sub="subject-1", sid="sid-1")
        assert send(token, slug="other").status_code == 200
        assert send(token, slug="corp").status_code == 400
        assert alice.is_signed_in()

    def test_of_two_registrations_at_one_issuer_each_has_its_own_sessions(self, op, alice):
        register(op, slug="other", discovery=op.metadata())
        Provider.objects.filter(slug="other").update(discovery=op.metadata())
        assert send(op.make_logout_token(sub="subject-1"), slug="other").status_code == 200
        assert alice.is_signed_in()
        assert send(op.make_logout_token(sub="subject-1"), slug="corp").status_code == 200
        assert not alice.is_signed_in()

    def test_a_disabled_provider_is_still_heard(self, op, alice):
        Provider.objects.update(enabled=False)
        assert send(op.make_logout_token(sub="subject-1")).status_code == 200
        assert ConsoleSession.objects.get().ended_at is not None

    @pytest.mark.parametrize("charset", ["UTF-8", "iso-8859-1", "us-ascii"])
    def test_a_form_may_name_any_charset_that_reads_a_token_alike(self, op, alice, charset):
        body = form(logout_token=op.make_logout_token(sub="subject-1"))
        content_type = f"{FORM}; charset={charset}"
        answer = Client().generic("POST", "/backchannel-logout/corp", body, content_type=content_type)
        assert answer.status_code == 200
        assert not alice.is_signed_in()

    def test_its_times_may_have_a_fraction(self, op, alice):
        now = timezone.now().timestamp()
        op.logout_token.claims.update(iat=now, exp=now + 120.5, nbf=now - 0.5)
        assert send(op.make_logout_token(sub="subject-1")).status_code == 200
        assert not alice.is_signed_in()

    @pytest.mark.parametrize("typ", ["logout+jwt", "LOGOUT+JWT", "application/logout+jwt", "JWT", None])
    def test_the_types_that_logout_tokens_have(self, op, alice, typ):
        op.logout_token.header["typ"] = typ
        if typ is None:
            op.logout_token.remove_header("typ")
        assert send(op.make_logout_token(sub="subject-1")).status_code == 200

    def test_clocks_may_differ_by_the_leeway(self, op, alice):
        op.logout_token.shift("iat", 50).shift("exp", -150)
        assert send(op.make_logout_token(sub="subject-1")).status_code == 200

    def test_keys_that_were_rotated_are_fetched(self, op, alice):
        op.jwks.rotate()
        assert send(op.make_logout_token(sub="subject-1")).status_code == 200
        assert not alice.is_signed_in()

    def test_a_shared_secret_signs_where_that_is_registered(self, op, visitor):
        op.client.id_token_signed_response_alg = "HS256"
        op.client.client_secret = "s" * 32
        register(op, signing_algs=["HS256"])
        visitor.sign_in(op)
        assert send(op.make_logout_token(sub="subject-1")).status_code == 200
        assert not visitor.is_signed_in()

    @pytest.mark.parametrize(("trusted", "status"), [(["project"], 200), ([], 400), (["other"], 400)])
    def test_an_audience_that_the_registration_trusts_is_no_stranger(self, op, alice, trusted, status):
        Provider.objects.update(trusted_audiences=trusted)
        op.logout_token.claims["aud"] = ["console", "project"]
        token = op.make_logout_token(sub="subject-1")
        assert send(token).status_code == status
        assert alice.is_signed_in() is (status != 200)

    def test_it_costs_four_statements(self, op, alice, django_assert_num_queries):
        token = op.make_logout_token(sub="subject-1", sid="sid-1")
        # provider; savepoint, spent token, sessions, event, release
        with django_assert_num_queries(6):
            assert send(token).status_code == 200


def encryption_key(op):
    op.jwks.publish(op.keys.rsa_enc.jwk())


BENT = {
    "another issuer": (lambda t: t.append("iss"), "issuer_mismatch"),
    "no issuer": (lambda t: t.remove("iss"), "missing_claim"),
    "another audience": (lambda t: t.append("aud", "INVALID"), "audience_mismatch"),
    "one audience too many": (lambda t: t.change("aud", lambda aud: [aud, "other"]), "audience_mismatch"),
    "no audience": (lambda t: t.remove("aud"), "missing_claim"),
    "no iat": (lambda t: t.remove("iat"), "missing_claim"),
    "issued in an hour": (lambda t: t.shift("iat", 3600).shift("exp", 3600), "issued_in_the_future"),
    "no exp": (lambda t: t.remove("exp"), "missing_claim"),
    "expired": (lambda t: t.shift("iat", -600).shift("exp", -600), "expired"),
    "valid for a quarter of an hour": (lambda t: t.shift("exp", 780), "valid_too_long"),
    "valid since yesterday": (lambda t: t.shift("iat", -86400), "valid_too_long"),
    "not valid yet": (lambda t: t.claims.update(nbf=4_000_000_000) or t, "not_yet_valid"),
    "no events": (lambda t: t.remove("events"), "logout_event_missing"),
    "another event": (
        lambda t: t.claims.update(events={"http://schemas.openid.net/event/foobar": {}}) or t,
        "logout_event_missing",
    ),
    "events as a list": (lambda t: t.claims.update(events=[EVENT]) or t, "logout_event_missing"),
    "events as text": (lambda t: t.claims.update(events=EVENT) or t, "logout_event_missing"),
    "an event of null": (lambda t: t.claims.update(events={EVENT: None}) or t, "logout_event_missing"),
    "an event of true": (lambda t: t.claims.update(events={EVENT: True}) or t, "logout_event_missing"),
    "a nonce": (lambda t: t.claims.update(nonce="n") or t, "nonce_forbidden"),
    "an empty nonce": (lambda t: t.claims.update(nonce="") or t, "nonce_forbidden"),
    "a nonce of null": (lambda t: t.claims.update(nonce=None) or t, "nonce_forbidden"),
    "nobody but null": (lambda t: t.claims.update(sub=None, sid=None) or t, "nobody_named"),
    "a jti of null": (lambda t: t.claims.update(jti=None) or t, "missing_claim"),
    "events of null": (lambda t: t.claims.update(events=None) or t, "logout_event_missing"),
    "neither sub nor sid": (lambda t: t.remove("sub", "sid"), "nobody_named"),
    "an empty sid alone": (lambda t: t.remove("sub").claims.update(sid="") or t, "nobody_named"),
    "an empty sub": (lambda t: t.claims.update(sub="") or t, "claim_refused"),
    "a sid that is a number": (lambda t: t.claims.update(sid=1) or t, "claim_refused"),
    "a long sid": (lambda t: t.claims.update(sid="x" * 256) or t, "claim_refused"),
    "a NUL in sid": (lambda t: t.claims.update(sid="\0") or t, "claim_refused"),
    "no jti": (lambda t: t.remove("jti"), "missing_claim"),
    "an empty jti": (lambda t: t.claims.update(jti="") or t, "claim_refused"),
    "an ID token's explicit type": (lambda t: t.header.update(typ="id_token+jwt") or t, "token_type_refused"),
    "an access token's type": (lambda t: t.header.update(typ="at+jwt") or t, "token_type_refused"),
    "unsigned": (lambda t: t.alg_none(), "algorithm_refused"),
    "a good signature by another algorithm": (lambda t: t.sign_with(alg="ES256"), "algorithm_refused"),
    "a MAC with the public key": (lambda t: t.hs256_with_public_key(), "algorithm_refused"),
    "a broken signature": (lambda t: t.break_signature(), "signature_invalid"),
    "a stranger's key": (lambda t: t.sign_with(key=t.provider.keys.stranger), "unknown_key"),
    "no token": (lambda t: t.raw(""), "token_malformed"),
    "no JWT": (lambda t: t.raw("garbage"), "token_malformed"),
    "five parts": (lambda t: t.raw("a.b.c.d.e"), "header_refused"),
    "twenty thousand letters": (lambda t: t.raw("a" * 20_000), "token_malformed"),
    "seventy thousand letters": (lambda t: t.raw("a" * 70_000), "token_too_large"),
    "a duplicate member": (lambda t: t.raw_payload(b'{"sub": "a", "sub": "b"}'), "token_malformed"),
}


class RefusedTokenTests:
    @pytest.mark.parametrize(("bend", "code"), BENT.values(), ids=BENT.keys())
    def test_it_is_refused_and_nothing_has_changed(self, op, alice, bend, code):
        bend(op.logout_token)
        response = send(op.make_logout_token(sub="subject-1", sid="sid-1"))
        assert_refused(response, code)
        assert alice.is_signed_in()

    def test_an_id_token_signs_nobody_out(self, op, alice):
        op.logout_token.header["typ"] = "JWT"
        assert_refused(send(op.issued_tokens[0]), "logout_event_missing")
        assert alice.is_signed_in()

    def test_a_token_counts_once(self, op, alice):
        token = op.make_logout_token(sub="subject-1")
        assert send(token).status_code == 200
        again = Browser()
        again.sign_in(op)
        response = send(token)
        assert response.status_code == 400
        assert refusal().outcome == "logout_token_used"
        assert again.is_signed_in()

    def test_the_same_jti_in_another_token_counts_as_the_same(self, op, alice):
        op.logout_token.claims["jti"] = "one"
        assert send(op.make_logout_token(sub="somebody")).status_code == 200
        assert send(op.make_logout_token(sub="subject-1")).status_code == 400
        assert alice.is_signed_in()

    def test_two_providers_may_use_the_same_jti(self, op, alice, another_scripted_provider):
        register(another_scripted_provider, slug="other", discovery=another_scripted_provider.metadata())
        for each, slug in ((another_scripted_provider, "other"), (op, "corp")):
            each.logout_token.claims["jti"] = "one"
            assert send(each.make_logout_token(sub="subject-1"), slug=slug).status_code == 200
        assert not alice.is_signed_in()

    def test_an_unknown_provider_looks_like_a_refused_token(self, op, alice):
        token = op.make_logout_token(sub="subject-1")
        unknown, refused = send(token, slug="nobody"), send("garbage")
        assert (unknown.status_code, unknown.content) == (refused.status_code, refused.content)
        assert unknown["Cache-Control"] == "no-store"
        assert Event.objects.filter(action="backchannel_logout_refused").count() == 1
        assert alice.is_signed_in()


def assert_refused(response, code):
    assert response.status_code == 400
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Type"] == "application/json"
    assert json.loads(response.content) == {
        "error": "invalid_request",
        "error_description": "The logout token was refused.",
    }
    event = refusal()
    assert (event.outcome, event.target, event.actor) == (code, "corp", "stranger")
    assert event.after["expected"]
    assert SpentLogoutToken.objects.count() == 0
    assert not Event.objects.filter(action="backchannel_logout").exists()
    assert ConsoleSession.objects.get().ended_at is None


class RefusedFormTests:
    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            ("", FORM),
            ("token={}", FORM),
            ("logout_token={0}&logout_token={0}", FORM),
            ("logout_token={}", "text/plain"),
            ('{{"logout_token": "{}"}}', "application/json"),
            (PART, "multipart/form-data; boundary=b"),
            ("logout_token={}", ""),
            ("logout_token={}", f"{FORM}; charset=utf-16"),
            ("logout_token={}" + "&x=1" * 3000, FORM),
        ],
    )
    def test_only_a_form_with_one_token_is_read(self, op, alice, body, content_type):
        body = body.format(op.make_logout_token(sub="subject-1"))
        response = Client().generic("POST", "/backchannel-logout/corp", body, content_type=content_type)
        assert_refused(response, "logout_form_refused")
        assert alice.is_signed_in()

    def test_a_token_in_the_address_is_not_read(self, op, alice):
        path = f"/backchannel-logout/corp?logout_token={op.make_logout_token(sub='subject-1')}"
        assert Client().post(path, "", content_type=FORM).status_code == 400
        assert alice.is_signed_in()

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
    def test_there_is_no_other_method(self, op, alice, method):
        path = f"/backchannel-logout/corp?logout_token={op.make_logout_token(sub='subject-1')}"
        response = Client().generic(method, path)
        assert (response.status_code, response["Cache-Control"]) == (405, "no-store")
        assert alice.is_signed_in()


class StrangersTests:
    @pytest.fixture(autouse=True)
    def _one_minute(self, op):
        with time_machine.travel(timezone.now().replace(second=1), tick=False):
            yield

    def test_a_flood_of_garbage_is_a_bounded_number_of_rows(self, alice):
        before = Event.objects.count()
        answers = {send("garbage").status_code for _ in range(RECORDED_PER_MINUTE + 15)}
        assert answers == {400}
        assert Event.objects.count() == before + RECORDED_PER_MINUTE
        send("garbage", REMOTE_ADDR="192.0.2.9")
        assert Event.objects.count() == before + RECORDED_PER_MINUTE + 1

    def test_after_a_minute_refusals_are_rows_again(self, own_cache, alice):
        for _ in range(RECORDED_PER_MINUTE + 1):
            send("garbage")
        before = Event.objects.count()
        with time_machine.travel(timezone.now() + datetime.timedelta(seconds=60), tick=False):
            send("garbage")
        assert Event.objects.count() == before + 1

    def test_a_flood_keeps_no_logout_out(self, op, alice):
        for _ in range(RECORDED_PER_MINUTE + 5):
            send("garbage")
        assert send(op.make_logout_token(sub="subject-1")).status_code == 200

    def test_a_flood_of_unknown_keys_costs_three_fetches_and_no_sign_in(self, op, alice):
        fetched = len(op.requests_to("jwks"))
        op.logout_token.sign_with(key=op.keys.stranger)
        token = op.make_logout_token(sub="subject-1")
        for _ in range(10):
            assert send(token).status_code == 400
        assert len(op.requests_to("jwks")) == fetched + 3
        op.jwks.rotate()
        assert Browser().sign_in(op).status_code == 302  # the sign-ins have tries of their own

    def test_a_flood_at_a_provider_without_kept_keys_costs_three_fetches(self, op, unread):
        op.jwks.html(500)
        answers = [send("garbage") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [503] * 6
        assert len(op.requests_to("jwks")) <= 6  # three, each with a second try

    def test_without_a_cache_everything_is_recorded_and_checked(self, op, alice, monkeypatch):
        def breaks(*args, **kwargs):
            raise OSError

        monkeypatch.setattr(limits.cache, "incr", breaks)
        before = Event.objects.count()
        assert [send("garbage").status_code for _ in range(3)] == [400] * 3
        assert Event.objects.count() == before + 3
        assert send(op.make_logout_token(sub="subject-1")).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_token_that_arrives_many_times_at_once_counts_once(scripted_provider):
    register(scripted_provider)
    browser = Browser()
    browser.sign_in(scripted_provider)
    token = scripted_provider.make_logout_token(sub="subject-1")
    assert sorted(at_once(lambda n: send(token).status_code, MANY)) == [200] + [400] * (MANY - 1)
    assert Event.objects.filter(action="backchannel_logout").count() == 1
    assert not browser.is_signed_in()


def test_a_provider_without_keys_may_try_again(op, alice):
    token = op.make_logout_token(sub="subject-1")
    Provider.objects.update(jwks=None, jwks_fetched_at=None)
    op.go_down()
    response = send(token)
    assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (
        503,
        "60",
        "no-store",
    )
    assert response.json()["error"] == "temporarily_unavailable"
    assert refusal().outcome == "provider_unreachable"
    assert alice.is_signed_in()
    op.come_back()
    assert send(token).status_code == 200
    assert not alice.is_signed_in()


def test_the_last_good_keys_serve_while_the_provider_is_down(op, alice):
    token = op.make_logout_token(sub="subject-1")
    op.go_down()
    assert send(token).status_code == 200
    assert not alice.is_signed_in()


def test_nothing_of_the_token_is_in_the_log_or_the_event(op, alice, caplog):
    op.logout_token.break_signature()
    token = op.make_logout_token(sub="subject-1")
    send(token)
    assert_without(caplog.text, token)
    assert_without(str(Event.objects.values_list("after", flat=True)), token)


def test_the_clean_up_drops_used_tokens_that_have_expired(op, alice):
    send(op.make_logout_token(sub="somebody"))
    call_command("cleanup", verbosity=0)
    assert SpentLogoutToken.objects.count() == 1
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=70)):
        call_command("cleanup", verbosity=0)
    assert SpentLogoutToken.objects.count() == 0


def test_the_person_and_her_identity_stay(op, alice):
    send(op.make_logout_token(sub="subject-1"))
    assert (get_user_model().objects.count(), Identity.objects.count()) == (1, 1)
    assert alice.sign_in(op).status_code == 302
