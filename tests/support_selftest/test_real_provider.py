"""The real provider answers honest relying parties of every kind that the console can be."""

import pytest
from joserfc.errors import JoseError

from tests.support.real_clients import CLIENTS
from tests.support_selftest.relying_party import CALLBACK, signing_key

CONSOLE = "http://localhost:8000"
NO_PKCE = {"code_challenge": None, "code_challenge_method": None}
FORM_POST = NO_PKCE | {"response_mode": "form_post"}
# joserfc warns that RFC 9864 prefers Ed25519 to EdDSA; providers still send EdDSA.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
CODE_CLIENTS = [
    name for name, client in CLIENTS.items() if client["response_types"] == ["code"] and name != "console-par"
]


@pytest.fixture
def sign_in(real_provider, relying_party):
    """Register a client, let alice sign in with it; returns the relying party and its callback."""

    def run(client_id, *, name="alice", params=None, **metadata):
        if CLIENTS[client_id].get("token_endpoint_auth_method") == "private_key_jwt":
            metadata["jwks"] = {"keys": [signing_key().as_dict(private=False)]}
        client = real_provider.register_client(client_id, CONSOLE, **metadata)
        issuer = real_provider.onelogin_issuer if "onelogin" in client_id else real_provider.issuer
        rp = relying_party(issuer, client, CALLBACK, **(params or {}))
        return rp, real_provider.sign_in_by_http(rp.http, rp.authorization_url(), name)

    return run


def test_discovery_names_the_issuer_it_was_asked_for(real_provider):
    for issuer in (real_provider.issuer, real_provider.onelogin_issuer):
        assert real_provider.discovery(issuer)["issuer"] == issuer


@pytest.mark.parametrize("client_id", CODE_CLIENTS)
def test_the_code_flow_ends_with_a_valid_id_token(sign_in, client_id):
    rp, callback = sign_in(client_id)
    assert callback.url.startswith(CALLBACK + "?")
    assert callback.params["state"] == rp.state
    answer = rp.redeem(callback).json()
    claims = rp.claims_in(answer["id_token"])
    assert claims["sub"] != "alice"
    assert "email" not in claims
    if client_id != "console-signed-userinfo":
        userinfo = rp.userinfo(answer["access_token"]).json()
        assert userinfo["sub"] == claims["sub"]
        assert userinfo["email"] == "alice@corp.example"
        assert userinfo["email_verified"] is True
        assert userinfo["groups"] == ["staff"]


def test_signed_userinfo_is_a_jwt_for_this_client(sign_in):
    rp, callback = sign_in("console-signed-userinfo")
    response = rp.userinfo(rp.redeem(callback).json()["access_token"])
    assert response.headers["content-type"].startswith("application/jwt")
    assert response.text.count(".") == 2


def test_pushed_authorization_requests_are_accepted_and_required(real_provider, relying_party):
    client = real_provider.register_client("console-par", CONSOLE)
    rp = relying_party(real_provider.issuer, client, CALLBACK)
    callback = real_provider.sign_in_by_http(rp.http, rp.pushed_authorization_url(), "alice")
    assert rp.claims_in(rp.redeem(callback).json()["id_token"])
    refused = real_provider.sign_in_by_http(rp.http, rp.authorization_url(), "alice")
    assert refused.params["error"] == "invalid_request"


@pytest.mark.parametrize("client_id", ["console-implicit", "onelogin-implicit"])
def test_the_implicit_flow_comes_back_as_a_form(sign_in, client_id):
    rp, callback = sign_in(client_id, params=FORM_POST)
    assert callback.url == CALLBACK
    assert callback.form["state"] == rp.state
    assert rp.claims_in(callback.form["id_token"])["email"] == "alice@corp.example"


def test_only_the_standard_issuer_speaks_rfc_9207(real_provider, sign_in):
    assert sign_in("console-basic")[1].params["iss"] == real_provider.issuer
    assert "iss" not in sign_in("onelogin")[1].params
    implicit = sign_in("onelogin-implicit", params=FORM_POST)[1]
    assert "iss" not in implicit.params
    member = "authorization_response_iss_parameter_supported"
    assert real_provider.discovery()[member] is True
    assert member not in real_provider.discovery(real_provider.onelogin_issuer)


def test_onelogin_has_its_own_endpoints_and_signs_with_rs256_only(real_provider):
    document = real_provider.discovery(real_provider.onelogin_issuer)
    base = real_provider.onelogin_issuer
    assert document["authorization_endpoint"] == f"{base}/auth"
    assert document["token_endpoint"] == f"{base}/token"
    assert document["userinfo_endpoint"] == f"{base}/me"
    assert document["jwks_uri"] == f"{base}/certs"
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]


def test_a_public_client_without_pkce_is_refused(sign_in):
    _, callback = sign_in("console-pkce", params=NO_PKCE)
    assert callback.params["error"] == "invalid_request"


def test_someone_who_says_no_comes_back_with_access_denied(real_provider, relying_party):
    client = real_provider.register_client("console-basic", CONSOLE)
    rp = relying_party(real_provider.issuer, client, CALLBACK)
    callback = real_provider.sign_in_by_http(rp.http, rp.authorization_url(), "alice", consent=False)
    assert callback.params["error"] == "access_denied"


def test_wrong_secrets_are_refused(sign_in):
    rp, callback = sign_in("console-basic")
    rp.client = rp.client | {"client_secret": "wrong"}
    assert rp.redeem(callback).json()["error"] == "invalid_client"


def test_rotated_keys_sign_the_next_token_and_sign_nobody_out(real_provider, sign_in):
    rp, callback = sign_in("console-basic")
    old_keys = rp.keys()
    real_provider.rotate_keys()
    token = rp.redeem(callback).json()["id_token"]
    assert rp.claims_in(token)
    rp.keys = lambda: old_keys
    with pytest.raises((JoseError, ValueError)):
        rp.claims_in(token)
    again = real_provider.sign_in_by_http(rp.http, rp.authorization_url(), "nobody asks for a name")
    assert "code" in again.params


def test_claims_can_be_replaced_for_a_while(real_provider, sign_in):
    with real_provider.claims("mallory", email_verified=False, groups=None):
        rp, callback = sign_in("console-basic", name="mallory")
        claims = rp.userinfo(rp.redeem(callback).json()["access_token"]).json()
    assert claims["email_verified"] is False
    assert "groups" not in claims
    assert real_provider.claims_of("mallory")["groups"] == ["staff"]


def test_profile_claims_move_into_the_id_token_when_conformity_is_off(real_provider, sign_in):
    with real_provider.settings(conformIdTokenClaims=False):
        rp, callback = sign_in("console-basic")
        claims = rp.claims_in(rp.redeem(callback).json()["id_token"])
    assert claims["email"] == "alice@corp.example"


def test_refresh_tokens_come_with_offline_access_and_rotate(sign_in):
    params = {"scope": "openid offline_access", "prompt": "consent"}
    rp, callback = sign_in("console-basic", params=params)
    first = rp.redeem(callback).json()["refresh_token"]
    second = rp.refresh(first).json()["refresh_token"]
    assert second != first
    assert rp.refresh(first).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("client_id", ["console-basic", "onelogin"])
def test_signing_out_returns_to_the_registered_address(real_provider, sign_in, client_id):
    rp, callback = sign_in(client_id, backchannel_logout_uri=None, backchannel_logout_session_required=None)
    token = rp.redeem(callback).json()["id_token"]
    url = f"{rp.discovery['end_session_endpoint']}?id_token_hint={token}&state=s1"
    url += f"&post_logout_redirect_uri={CONSOLE}/signed-out"
    assert real_provider.sign_out_by_http(rp.http, url).url == f"{CONSOLE}/signed-out?state=s1"


def test_signing_out_tells_the_console_over_the_back_channel(real_provider, sign_in, op):
    op.userinfo.respond(200, "", "text/plain")
    rp, callback = sign_in(
        "console-basic", backchannel_logout_uri=op.url("userinfo"), backchannel_logout_session_required=True
    )
    claims = rp.claims_in(rp.redeem(callback).json()["id_token"])
    with pytest.raises(AssertionError, match="Signed out"):  # nowhere to return to
        real_provider.sign_out_by_http(rp.http, rp.discovery["end_session_endpoint"])
    [told] = op.requests_to("userinfo")
    logout = rp.decode(told.form["logout_token"])
    assert logout["sid"] == claims["sid"]
    assert "http://schemas.openid.net/event/backchannel-logout" in logout["events"]


def test_the_provider_ends_with_its_standard_input(real_provider, tmp_path):
    from tests.support.child import Child
    from tests.support.real_provider import OP

    child = Child(["node", str(OP / "server.mjs")], log=tmp_path / "log", ready_line=True)
    child.first_line()
    child.process.stdin.close()
    assert child.process.wait(timeout=10) == 0
    child.process.stdin = None
    child.stop()
