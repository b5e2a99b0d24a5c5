"""Each way to be a client, and pushed requests, at npm's oidc-provider by plain HTTP."""

import pytest
import requests
from django.utils import timezone

from providers.client_keys import (
    published_client_keys,
    replace_client_keys,
    rotate_client_key,
)
from providers.models import ClientKey, ConsoleSession, Provider, SignInAttempt
from providers.registration.services import save_provider
from tests.providers.registrations import BOB, entered
from tests.providers.signin.journey import Browser, assert_refused, outcome_of, query_of, trace_of

BASE = "http://localhost:8000"
METHODS = {
    "console-pkce": "none",
    "console-basic": "client_secret_basic",
    "console-post": "client_secret_post",
    "console-csjwt": "client_secret_jwt",
    "console-pkjwt": "private_key_jwt",
}


@pytest.fixture
def person():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def console_at(real_provider, client_id, **fields):
    """Save the registration here, as an administrator would, and then register the console there."""
    provider = Provider(
        slug="corp",
        name="Corp SSO",
        issuer=real_provider.issuer,
        client_id=client_id,
        token_endpoint_auth_method=METHODS.get(client_id, "client_secret_basic"),
        **fields,
    )
    # The provider's own copy of the key set, as it was at registration.
    keys = {"jwks": {"keys": []}} if client_id == "console-pkjwt" else {}
    client = real_provider.register_client(client_id, BASE, **keys)
    entered(provider, client.get("client_secret"))
    [warning] = save_provider(provider=provider, by=BOB)
    assert "plain http" in warning
    if keys:
        tell_keys(real_provider)
    return provider


def tell_keys(real_provider, **metadata):
    keys = {"keys": published_client_keys(slug="corp", at=timezone.now())}
    real_provider.register_client("console-pkjwt", BASE, **({"jwks": keys} | metadata))


def sign_in(real_provider, person, visitor=None):
    visitor = visitor or Browser()
    return visitor.arrive(real_provider.sign_in_by_http(person, visitor.leave(), "alice"))


@pytest.mark.parametrize("pushed", [True, False], ids=["pushed", "by the browser"])
@pytest.mark.parametrize("client_id", METHODS)
def test_a_person_signs_in_by_each_method(db, real_provider, person, client_id, pushed):
    console_at(real_provider, client_id, pushed_authorization=pushed)
    visitor = Browser()
    url = visitor.leave()
    assert (set(query_of(url)) == {"client_id", "request_uri"}) == pushed
    response = visitor.arrive(real_provider.sign_in_by_http(person, url, "alice"))
    assert response.status_code == 302, response.content.decode()
    assert ConsoleSession.objects.get().user.email == "alice@corp.example"


def test_a_client_that_has_to_push_signs_in(db, real_provider, person):
    console_at(real_provider, "console-par")
    assert sign_in(real_provider, person).status_code == 302


def test_a_client_that_has_to_push_and_does_not_is_turned_away(db, real_provider, person):
    console_at(real_provider, "console-par", pushed_authorization=False)
    visitor = Browser()
    callback = real_provider.sign_in_by_http(person, visitor.leave(), "alice")
    assert outcome_of(visitor.arrive(callback)) == "provider_error"


@pytest.mark.parametrize(
    ("audience", "client_id"),
    [
        (audience, name)
        for audience in ("issuer", "token_endpoint")
        for name in ("console-csjwt", "console-pkjwt")
    ],
)
def test_either_audience_is_taken_at_both_endpoints(db, real_provider, person, audience, client_id):
    console_at(real_provider, client_id, assertion_audience=audience)
    assert sign_in(real_provider, person).status_code == 302


def test_a_rotation_disturbs_nobody_while_the_provider_holds_the_old_set(db, real_provider, person):
    provider = console_at(real_provider, "console-pkjwt")
    assert ClientKey.objects.signing().get().alg == "ES256"
    before = ClientKey.objects.signing().get()
    assert rotate_client_key(provider=provider, by=BOB) != before
    assert sign_in(real_provider, person).status_code == 302


def test_a_key_that_the_provider_does_not_know_is_refused_and_then_told(db, real_provider, person):
    provider = console_at(real_provider, "console-pkjwt")
    replace_client_keys(provider=provider, by=BOB)
    response = Browser().client.get("/signin/corp")
    assert_refused(response, "pushed_authorization_refused", 502)
    assert "invalid_client" in trace_of(response).received
    tell_keys(real_provider)
    assert sign_in(real_provider, person).status_code == 302


def test_a_wrong_secret_is_refused_at_the_token_endpoint(db, real_provider, person):
    provider = console_at(real_provider, "console-csjwt", pushed_authorization=False)
    entered(provider, "another secret, and long enough too")
    provider.save()
    assert_refused(sign_in(real_provider, person), "token_endpoint_error", 502)
    assert "invalid_client" in SignInAttempt.objects.get().received


def test_the_provider_reads_the_key_set_where_the_console_serves_it(
    transactional_db, live_server, real_provider, person
):
    provider = console_at(real_provider, "console-pkjwt")
    tell_keys(real_provider, jwks=None, jwks_uri=f"{live_server.url}/providers/corp/jwks.json")
    assert sign_in(real_provider, person).status_code == 302
    rotate_client_key(provider=provider, by=BOB)
    assert sign_in(real_provider, person).status_code == 302
