"""The whole way through npm's oidc-provider by plain HTTP: algorithms, client authentications, both kinds."""

import pytest
import requests

from providers.models import ConsoleSession, Provider, SignInAttempt
from tests.providers.registrations import entered
from tests.providers.signin.journey import Browser, hop_of

BASE = "http://localhost:8000"
ALGORITHMS = {
    "console-basic": "RS256",
    "console-post": "RS256",
    "console-pkce": "RS256",
    "console-ps256": "PS256",
    "console-es256": "ES256",
    "console-eddsa": "EdDSA",
    "console-ed25519": "EdDSA",
    "console-hs256": "HS256",
    "console-signed-userinfo": "RS256",
    "onelogin": "RS256",
    "onelogin-basic": "RS256",
}


@pytest.fixture
def person():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def register_at(real_provider, client_id, **fields):
    client = real_provider.register_client(client_id, BASE)
    is_onelogin = client_id.startswith("onelogin")
    provider = Provider(
        slug="corp",
        name="Corp SSO",
        kind="onelogin" if is_onelogin else "custom-oidc",
        issuer=real_provider.onelogin_issuer if is_onelogin else real_provider.issuer,
        client_id=client_id,
        token_endpoint_auth_method=client["token_endpoint_auth_method"],
        signing_algs=[ALGORITHMS.get(client_id, "RS256")],
        scopes=["openid", "email", "profile", "groups"],
        **fields,
    )
    entered(provider, client.get("client_secret"))
    provider.save()
    return provider


def sign_in(real_provider, visitor, person, name="alice", **query):
    callback = real_provider.sign_in_by_http(person, visitor.leave(**query), name)
    return visitor.arrive(callback)


@pytest.mark.parametrize("client_id", ALGORITHMS)
def test_a_person_signs_in_and_out_at_both_ends(db, real_provider, visitor, person, client_id):
    register_at(real_provider, client_id)
    response = sign_in(real_provider, visitor, person, next="/account")
    assert (response.status_code, response["Location"]) == (302, "/account"), response.content.decode()
    session = ConsoleSession.objects.get()
    assert session.user.email == "alice@corp.example"
    assert session.sub == real_provider.claims_of("alice")["sub"]
    assert visitor.is_signed_in()

    hop = hop_of(visitor.client.post("/signout"))
    back = real_provider.sign_out_by_http(person, hop)
    assert visitor.client.get(back.path).status_code == 200
    assert not visitor.is_signed_in()
    # Signed out at the provider too: it asks for the name again.
    answer = person.get(visitor.leave(), timeout=10)
    assert 'name="login"' in answer.text


@pytest.mark.parametrize("client_id", ["console-implicit", "onelogin-implicit"])
def test_an_id_token_comes_by_form(db, real_provider, visitor, person, client_id):
    register_at(real_provider, client_id, response_type="id_token")
    response = sign_in(real_provider, visitor, person, "bob")
    assert response.status_code == 302, response.content.decode()
    assert ConsoleSession.objects.get().user.username == "bob@corp.example"


def test_a_code_comes_by_form(db, real_provider, visitor, person):
    register_at(real_provider, "console-basic", extra_params={"response_mode": "form_post"})
    assert sign_in(real_provider, visitor, person).status_code == 302


def test_claims_that_only_userinfo_has_are_found(db, real_provider, visitor, person):
    register_at(real_provider, "console-basic")
    with real_provider.settings(conformIdTokenClaims=True):
        assert sign_in(real_provider, visitor, person, "carol").status_code == 302
    assert "userinfo" in SignInAttempt.objects.get().trace["timings"]


def test_who_says_no_is_not_signed_in(db, real_provider, visitor, person):
    register_at(real_provider, "console-basic")
    callback = real_provider.sign_in_by_http(person, visitor.leave(), "alice", consent=False)
    assert visitor.arrive(callback).status_code == 403
    assert not visitor.is_signed_in()


def test_rotated_keys_sign_in_at_once(db, real_provider, visitor, person):
    register_at(real_provider, "console-rs256")
    assert sign_in(real_provider, visitor, person).status_code == 302
    real_provider.rotate_keys()
    assert sign_in(real_provider, Browser(), person).status_code == 302
