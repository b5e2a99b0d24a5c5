"""Tokens are verified with the provider's keys: fetched once, again when he rotates, and kept through an outage."""

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from providers import errors
from providers.metadata import may_refetch, store_keys, verify_token
from providers.models import Provider
from ssoconsole.platform import limits
from ssoconsole.platform.jose import errors as jose
from ssoconsole.platform.jose.verify import ID_TOKEN, LOGOUT_TOKEN
from tests.providers.registrations import provider_events, registered_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def corp(scripted_provider):
    return registered_at(scripted_provider)


@pytest.fixture(autouse=True)
def _no_local_count():
    limits._local.clear()


class CacheThatIsDown:
    def add(self, *args, **kwargs):
        raise ConnectionError


def token(op, **claims):
    return op.id_token.issue({"iss": op.issuer, "sub": "subject-1", "iat": int(time.time())} | claims)


def verify(provider, text, types=ID_TOKEN):
    return verify_token(Provider.objects.get(pk=provider.pk), text, types=types)


def fetches(op):
    return len(op.requests_to("jwks"))


def age(provider, **ago):
    Provider.objects.filter(pk=provider.pk).update(jwks_fetched_at=timezone.now() - timedelta(**ago))


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"])
def test_every_asymmetric_algorithm_among_keys_that_cannot_be_used(scripted_provider, alg):
    scripted_provider.client.id_token_signed_response_alg = alg
    provider = registered_at(scripted_provider)
    assert verify(provider, token(scripted_provider)).claims["sub"] == "subject-1"


def test_hs256_uses_the_client_secret_and_asks_for_no_keys(scripted_provider):
    scripted_provider.client.id_token_signed_response_alg = "HS256"
    provider = registered_at(scripted_provider)
    assert verify(provider, token(scripted_provider)).claims["sub"] == "subject-1"
    assert scripted_provider.requests == []
    provider.client_secret = "x" * 32
    provider.save()
    with pytest.raises(jose.SignatureInvalid):
        verify(provider, token(scripted_provider))


@pytest.mark.parametrize("secret", [None, "too short"])
def test_hs256_without_a_real_secret_verifies_nothing(scripted_provider, secret):
    provider = registered_at(scripted_provider, signing_algs=["HS256"], client_secret=secret)
    with pytest.raises(errors.KeysInvalid):
        verify(provider, token(scripted_provider))


def test_the_keys_are_fetched_once_and_kept_with_an_event(scripted_provider, corp):
    for _ in range(3):
        verify(corp, token(scripted_provider))
    assert fetches(scripted_provider) == 1
    corp.refresh_from_db()
    assert corp.jwks == {"keys": scripted_provider.jwks.keys}
    event = provider_events().get()
    assert (event.action, event.actor) == ("provider_keys_changed", "provider:corp")
    assert "rsa-1-g1" in event.after["kids"]


@pytest.mark.parametrize(
    ("bend", "outcome"),
    [
        (lambda jwt: jwt.break_signature(), jose.SignatureInvalid),
        (lambda jwt: jwt.truncate_signature(), jose.SignatureInvalid),
        (lambda jwt: jwt.alg_none(), jose.AlgorithmRefused),
        (lambda jwt: jwt.hs256_with_public_key(), jose.AlgorithmRefused),
        (lambda jwt: jwt.sign_with(alg="ES256"), jose.AlgorithmRefused),
        (lambda jwt: jwt.raw("not a token"), jose.TokenMalformed),
        (lambda jwt: jwt.raw_payload(b"[]"), jose.TokenMalformed),
        (lambda jwt: jwt.header.__setitem__("crit", ["x"]), jose.HeaderRefused),
        (lambda jwt: jwt.header.__setitem__("typ", "at+jwt"), jose.TokenTypeRefused),
        (lambda jwt: jwt.header.__setitem__("typ", "logout+jwt"), jose.TokenTypeRefused),
        (lambda jwt: jwt.change("iat", str), jose.ClaimRefused),
    ],
)
def test_a_forged_token_is_refused_by_its_reason_and_costs_no_fetch(scripted_provider, corp, bend, outcome):
    verify(corp, token(scripted_provider))
    bend(scripted_provider.id_token)
    with pytest.raises(outcome) as refused:
        verify(corp, token(scripted_provider))
    assert refused.value.code == outcome.code
    assert fetches(scripted_provider) == 1


def test_a_logout_token_passes_at_its_own_door(scripted_provider, corp):
    assert verify(corp, scripted_provider.make_logout_token(sub="subject-1"), LOGOUT_TOKEN).claims["events"]


class RotationTests:
    def test_new_keys_are_fetched_when_an_unknown_one_signs(self, scripted_provider, corp):
        verify(corp, token(scripted_provider))
        scripted_provider.jwks.rotate()
        verify(corp, token(scripted_provider))
        verify(corp, token(scripted_provider))
        assert fetches(scripted_provider) == 2
        assert provider_events().count() == 2

    def test_two_rotations_in_a_row_are_followed(self, scripted_provider, corp):
        for _ in range(3):
            verify(corp, token(scripted_provider))
            scripted_provider.jwks.rotate()
        assert fetches(scripted_provider) == 3

    def test_a_withdrawn_key_signs_no_more(self, scripted_provider, corp):
        old = token(scripted_provider)
        verify(corp, old)
        scripted_provider.jwks.rotate()
        verify(corp, token(scripted_provider))
        with pytest.raises(jose.UnknownKey):
            verify(corp, old)

    def test_a_stream_of_unknown_keys_does_not_become_a_stream_of_requests(self, scripted_provider, corp):
        verify(corp, token(scripted_provider))
        scripted_provider.id_token.sign_with(scripted_provider.keys.stranger)
        for _ in range(10):
            with pytest.raises(jose.UnknownKey):
                verify(corp, token(scripted_provider))
        assert fetches(scripted_provider) == 1 + limits.TRIES

    def test_without_a_cache_each_process_counts_for_itself(self, scripted_provider, corp, monkeypatch):
        monkeypatch.setattr(limits, "cache", CacheThatIsDown())
        verify(corp, token(scripted_provider))
        scripted_provider.jwks.rotate()
        verify(corp, token(scripted_provider))
        scripted_provider.id_token.sign_with(scripted_provider.keys.stranger)
        for _ in range(10):
            with pytest.raises(jose.UnknownKey):
                verify(corp, token(scripted_provider))
        assert fetches(scripted_provider) == 1 + limits.TRIES

    def test_an_unknown_key_while_the_provider_is_down_is_just_unknown(self, scripted_provider, corp):
        verify(corp, token(scripted_provider))
        scripted_provider.id_token.sign_with(scripted_provider.keys.stranger)
        unknown = token(scripted_provider)
        scripted_provider.go_down()
        with pytest.raises(jose.UnknownKey):
            verify(corp, unknown)


class RotationWithoutNamesTests:
    """A token without `kid`, or keys without: a signature that does not fit may be by a newer key."""

    @pytest.fixture(autouse=True)
    def _one_nameless_key(self, scripted_provider):
        self.publish(scripted_provider)
        scripted_provider.id_token.remove_header("kid")

    @staticmethod
    def publish(op, **members):
        op.jwks.publish(op.keys.rsa[0].jwk(**members))

    def rotate(self, op, **members):
        op.jwks.rotate()
        self.publish(op, **members)

    @pytest.mark.parametrize("kid", [None, "same"])
    def test_a_rotation_is_followed(self, scripted_provider, corp, kid):
        self.publish(scripted_provider, kid=kid)
        verify(corp, token(scripted_provider))
        self.rotate(scripted_provider, kid=kid)
        verify(corp, token(scripted_provider))
        assert fetches(scripted_provider) == 2

    def test_a_token_with_a_name_among_keys_without(self, scripted_provider, corp):
        scripted_provider.id_token.header["kid"] = "some name"
        scripted_provider.id_token._removed_header.clear()
        self.publish(scripted_provider, kid=None)
        verify(corp, token(scripted_provider))
        self.rotate(scripted_provider, kid=None)
        verify(corp, token(scripted_provider))

    def test_a_stream_of_bad_signatures_does_not_become_a_stream_of_requests(self, scripted_provider, corp):
        verify(corp, token(scripted_provider))
        scripted_provider.id_token.break_signature()
        for _ in range(10):
            with pytest.raises(jose.SignatureInvalid):
                verify(corp, token(scripted_provider))
        assert fetches(scripted_provider) == 1 + limits.TRIES

    def test_a_bad_signature_while_the_provider_is_down_is_just_that(self, scripted_provider, corp):
        verify(corp, token(scripted_provider))
        scripted_provider.id_token.break_signature()
        bad = token(scripted_provider)
        scripted_provider.go_down()
        with pytest.raises(jose.SignatureInvalid):
            verify(corp, bad)


def test_each_provider_and_each_door_has_tries_of_its_own(corp):
    other = uuid4()
    assert [may_refetch(corp.pk, door="logout") for _ in range(4)] == [True, True, True, False]
    assert may_refetch(other, door="logout")
    assert may_refetch(corp.pk)
    assert may_refetch(corp.pk, door="rehearsal 1")
    assert may_refetch(corp.pk, door="rehearsal 2")


@pytest.mark.parametrize(
    ("changes", "url", "is_kept"),
    [
        ({}, None, True),
        ({"issuer": "https://elsewhere.example"}, None, False),
        ({}, "https://elsewhere.example/jwks", False),
        ({}, "{}x", False),
    ],
)
def test_keys_that_were_fetched_for_an_earlier_registration_are_not_kept(
    scripted_provider, corp, changes, url, is_kept
):
    """Whoever had them fetched holds what the registration was, not what it is now."""
    url = (url or "{}").format(corp.endpoint("jwks_uri"))
    Provider.objects.filter(pk=corp.pk).update(**changes)
    store_keys(corp, {"keys": []}, url=url)
    assert (Provider.objects.get().jwks == {"keys": []}) is is_kept
    assert provider_events().filter(action="provider_keys_changed").exists() is is_kept


class OutageTests:
    def test_after_an_hour_the_keys_are_fetched_again(self, scripted_provider, corp):
        verify(corp, token(scripted_provider))
        age(corp, minutes=61)
        verify(corp, token(scripted_provider))
        assert fetches(scripted_provider) == 2
        assert provider_events().count() == 1

    @pytest.mark.parametrize("outage", ["go_down", "html", "no_keys"])
    def test_the_last_good_copy_serves_for_a_day(self, scripted_provider, corp, outage):
        verify(corp, token(scripted_provider))
        age(corp, hours=23)
        good = token(scripted_provider)
        {
            "go_down": scripted_provider.go_down,
            "html": lambda: scripted_provider.html("jwks"),
            "no_keys": lambda: scripted_provider.jwks.respond(body={"keys": "none"}),
        }[outage]()
        assert verify(corp, good).claims["sub"] == "subject-1"

    def test_a_stale_copy_serves_when_the_provider_was_asked_enough(self, scripted_provider, corp):
        verify(corp, token(scripted_provider))
        age(corp, hours=2)
        while may_refetch(corp.pk):
            pass
        verify(corp, token(scripted_provider))
        assert fetches(scripted_provider) == 1

    def test_after_a_day_it_is_believed_no_more(self, scripted_provider, corp):
        verify(corp, token(scripted_provider))
        age(corp, hours=25)
        good = token(scripted_provider)
        scripted_provider.go_down()
        with pytest.raises(errors.ProviderUnreachable):
            verify(corp, good)

    @pytest.mark.parametrize(
        ("bend", "outcome"),
        [
            (lambda op: op.go_down(), errors.ProviderUnreachable),
            (lambda op: op.html("jwks"), errors.KeysInvalid),
            (lambda op: op.html("jwks", 404), errors.KeysInvalid),
            (lambda op: op.html("jwks", 500), errors.ProviderUnreachable),
            (lambda op: op.jwks.respond(body={"keys": {}}), errors.KeysInvalid),
            (lambda op: op.jwks.respond(body="[]"), errors.KeysInvalid),
        ],
    )
    def test_without_any_copy_the_fault_is_the_providers(self, scripted_provider, corp, bend, outcome):
        good = token(scripted_provider)
        bend(scripted_provider)
        with pytest.raises(outcome):
            verify(corp, good)
        assert Provider.objects.get().jwks is None

    def test_without_a_jwks_uri_there_are_no_keys(self, scripted_provider, corp):
        Provider.objects.update(discovery={})
        with pytest.raises(errors.MetadataInvalid):
            verify(corp, token(scripted_provider))


def test_keys_are_not_kept_for_an_issuer_that_was_changed_meanwhile(scripted_provider, corp):
    stale = Provider.objects.get()
    Provider.objects.update(issuer="https://elsewhere.example")
    assert verify_token(stale, token(scripted_provider), types=ID_TOKEN)
    assert Provider.objects.get().jwks is None
    assert not provider_events().exists()
