"""client_secret_jwt and private_key_jwt to the letter, and what happens when the console cannot make one."""

import base64
import json
from types import SimpleNamespace

import pytest
from django.utils import timezone

from providers import client_keys
from providers.client_keys import (
    OVERLAP,
    drop_retired_client_keys,
    replace_client_keys,
    rotate_client_key,
)
from providers.errors import ClientCredentialsUnusable
from providers.exchange.client_authentication import client_credentials, reason_of
from providers.models import ClientKey, SignInAttempt
from providers.protocol.client_assertion import ASSERTION_TYPE, PREFERENCE, takes_algorithm
from ssoconsole.platform.eventlog.models import Event
from ssoconsole.platform.eventlog.services import MASK
from ssoconsole.platform.jose.algorithms import ASYMMETRIC
from ssoconsole.platform.outbound.response import Response
from tests.providers.exchange.conftest import tell_keys
from tests.providers.registrations import BOB, entered
from tests.providers.signin.journey import Browser, assert_refused, trace_of
from tests.support.scripted.client_authentication import complaints

JWT_METHODS = ("client_secret_jwt", "private_key_jwt")
METHODS = ("none", "client_secret_basic", "client_secret_post", *JWT_METHODS)


@pytest.fixture(autouse=True)
def _no_key_is_parsed():
    """A key that another test has had too is parsed anew here."""
    client_keys.private_keys._parsed.clear()


def credentials_of(provider, endpoint="token_endpoint"):
    return client_credentials(provider, endpoint=provider.endpoint(endpoint))


def assertion_of(provider, endpoint="token_endpoint"):
    """The header and the claims of a fresh assertion."""
    fields, headers = credentials_of(provider, endpoint)
    assert headers == {}
    form = dict(fields)
    assert form["client_assertion_type"] == ASSERTION_TYPE
    assert form["client_id"] == provider.client_id
    header, claims, _ = form["client_assertion"].split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, claims))


class AssertionTests:
    @pytest.mark.parametrize("method", JWT_METHODS)
    def test_it_says_who_to_whom_and_for_one_minute(self, client_of, method, time_machine):
        time_machine.move_to(1_800_000_000, tick=False)
        provider = client_of(method)
        _, claims = assertion_of(provider)
        assert len(claims.pop("jti")) == 43
        assert claims == {
            "iss": "console",
            "sub": "console",
            "aud": provider.issuer,
            "iat": 1_800_000_000,
            "exp": 1_800_000_060,
        }

    def test_a_key_is_named_and_a_secret_is_not(self, client_of):
        provider = client_of("private_key_jwt")
        signing = ClientKey.objects.signing().get()
        assert assertion_of(provider)[0] == {"kid": signing.kid, "alg": signing.alg, "typ": "JWT"}
        provider.token_endpoint_auth_method = "client_secret_jwt"
        entered(provider, "s" * 32)
        assert assertion_of(provider)[0] == {"alg": "HS256", "typ": "JWT"}

    def test_each_provider_is_signed_to_by_its_own_key(self, client_of):
        corp = client_of("private_key_jwt")
        other = client_of("private_key_jwt", slug="other")
        for provider in (corp, other):
            [signing] = ClientKey.objects.signing().filter(provider=provider)
            assert assertion_of(provider)[0]["kid"] == signing.kid
            rotate_client_key(provider=provider, by=BOB)
            assert assertion_of(provider)[0]["kid"] != signing.kid

    @pytest.mark.parametrize("method", JWT_METHODS)
    def test_an_older_provider_is_named_by_its_token_endpoint(self, client_of, method):
        provider = client_of(method, assertion_audience="token_endpoint")
        assert assertion_of(provider)[1]["aud"] == provider.discovery["token_endpoint"]

    @pytest.mark.parametrize("method", JWT_METHODS)
    def test_no_two_are_alike(self, client_of, method):
        provider = client_of(method)
        assert len({assertion_of(provider)[1]["jti"] for _ in range(5)}) == 5

    def test_the_key_is_parsed_once(self, client_of, monkeypatch):
        loads = []

        def counted(pem, load=client_keys.private_key_from_pem):
            loads.append(pem)
            return load(pem)

        monkeypatch.setattr(client_keys, "private_key_from_pem", counted)
        provider = client_of("private_key_jwt")
        for _ in range(3):
            assertion_of(provider)
        assert len(loads) == 1
        rotate_client_key(provider=provider, by=BOB)
        for _ in range(3):
            assertion_of(provider)
        assert len(loads) == 2

    def test_one_query_finds_the_key(self, client_of, django_assert_num_queries):
        provider = client_of("private_key_jwt")
        with django_assert_num_queries(1):
            credentials_of(provider)

    def test_every_algorithm_that_signs_here_has_its_place(self):
        assert sorted(PREFERENCE) == sorted(ASYMMETRIC)
        assert all(takes_algorithm(alg, [alg]) and takes_algorithm(alg, None) for alg in PREFERENCE)
        assert not takes_algorithm("RS256", ["ES256"])


class SignInTests:
    @pytest.mark.parametrize("method", METHODS)
    def test_a_person_signs_in_by_each_method(self, scripted_provider, client_of, method):
        client_of(method)
        assert Browser().sign_in(scripted_provider).status_code == 302
        assert scripted_provider.violations == []

    @pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256"])
    def test_a_person_signs_in_by_each_algorithm(self, scripted_provider, client_of, alg):
        scripted_provider.discovery["token_endpoint_auth_signing_alg_values_supported"] = [alg]
        client_of("private_key_jwt")
        assert Browser().sign_in(scripted_provider).status_code == 302
        assert scripted_provider.violations == []

    @pytest.mark.parametrize("method", JWT_METHODS)
    def test_an_older_provider_takes_its_token_endpoint(self, scripted_provider, client_of, method):
        scripted_provider.client.assertion_audience = scripted_provider.url("token")
        client_of(method, assertion_audience="token_endpoint")
        assert Browser().sign_in(scripted_provider).status_code == 302
        assert scripted_provider.violations == []

    def test_a_provider_that_holds_the_old_set_meets_no_unknown_key(self, scripted_provider, client_of):
        """Its copy has the next key already, and signing goes on after each rotation and the clean-up."""
        provider = client_of("private_key_jwt")
        for _ in range(2):
            rotate_client_key(provider=provider, by=BOB)
            assert Browser().sign_in(scripted_provider).status_code == 302
            drop_retired_client_keys(at=timezone.now() + OVERLAP, by=BOB)
            tell_keys(scripted_provider, provider)
        assert scripted_provider.violations == []

    def test_what_was_signed_just_before_a_rotation_is_taken_just_after_it(
        self, scripted_provider, client_of
    ):
        """The provider reads the new set between the signature and the check."""
        provider = client_of("private_key_jwt")
        form = dict(credentials_of(provider)[0])
        rotate_client_key(provider=provider, by=BOB)
        tell_keys(scripted_provider, provider)
        request = SimpleNamespace(form=form, headers={})
        assert complaints(request, scripted_provider) == []


def too_short(provider):
    entered(provider, "s" * 31)


def missing(provider):
    provider.client_secret = None


def of_another_row(provider):
    stranger = type(provider)(slug="stranger")
    stranger.client_secret = "s" * 40
    provider.client_secret_envelope = stranger.client_secret_envelope


def no_key(provider):
    provider.client_keys.all().delete()


def nothing_signs(provider):
    provider.client_keys.update(signing_from=None)


def key_of_another_row(provider):
    other = provider.client_keys.get(signing_from=None)
    provider.client_keys.exclude(signing_from=None).update(private_key=other.private_key_envelope)


UNUSABLE = [
    ("client_secret_basic", missing, "none is registered"),
    ("client_secret_post", missing, "none is registered"),
    ("client_secret_basic", of_another_row, "does not"),
    ("client_secret_jwt", missing, "none is registered"),
    ("client_secret_jwt", too_short, "a shorter one"),
    ("client_secret_jwt", of_another_row, "does not"),
    ("private_key_jwt", no_key, "there is none"),
    ("private_key_jwt", nothing_signs, "there is none"),
    ("private_key_jwt", key_of_another_row, "key "),
]


class RefusalTests:
    @pytest.mark.parametrize(("method", "spoil", "received"), UNUSABLE)
    def test_without_a_usable_secret_or_key_nothing_is_sent(
        self, scripted_provider, client_of, method, spoil, received
    ):
        provider = client_of(method)
        visitor = Browser()
        callback = scripted_provider.visit(visitor.leave())
        spoil(provider)
        provider.save()
        response = visitor.arrive(callback)
        assert_refused(response, "client_credentials_unusable", 503)
        assert received in trace_of(response).received
        assert scripted_provider.requests_to("token") == []

    def test_a_method_from_nowhere_is_refused(self, client_of):
        provider = client_of("none")
        provider.token_endpoint_auth_method = "tls_client_auth"
        with pytest.raises(ClientCredentialsUnusable) as refused:
            credentials_of(provider)
        assert refused.value.received == "tls_client_auth"

    @pytest.mark.parametrize("method", JWT_METHODS)
    def test_a_provider_that_does_not_take_the_assertion_says_so_in_the_trace(
        self, scripted_provider, client_of, method
    ):
        provider = client_of(method)
        if method == "private_key_jwt":
            replace_client_keys(provider=provider, by=BOB)
        scripted_provider.client.client_secret = "another secret that is long enough for HS256"
        response = Browser().sign_in(scripted_provider)
        assert_refused(response, "token_endpoint_error", 502)
        assert trace_of(response).received == "status 401, invalid_client"

    @pytest.mark.parametrize("method", METHODS)
    def test_what_the_provider_quotes_of_the_proof_is_nowhere_to_be_read(
        self, scripted_provider, client_of, method, caplog
    ):
        provider = client_of(method)
        scripted_provider.token.quote()
        response = Browser().sign_in(scripted_provider)
        assert_refused(response, "token_endpoint_error", 502)
        assert trace_of(response).received.startswith("status 401, invalid_client: ")
        [request] = scripted_provider.requests_to("token")
        proofs = [request.form.get("client_assertion"), request.headers.get("authorization", "")[6:]]
        events = str(list(Event.objects.values()))
        told = caplog.text + events + str(SignInAttempt.objects.values().get()) + response.content.decode()
        secrets = [text for text in (*proofs, provider.client_secret) if text]
        assert len(secrets) == {"none": 0, "client_secret_post": 1}.get(
            method, 1 + method.startswith("client")
        )
        assert not any(secret[:60] in told for secret in secrets)


def test_a_secret_within_another_one_leaves_nothing_of_it():
    body = json.dumps({"error": "e", "error_description": "abc-def abc"}).encode()
    response = Response(400, {}, body, "application/json", 1)
    assert reason_of(response, ["abc", "abc-def", None]) == f"status 400, e: {MASK} {MASK}"
