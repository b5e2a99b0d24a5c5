"""RFC 8414 line by line: the tests of what is advertised are made from the document itself."""

import base64
import json
import warnings

import pytest
from assertions import Signer, by_assertion
from joserfc import jws
from joserfc.errors import SecurityWarning
from tokens_cast import BASE_URL, basic, claims_in

from tokens.credentials.keyless import set_public_keys
from tokens.protocol.client_authentication import ALGORITHMS

pytestmark = pytest.mark.django_db

WELL_KNOWN = "/.well-known/oauth-authorization-server"
ENDPOINTS = {
    "token": {"grant_type": "client_credentials"},
    "introspection": {"token": "x"},
    "revocation": {"token": "x"},
}
# Everything that is registered for JWTs and has a key of some kind, and two that never work.
EVERY_ALG = [
    *("ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519", "RS256", "RS384", "RS512"),
    *("PS256", "PS384", "PS512", "HS256", "HS384", "HS512", "none", "rs256"),
]


@pytest.fixture
def metadata(oauth):
    return oauth.http.get(WELL_KNOWN).json()


def path_of(url):
    assert url.startswith(f"{BASE_URL}/")
    return url.removeprefix(BASE_URL)


def test_8414_1_it_is_where_it_must_be(oauth):
    answer = oauth.http.get(WELL_KNOWN)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert oauth.http.get("/.well-known/openid-configuration").status_code == 404


def test_8414_2_the_issuer_is_byte_by_byte_that_of_the_tokens(metadata, token):
    assert metadata["issuer"] == BASE_URL == claims_in(token)["iss"]
    assert not set("?#") & set(metadata["issuer"])


def test_8414_3_what_is_required_is_there_and_every_address_answers(oauth, metadata):
    assert metadata["response_types_supported"] == []
    for name, url in metadata.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert oauth.http.get(path_of(url)).status_code in (200, 405), name


def test_8414_4_8414_5_no_default_speaks_for_us(metadata):
    assert metadata["grant_types_supported"] == ["client_credentials"]
    for endpoint in ENDPOINTS:
        assert metadata[f"{endpoint}_endpoint_auth_methods_supported"]
        algorithms = metadata[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
        assert "RS256" in algorithms
        assert "none" not in algorithms


@pytest.mark.parametrize("grant_type", ["client_credentials", "password", "implicit", "authorization_code"])
def test_8414_6_exactly_the_advertised_grant_types_work(oauth, metadata, me, grant_type):
    answer = oauth.post(path_of(metadata["token_endpoint"]), {"grant_type": grant_type}, auth=me)
    assert answer.status_code == (200 if grant_type in metadata["grant_types_supported"] else 400)


_signers = {}


def signer_of(alg):
    if alg not in _signers:
        _signers[alg] = Signer(alg, kid=alg)
    return _signers[alg]


def assertion_by(name, alg):
    """A good assertion of the bot by a key that is registered, signed with any algorithm that fits the key."""
    if alg in ALGORITHMS:
        return signer_of(alg).assertion(name)
    if alg.startswith(("RS", "PS")):
        good, key = signer_of("RS256").assertion(name), signer_of("RS256").key
        header = {"alg": alg, "kid": "RS256"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)
            registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
            return jws.serialize_compact(header, json.dumps(claims_in(good)), key, registry=registry)
    # For the others the header alone lies: no algorithm is taken from it.
    return ".".join([header_of(alg), *signer_of("ES256").assertion(name).split(".")[1:]])


def header_of(alg):

    header = json.dumps({"alg": alg, "kid": "ES256"}, separators=(",", ":"))
    return base64.urlsafe_b64encode(header.encode()).decode().rstrip("=")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("alg", EVERY_ALG)
def test_8414_6_exactly_the_advertised_algorithms_work(oauth, metadata, bot, by, endpoint, alg):
    jwks = {"keys": [signer_of(name).jwk for name in ALGORITHMS]}
    set_public_keys(bot=bot, jwks=jwks, jwks_uri=None, by=by)
    url = path_of(metadata[f"{endpoint}_endpoint"])
    advertised = metadata[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
    answer = oauth.post(url, {**ENDPOINTS[endpoint], **by_assertion(assertion_by(bot.name, alg))})
    assert answer.status_code == (200 if alg in advertised else 401), answer.content


def test_8414_6_a_public_client_is_not_advertised_and_gets_nothing(oauth, metadata, bot):
    for endpoint, parameters in ENDPOINTS.items():
        assert "none" not in metadata[f"{endpoint}_endpoint_auth_methods_supported"]
        answer = oauth.post(path_of(metadata[f"{endpoint}_endpoint"]), {**parameters, "client_id": bot.name})
        assert answer.status_code == 401


def test_8414_7_the_keys_are_public_named_and_for_signatures(oauth, metadata):
    published = oauth.http.get(path_of(metadata["jwks_uri"])).json()["keys"]
    assert len({key["kid"] for key in published}) == len(published) > 0
    for key in published:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k", "oth"} & set(key)
        assert (key["use"], key["kty"] != "oct", bool(key["alg"])) == ("sig", True, True)


@pytest.mark.parametrize("spelling", ["ingestion-bot\u200b", "Ingestion-bot", "ｉngestion-bot"])
def test_8414_8_names_are_compared_code_point_by_code_point(oauth, me, spelling):
    assert oauth.token(basic(spelling, me[1])).status_code == 401
