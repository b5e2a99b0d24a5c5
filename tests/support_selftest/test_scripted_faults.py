"""Endpoints can break in every way that real ones do, and relying parties are judged by their requests."""

import time

import pytest
import requests

from tests.support_selftest.relying_party import CALLBACK, redeem


def get(op, name, **kwargs):
    return requests.get(op.url(name), timeout=5, **kwargs)


def test_discovery_members_can_be_replaced_and_dropped(op):
    op.discovery["issuer"] = op.issuer + "INVALID"
    op.discovery.drop("userinfo_endpoint")
    document = get(op, "discovery").json()
    assert document["issuer"] == op.issuer + "INVALID"
    assert "userinfo_endpoint" not in document


def test_an_endpoint_answers_what_it_is_told(op):
    op.jwks.respond(503, {"error": "later"}, headers={"Retry-After": "1"})
    response = get(op, "jwks")
    assert (response.status_code, response.json()) == (503, {"error": "later"})
    assert response.headers["retry-after"] == "1"


def test_an_endpoint_answers_with_a_web_page(op):
    op.html("/token", status=502)
    response = get(op, "token")
    assert response.status_code == 502
    assert response.headers["content-type"] == "text/html"


def test_members_of_the_token_response_can_be_dropped(op, sign_in):
    op.token.drop("id_token").fields["token_type"] = "mac"
    answer = redeem(*sign_in())
    assert "id_token" not in answer
    assert answer["token_type"] == "mac"


def test_a_delay_outlasts_an_impatient_caller(op):
    op.delay("jwks", 30)
    with pytest.raises(requests.Timeout):
        requests.get(op.url("jwks"), timeout=0.2)


def test_a_drip_keeps_the_connection_busy(op):
    op.jwks.respond(200, "12345").drip(0.1)
    started = time.monotonic()
    assert get(op, "jwks").text == "12345"
    assert time.monotonic() - started > 0.4


def test_a_connection_can_end_without_an_answer(op):
    op.jwks.hang_up()
    with pytest.raises(requests.ConnectionError):
        get(op, "jwks")


def test_a_provider_that_is_down_refuses_connections_and_comes_back(op):
    url = op.url("jwks")
    op.go_down()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=1)
    op.come_back()
    assert requests.get(url, timeout=1).json()["keys"]


def test_the_callback_can_be_bent(op, sign_in):
    op.callback_params |= {"iss": "https://evil.example", "state": None}
    _, callback = sign_in()
    assert callback.params["iss"] == "https://evil.example"
    assert "state" not in callback.params


def test_a_provider_without_rfc_9207_sends_no_issuer(op, sign_in):
    op.discovery.drop("authorization_response_iss_parameter_supported")
    assert "iss" not in sign_in()[1].params


def test_a_refusal_comes_back_as_an_error(op, sign_in):
    op.refuse("login_required")
    _, callback = sign_in()
    assert callback.params["error"] == "login_required"
    assert "code" not in callback.params


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({"scope": "email"}, "scope lacks openid"),
        ({"client_id": "other"}, "client_id is 'other', not 'console'"),
        ({"code_challenge": None}, "no code_challenge"),
        ({"code_challenge_method": "plain"}, "code_challenge_method is 'plain', not 'S256'"),
        ({"redirect_uri": CALLBACK + "/"}, f"redirect_uri {CALLBACK + '/'!r} is not registered"),
        ({"max_age": "0", "prompt": "none"}, "max_age=0 together with prompt=none"),
        ({"nonce": "n" * 44}, "nonce is longer than 43 characters or has unusual ones"),
    ],
)
def test_a_wrong_authorization_request_is_noticed(op, relying_party, params, complaint):
    op.client.redirect_uris = [CALLBACK]
    rp = relying_party(op.issuer, vars(op.client) | {"response_types": ["code"]}, CALLBACK, **params)
    assert rp.http.get(rp.authorization_url(), timeout=5, allow_redirects=False).status_code == 400
    assert op.violations == [f"authorization: {complaint}"]


def test_a_front_channel_id_token_needs_a_nonce(op, relying_party):
    client = vars(op.client) | {"response_types": ["id_token"]}
    rp = relying_party(op.issuer, client, CALLBACK, nonce=None)
    rp.http.get(rp.authorization_url(), timeout=5, allow_redirects=False)
    assert op.violations == ["authorization: no nonce with response_type 'id_token'"]


def test_a_code_is_good_once(op, sign_in):
    rp, callback = sign_in()
    redeem(rp, callback)
    assert redeem(rp, callback) == {"error": "invalid_grant"}
    assert op.violations == ["token: the code is used a second time"]


def test_redirect_uri_and_verifier_have_to_fit_the_authorization_request(op, sign_in):
    rp, callback = sign_in()
    rp.redirect_uri, rp.verifier = CALLBACK + "?", "v" * 43
    assert redeem(rp, callback) == {"error": "invalid_grant"}
    assert op.violations == [
        "token: redirect_uri differs from the authorization request's",
        "token: code_verifier does not fit code_challenge",
    ]


def test_basic_credentials_that_are_not_form_urlencoded_are_noticed(op, sign_in):
    rp, callback = sign_in()
    rp.client_authentication = lambda: ({"Authorization": "Basic Y29uc29sZTphOmI9"}, {})
    assert redeem(rp, callback) == {"error": "invalid_client"}
    assert op.violations == ["token: id and secret are not form-urlencoded inside Basic"]


def test_authenticating_otherwise_than_registered_is_noticed(op, sign_in):
    rp, callback = sign_in()
    rp.client = rp.client | {"token_endpoint_auth_method": "client_secret_post"}
    assert redeem(rp, callback) == {"error": "invalid_client"}
    assert "token: client_secret_post is sent by a client_secret_basic client" in op.violations


def test_an_assertion_is_good_once(op, sign_in):
    op.client.token_endpoint_auth_method = "client_secret_jwt"
    rp, callback = sign_in()
    _, extra = rp.client_authentication()
    rp.client_authentication = lambda: ({}, extra)
    redeem(rp, callback)
    assert redeem(rp, callback) == {"error": "invalid_client"}
    assert "token: client_assertion jti is absent or used before" in op.violations


def test_an_access_token_in_the_query_is_noticed(op, sign_in):
    token = redeem(*sign_in())["access_token"]
    assert get(op, "userinfo", params={"access_token": token}).status_code == 401
    assert "userinfo: the access token is in the query string" in op.violations


def test_a_path_that_is_not_served_is_noticed(op):
    assert requests.get(f"{op.issuer}/certs", timeout=5).status_code == 404
    assert op.violations == [f"GET /{op.name}/certs is not served here"]
