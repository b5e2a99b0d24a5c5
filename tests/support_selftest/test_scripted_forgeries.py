"""Each forgery is what its name says, and an honest relying party refuses it."""

import hmac
import json

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tests.support.scripted.keys import half_hash, unb64
from tests.support_selftest.relying_party import redeem

FORGERIES = {
    "another issuer": lambda token: token.append("iss"),
    "another audience": lambda token: token.append("aud"),
    "another nonce": lambda token: token.append("nonce"),
    "no issuer": lambda token: token.remove("iss"),
    "no subject": lambda token: token.remove("sub"),
    "no audience": lambda token: token.remove("aud"),
    "no issue time": lambda token: token.remove("iat"),
    "no expiry": lambda token: token.remove("exp"),
    "expired": lambda token: token.shift("exp", -3600),
    "issued in the future": lambda token: token.shift("iat", 3600),
    "signature XOR 0x5A": lambda token: token.break_signature(),
    "no signature": lambda token: token.truncate_signature(),
    "alg none": lambda token: token.alg_none(),
    "alg nOnE": lambda token: token.alg_none("nOnE"),
    "HS256 with the public key": lambda token: token.hs256_with_public_key(),
    "HS256 with the public key in DER": lambda token: token.hs256_with_public_key("der"),
    "HS256 with the client secret": lambda token: token.hs256_with(token.provider.client.client_secret),
    "ES256 where RS256 is agreed": lambda token: token.sign_with(alg="ES256"),
    "a key that is published nowhere": lambda token: token.sign_with(token.provider.keys.stranger),
    "not a JWT": lambda token: token.raw("not.a.jwt"),
    "a list for claims": lambda token: token.raw_payload(b"[]"),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_an_honest_relying_party_refuses(op, sign_in, forge):
    forge(op.id_token)
    rp, callback = sign_in()
    token = redeem(rp, callback)["id_token"]
    with pytest.raises((JoseError, ValueError)):
        rp.claims_in(token)
    assert op.violations == []


def header_of(token):
    return json.loads(unb64(token.split(".")[0]))


def test_alg_none_has_no_signature_at_all(op):
    token = op.id_token.alg_none().issue({"sub": "x"})
    assert token.endswith(".")
    assert header_of(token)["alg"] == "none"


def test_the_mac_with_the_public_key_is_a_correct_mac(op):
    token = op.id_token.hs256_with_public_key().issue({"sub": "x"})
    signing_input, _, signature = token.rpartition(".")
    mac = hmac.digest(op.keys.rsa[0].public_bytes(), signing_input.encode(), "sha256")
    assert unb64(signature) == mac
    assert header_of(token)["kid"] == op.keys.rsa[0].kid


def test_a_decoy_curve_signs_for_real(op):
    token = op.id_token.sign_with(alg="ES256K").issue({"sub": "x"})
    key = ECKey.import_key(op.keys.secp256k1.jwk())
    assert jwt.decode(token, key, algorithms=["ES256K"]).claims == {"sub": "x"}


def test_a_weak_key_has_1024_bits(op):
    assert op.keys.weak_rsa.private.key_size == 1024
    assert op.id_token.sign_with(op.keys.weak_rsa).issue({}).count(".") == 2


def test_headers_can_be_set_and_removed(op):
    op.id_token.header["typ"] = "at+jwt"
    header = header_of(op.id_token.remove_header("kid").issue({}))
    assert header == {"alg": "RS256", "typ": "at+jwt"}


def test_bytes_are_signed_as_they_are(op):
    payload = b'{"sub": "a", "sub": "b"}'
    assert unb64(op.id_token.raw_payload(payload).issue({}).split(".")[1]) == payload


def test_at_hash_fits_the_access_token_until_it_is_bent(op, sign_in):
    op.id_token.include_at_hash()
    rp, callback = sign_in()
    answer = redeem(rp, callback)
    good = half_hash("RS256", answer["access_token"])
    assert rp.claims_in(answer["id_token"])["at_hash"] == good
    assert op.id_token.append("at_hash").claims_as_sent({"at_hash": good})["at_hash"] == good + "1"


def test_userinfo_claims_bend_like_an_id_token(op, sign_in):
    op.userinfo.append("sub", "invalid").remove("groups").claims["email_verified"] = False
    rp, callback = sign_in()
    claims = rp.userinfo(redeem(rp, callback)["access_token"]).json()
    assert claims["sub"] == "subject-1invalid"
    assert "groups" not in claims
    assert claims["email_verified"] is False


def test_only_the_refreshed_id_token_is_bent(op, sign_in):
    op.refreshed_id_token.append("sub")
    rp, callback = sign_in(scope="openid offline_access")
    answer = redeem(rp, callback)
    assert rp.claims_in(answer["id_token"])["sub"] == "subject-1"
    assert rp.claims_in(rp.refresh(answer["refresh_token"]).json()["id_token"])["sub"] == "subject-11"


def test_rotated_keys_replace_the_set_or_stand_beside_the_old(op):
    old = {key["kid"] for key in op.jwks.keys}
    assert not old & {key["kid"] for key in op.jwks.rotate().keys}
    op.reset()
    assert old < {key["kid"] for key in op.jwks.rotate(keep=True).keys}
    assert header_of(op.id_token.issue({}))["kid"] == op.keys.rsa[0].kid


def test_logout_tokens_carry_event_subject_and_session(op):
    op.sid = "session-1"
    claims = json.loads(unb64(op.make_logout_token(sub="subject-1").split(".")[1]))
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert (claims["sub"], claims["sid"]) == ("subject-1", "session-1")
    op.logout_token.remove("events").claims["nonce"] = "n"
    bent = json.loads(unb64(op.make_logout_token(sub="subject-1").split(".")[1]))
    assert "events" not in bent
    assert bent["nonce"] == "n"
