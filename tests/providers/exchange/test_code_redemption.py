"""A code is exchanged as the client is registered, and every refusal says why."""

import base64
import hashlib
import secrets
from urllib.parse import urlencode

import pytest

from providers.errors import (
    ClientCredentialsUnusable,
    MetadataInvalid,
    ProviderUnreachable,
    TokenEndpointError,
)
from providers.exchange.client_authentication import basic_credentials
from providers.exchange.endpoints import redeem_code, whole_seconds
from tests.providers.registrations import registered_at
from tests.support.leaks import assert_without
from tests.support.scripted.client import SECRET

pytestmark = pytest.mark.django_db
REDIRECT_URI = "http://localhost:8000/callback/corp"


@pytest.fixture
def corp(scripted_provider):
    return registered_at(scripted_provider)


def authorize(op, verifier=None):
    """Be the browser: a code of the scripted provider, and the verifier to go with it."""
    params = {"response_type": "code", "client_id": op.client.client_id, "redirect_uri": REDIRECT_URI}
    params |= {"scope": "openid offline_access", "state": "state", "nonce": "nonce"}
    if verifier:
        digest = hashlib.sha256(verifier.encode()).digest()
        params["code_challenge"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        params["code_challenge_method"] = "S256"
    return op.visit(f"{op.url('authorization')}?{urlencode(params)}").params["code"]


def redeem(op, provider, **changes):
    verifier = secrets.token_urlsafe(32)
    given = {"code": authorize(op, verifier), "redirect_uri": REDIRECT_URI, "code_verifier": verifier}
    return redeem_code(provider, **given | changes)


@pytest.mark.parametrize("method", ["none", "client_secret_basic", "client_secret_post"])
def test_each_way_to_authenticate_is_exactly_as_the_standard_says(scripted_provider, method):
    scripted_provider.client.token_endpoint_auth_method = method
    answer = redeem(scripted_provider, registered_at(scripted_provider))
    grant = scripted_provider.grants[0]
    assert (answer.access_token, answer.refresh_token) == (grant.access_token, grant.refresh_token)
    assert answer.id_token == scripted_provider.issued_tokens[0]
    assert scripted_provider.violations == []


@pytest.mark.parametrize("client_id", ["console", "con:sole%2B +/ñ"])
def test_id_and_secret_are_form_urlencoded_inside_basic(scripted_provider, client_id):
    scripted_provider.client.client_id = client_id
    redeem(scripted_provider, registered_at(scripted_provider))
    [request] = scripted_provider.requests_to("token")
    assert "client_secret" not in request.form
    assert scripted_provider.violations == []


def test_basic_credentials_to_the_letter():
    credentials = basic_credentials("a:b", "c d+e%f")
    assert credentials == "Basic " + base64.b64encode(b"a%3Ab:c+d%2Be%25f").decode()


def test_without_pkce_no_verifier_is_sent(scripted_provider, corp):
    scripted_provider.client.pkce_required = False
    redeem(scripted_provider, corp, code=authorize(scripted_provider), code_verifier=None)
    assert "code_verifier" not in scripted_provider.requests_to("token")[0].form
    assert scripted_provider.violations == []


@pytest.mark.parametrize(
    "changes", [{"code": "another"}, {"redirect_uri": REDIRECT_URI + "/"}, {"code_verifier": "v" * 43}]
)
def test_what_does_not_belong_to_the_code_is_refused(scripted_provider, corp, changes):
    with pytest.raises(TokenEndpointError) as refused:
        redeem(scripted_provider, corp, **changes)
    assert refused.value.received == "status 400, invalid_grant"


def test_a_code_is_spent_once(scripted_provider, corp):
    verifier = secrets.token_urlsafe(32)
    code = authorize(scripted_provider, verifier)
    redeem(scripted_provider, corp, code=code, code_verifier=verifier)
    with pytest.raises(TokenEndpointError):
        redeem(scripted_provider, corp, code=code, code_verifier=verifier)


@pytest.mark.parametrize(
    ("status", "body", "received"),
    [
        (
            400,
            {"error": "invalid_client", "error_description": "wrong secret"},
            "invalid_client: wrong secret",
        ),
        (401, {"error": "invalid_client"}, "status 401, invalid_client"),
        (500, {"error": ["a"], "error_description": 7}, "status 500"),
        (500, "oops", "status 500"),
        (403, ["a"], "status 403"),
        (201, {"id_token": "x"}, "status 201"),
    ],
)
def test_the_providers_own_error_is_passed_on(scripted_provider, corp, status, body, received):
    scripted_provider.token.respond(status, body)
    with pytest.raises(TokenEndpointError) as refused:
        redeem(scripted_provider, corp)
    assert received in refused.value.received


def test_an_error_that_quotes_what_was_sent_is_masked_and_shortened(scripted_provider, corp):
    quoted = f"code quoted-code secret {SECRET} verifier quoted-verifier" + " and so on" * 100
    scripted_provider.token.respond(400, {"error": "e\n", "error_description": quoted})
    with pytest.raises(TokenEndpointError) as refused:
        redeem(scripted_provider, corp, code="quoted-code", code_verifier="quoted-verifier")
    received = refused.value.received
    assert "quoted" not in received
    assert_without(received, SECRET)
    assert "\n" not in received
    assert len(received) <= 200


@pytest.mark.parametrize(
    ("bend", "received"),
    [
        (lambda token: token.drop("id_token"), "without one"),
        (lambda token: token.drop("token_type"), "absent"),
        (lambda token: token.fields.update(token_type="DPoP"), "DPoP"),
        (lambda token: token.fields.update(id_token=7), "int"),
        (lambda token: token.fields.update(id_token=""), "without one"),
        (lambda token: token.fields.update(access_token=["a"]), "list"),
        (lambda token: token.html(), "content_type_refused"),
        (lambda token: token.respond(body="{"), "not JSON"),
        (lambda token: token.respond(body="[]"), "not a JSON object"),
        (lambda token: token.redirect_to("http://127.0.0.1/"), "redirect_refused"),
    ],
)
def test_what_is_no_token_response_is_refused(scripted_provider, corp, bend, received):
    bend(scripted_provider.token)
    with pytest.raises(TokenEndpointError) as refused:
        redeem(scripted_provider, corp)
    assert received in refused.value.received
    assert refused.value.expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (60, 60),
        ("60", 60),
        (0, 0),
        (-1, None),
        (True, None),
        ("soon", None),
        ("9" * 20, None),
        (59.5, 59),
        (-0.5, None),
    ],
)
def test_whatever_a_provider_says_of_the_life_of_its_access_token_the_code_is_redeemed(
    scripted_provider, corp, value, seconds
):
    """Nothing is decided by it; as the life of a pushed request it is read leniently."""
    scripted_provider.token.fields["expires_in"] = value
    assert redeem(scripted_provider, corp).id_token
    assert whole_seconds(value) == seconds


def test_an_id_token_may_come_alone(scripted_provider, corp):
    scripted_provider.token.drop("access_token", "token_type", "refresh_token", "expires_in")
    answer = redeem(scripted_provider, corp)
    assert (answer.access_token, answer.refresh_token) == (None, None)


def test_tokens_are_not_in_the_repr(scripted_provider, corp):
    answer = redeem(scripted_provider, corp)
    assert_without(repr(answer), answer.access_token)
    assert_without(repr(answer), answer.id_token)


def test_a_provider_that_is_down_is_unreachable(scripted_provider, corp):
    scripted_provider.go_down()
    with pytest.raises(ProviderUnreachable):
        redeem_code(corp, code="c", redirect_uri=REDIRECT_URI, code_verifier=None)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"discovery": {}}, MetadataInvalid),
        ({"client_secret": None}, ClientCredentialsUnusable),
    ],
)
def test_a_registration_that_cannot_work_sends_nothing(scripted_provider, corp, changes, outcome):
    for name, value in changes.items():
        setattr(corp, name, value)
    with pytest.raises(outcome):
        redeem_code(corp, code="c", redirect_uri=REDIRECT_URI, code_verifier=None)
    assert scripted_provider.requests == []
