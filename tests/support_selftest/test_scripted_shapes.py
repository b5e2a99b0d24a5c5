"""The provider can look like OneLogin, move its endpoints, and publish a crowd of keys."""

from collections import Counter

import requests

from tests.support.scripted.onelogin import look_like_onelogin


def discovery_of(op):
    return requests.get(op.url("discovery"), timeout=5).json()


def family_of(jwk):
    return jwk.get("crv", jwk["kty"]), jwk["use"]


def test_the_baseline_has_the_keys_of_the_foundations_suite(op):
    families = Counter(map(family_of, op.jwks.keys))
    assert families == {
        ("RSA", "sig"): 2,
        ("P-256", "sig"): 2,
        ("secp256k1", "sig"): 1,
        ("Ed25519", "sig"): 1,
        ("RSA", "enc"): 1,
        ("P-256", "enc"): 1,
    }
    assert not any("alg" in jwk for jwk in op.jwks.keys)
    assert len({jwk["kid"] for jwk in op.jwks.keys}) == 8


def test_the_crowd_has_three_keys_of_each_family(op):
    families = Counter(family_of(key.jwk()) for key in op.keys.crowd)
    assert families == dict.fromkeys([(name, "sig") for name in ("RSA", "P-256", "secp256k1", "Ed25519")], 3)
    assert len({key.kid for key in op.keys.crowd}) == 12


def test_an_endpoint_that_moved_is_announced_and_served_where_it_is(op):
    op.moved["jwks"] = "/elsewhere"
    assert discovery_of(op)["jwks_uri"] == f"{op.issuer}/elsewhere"
    assert requests.get(f"{op.issuer}/elsewhere", timeout=5).json() == {"keys": op.jwks.keys}
    assert requests.get(f"{op.issuer}/jwks-{op.name}", timeout=5).status_code == 404
    assert len(op.violations) == 1


def test_onelogin_has_its_own_addresses_and_speaks_no_rfc_9207(op):
    look_like_onelogin(op)
    document = discovery_of(op)
    assert document["issuer"].endswith("/oidc/2")
    assert document["userinfo_endpoint"] == f"{document['issuer']}/me"
    assert document["token_endpoint_auth_methods_supported"] == ["none"]
    assert "authorization_response_iss_parameter_supported" not in document
    assert op.speaks_rfc9207() is False
    assert op.violations == []


def test_the_next_test_finds_it_as_it_was(op):
    look_like_onelogin(op)
    op.reset()
    assert op.issuer.count("/") == 3
    assert op.url("userinfo") == f"{op.issuer}/userinfo"
