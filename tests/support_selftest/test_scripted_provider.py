"""Unbent, the scripted provider and an honest relying party have nothing to complain of."""

from urllib.parse import urljoin

import pytest
import requests

from tests.support_selftest.relying_party import CALLBACK, redeem, signing_key

# joserfc warns that RFC 9864 prefers Ed25519 to EdDSA; providers still send EdDSA.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
FORM_POST = {"response_mode": "form_post", "code_challenge": None, "code_challenge_method": None}


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA", "Ed25519", "HS256"])
def test_the_code_flow_with_every_algorithm(op, sign_in, alg):
    op.client.id_token_signed_response_alg = alg
    rp, callback = sign_in()
    answer = redeem(rp, callback)
    assert rp.claims_in(answer["id_token"])["sub"] == "subject-1"
    assert rp.userinfo(answer["access_token"]).json() == op.person
    assert op.violations == []


@pytest.mark.parametrize(
    "method", ["none", "client_secret_basic", "client_secret_post", "private_key_jwt", "client_secret_jwt"]
)
def test_every_way_to_authenticate_as_a_client(op, sign_in, method):
    op.client.token_endpoint_auth_method = method
    op.client.jwks = {"keys": [signing_key().as_dict(private=False)]}
    rp, callback = sign_in()
    assert rp.claims_in(redeem(rp, callback)["id_token"])
    assert op.violations == []


def test_the_implicit_flow_brings_the_profile_in_the_id_token(op, sign_in):
    rp, callback = sign_in("id_token", **FORM_POST)
    assert callback.url == CALLBACK
    assert callback.form["iss"] == op.issuer
    assert rp.claims_in(callback.form["id_token"])["email"] == "alice@corp.example"
    assert op.violations == []


def test_the_hybrid_flow_binds_code_and_token_to_the_id_token(op, sign_in):
    rp, callback = sign_in("code id_token token", response_mode="form_post")
    assert {"c_hash", "at_hash", "s_hash"} <= rp.claims_in(callback.form["id_token"]).keys()
    assert rp.claims_in(redeem(rp, callback)["id_token"])
    assert op.violations == []


def test_refreshing_gives_new_tokens_and_spends_the_old(op, sign_in):
    rp, callback = sign_in(scope="openid offline_access")
    first = redeem(rp, callback)["refresh_token"]
    answer = rp.refresh(first).json()
    assert rp.claims_in(answer["id_token"])
    assert answer["refresh_token"] != first
    assert op.violations == []
    assert rp.refresh(first).status_code == 400
    assert op.violations == ["token: unknown refresh_token"]


def test_signed_userinfo_is_a_jwt_with_issuer_and_audience(op, sign_in):
    op.userinfo.signed()
    rp, callback = sign_in()
    response = rp.userinfo(redeem(rp, callback)["access_token"])
    assert response.headers["content-type"] == "application/jwt"
    op.userinfo.claims |= {"nonce": rp.nonce, "iat": 1, "exp": 9999999999}
    assert rp.claims_in(rp.userinfo(op.grants[0].access_token).text)["aud"] == "console"


def test_the_key_set_holds_keys_that_a_relying_party_has_to_skip(op, relying_party):
    keys = relying_party(op.issuer, vars(op.client), CALLBACK).get_json(op.url("jwks"))["keys"]
    kinds = [(key["kty"], key.get("crv"), key["use"]) for key in keys]
    assert kinds.count(("RSA", None, "sig")) == 2
    assert kinds.count(("EC", "P-256", "sig")) == 2
    assert ("EC", "secp256k1", "sig") in kinds
    assert ("OKP", "Ed25519", "sig") in kinds
    assert ("RSA", None, "enc") in kinds
    assert ("EC", "P-256", "enc") in kinds
    assert not any("alg" in key or "d" in key for key in keys)


def test_every_request_is_remembered(op, sign_in):
    rp, callback = sign_in()
    redeem(rp, callback)
    assert [request.endpoint for request in op.requests] == ["discovery", "authorization", "token"]
    assert op.requests_to("token")[0].form["grant_type"] == "authorization_code"
    assert op.requests_to("userinfo") == []


def test_signing_out_returns_with_the_state(op, sign_in):
    rp, callback = sign_in()
    token = redeem(rp, callback)["id_token"]
    query = f"?id_token_hint={token}&post_logout_redirect_uri=http://localhost/out&state=s"
    assert op.visit(op.url("end_session") + query).url == "http://localhost/out?state=s"
    assert op.violations == []


def test_a_reset_provider_is_another_issuer_with_another_jwks_uri(op):
    before = op.metadata()
    op.reset()
    after = op.metadata()
    assert before["issuer"] != after["issuer"]
    assert before["jwks_uri"] != after["jwks_uri"]


def test_two_scripted_providers_share_nothing(op, another_scripted_provider):
    assert op.issuer != another_scripted_provider.issuer
    assert op.jwks.keys != another_scripted_provider.jwks.keys


def test_a_browser_that_asks_for_an_icon_is_no_event(op):
    answer = requests.get(urljoin(op.issuer, "/favicon.ico"), timeout=5)
    assert (answer.status_code, op.requests, op.violations) == (204, [], [])
