"""Every forged or broken ID token of the relying-party table: refused by name, before userinfo is asked."""

import time

import pytest

from tests.providers.signin.journey import assert_refused, register


def as_list(op, *others):
    op.id_token.change("aud", lambda aud: [aud, *others])


def key_of_its_own(op):
    """Signed by a stranger's key that comes with the token, and called by the name of a published one."""
    op.id_token.sign_with(op.keys.stranger)
    op.id_token.header.update(jwk=op.keys.stranger.jwk(), kid=op.keys.rsa[0].kid)


def another_key_with_the_same_kid(op):
    op.jwks.keys.append(op.keys.rsa[1].jwk(kid=op.keys.rsa[0].kid))


REFUSALS = {
    "another issuer": (lambda op: op.id_token.append("iss"), "issuer_mismatch"),
    "the issuer with a slash": (lambda op: op.id_token.append("iss", "/"), "issuer_mismatch"),
    "no issuer": (lambda op: op.id_token.remove("iss"), "missing_claim"),
    "another audience": (lambda op: op.id_token.append("aud"), "audience_mismatch"),
    "no audience": (lambda op: op.id_token.remove("aud"), "missing_claim"),
    "an untrusted second audience": (lambda op: as_list(op, "stranger"), "audience_mismatch"),
    "this audience twice and an untrusted one": (
        lambda op: as_list(op, op.client.client_id, "stranger"),
        "audience_mismatch",
    ),
    "an empty second audience": (lambda op: as_list(op, ""), "claim_refused"),
    "another audience twice": (
        lambda op: op.id_token.claims.update(aud=["stranger", "stranger"]),
        "audience_mismatch",
    ),
    "azp of another client": (
        lambda op: op.id_token.claims.update(azp="stranger"),
        "authorized_party_mismatch",
    ),
    "no expiry": (lambda op: op.id_token.remove("exp"), "missing_claim"),
    "no issue time": (lambda op: op.id_token.remove("iat"), "missing_claim"),
    "expired an hour ago": (lambda op: op.id_token.shift("exp", -3900), "expired"),
    "issued in an hour": (lambda op: op.id_token.shift("iat", 3600), "issued_in_the_future"),
    "issued two days ago": (lambda op: op.id_token.shift("iat", -172_800), "issued_too_long_ago"),
    "not valid for an hour": (
        lambda op: op.id_token.change("exp", lambda exp: exp).claims.update(nbf=4_000_000_000),
        "not_yet_valid",
    ),
    "another nonce": (lambda op: op.id_token.append("nonce"), "nonce_mismatch"),
    "no nonce": (lambda op: op.id_token.remove("nonce"), "missing_claim"),
    "no subject": (lambda op: op.id_token.remove("sub"), "missing_claim"),
    "a nonce of null": (lambda op: op.id_token.claims.update(nonce=None), "missing_claim"),
    "a subject of null": (lambda op: op.id_token.claims.update(sub=None), "missing_claim"),
    "an expiry of null": (lambda op: op.id_token.claims.update(exp=None), "missing_claim"),
    "an audience of null": (lambda op: op.id_token.claims.update(aud=None), "missing_claim"),
    "two audiences and an azp of null": (
        lambda op: as_list(op, "stranger") or op.id_token.claims.update(azp=None),
        "audience_mismatch",
    ),
    "two audiences and an empty azp": (
        lambda op: as_list(op, "stranger") or op.id_token.claims.update(azp=""),
        "audience_mismatch",
    ),
    "an empty subject": (lambda op: op.id_token.claims.update(sub=""), "claim_refused"),
    "an expiry that is text": (lambda op: op.id_token.claims.update(exp="tomorrow"), "claim_refused"),
    "an expiry that is true": (lambda op: op.id_token.claims.update(exp=True), "claim_refused"),
    "expired by a fraction": (lambda op: op.id_token.shift("exp", -360.25), "expired"),
    "an empty azp": (lambda op: op.id_token.claims.update(azp=""), "authorized_party_mismatch"),
    "an empty at_hash": (lambda op: op.id_token.claims.update(at_hash=""), "at_hash_mismatch"),
    "an empty c_hash": (lambda op: op.id_token.claims.update(c_hash=""), "c_hash_mismatch"),
    "another at_hash": (lambda op: op.id_token.include_at_hash().append("at_hash"), "at_hash_mismatch"),
    "another c_hash": (lambda op: op.id_token.claims.update(c_hash="AAAA"), "c_hash_mismatch"),
    "typ at+jwt": (lambda op: op.id_token.header.update(typ="at+jwt"), "token_type_refused"),
    "typ logout+jwt": (lambda op: op.id_token.header.update(typ="logout+jwt"), "token_type_refused"),
    "a broken signature": (lambda op: op.id_token.break_signature(), "signature_invalid"),
    "no signature": (lambda op: op.id_token.truncate_signature(), "signature_invalid"),
    "an unknown kid": (lambda op: op.id_token.sign_with(op.keys.stranger), "unknown_key"),
    "HS256 with the public key": (lambda op: op.id_token.hs256_with_public_key(), "algorithm_refused"),
    "HS256 with the public key in DER": (
        lambda op: op.id_token.hs256_with_public_key("der"),
        "algorithm_refused",
    ),
    "HS256 with the client secret": (
        lambda op: op.id_token.hs256_with(op.client.client_secret),
        "algorithm_refused",
    ),
    "alg none": (lambda op: op.id_token.alg_none(), "algorithm_refused"),
    "alg nOnE": (lambda op: op.id_token.alg_none("nOnE"), "algorithm_refused"),
    "ES256 where RS256 is registered": (lambda op: op.id_token.sign_with(alg="ES256"), "algorithm_refused"),
    "a crit header": (lambda op: op.id_token.header.update(crit=["exp"]), "header_refused"),
    "compression": (lambda op: op.id_token.header.update(zip="DEF"), "header_refused"),
    "a key of its own": (key_of_its_own, "signature_invalid"),
    "a key of its own under a kid of its own": (
        lambda op: op.id_token.sign_with(op.keys.stranger).header.update(jwk=op.keys.stranger.jwk()),
        "unknown_key",
    ),
    "not a JWT": (lambda op: op.id_token.raw("not.a.jwt"), "token_malformed"),
    "a list for claims": (lambda op: op.id_token.raw_payload(b"[]"), "token_malformed"),
    "a claim twice": (lambda op: op.id_token.raw_payload(b'{"sub":"a","sub":"b"}'), "token_malformed"),
    "another key under the same kid": (another_key_with_the_same_kid, "ambiguous_key"),
    "no kid among several keys": (lambda op: op.id_token.remove_header("kid"), "ambiguous_key"),
    "an empty kid among several keys": (lambda op: op.id_token.header.update(kid=""), "ambiguous_key"),
    "a key that only encrypts": (
        lambda op: op.jwks.publish(op.keys.rsa[0].jwk(key_ops=["encrypt"])),
        "unknown_key",
    ),
    "a session that is a number": (lambda op: op.id_token.claims.update(sid=77), "claim_refused"),
    "a context that is a list": (lambda op: op.id_token.claims.update(acr=["phr"]), "claim_refused"),
    "a context that is true": (lambda op: op.id_token.claims.update(acr=True), "claim_refused"),
    "a subject that is a number": (lambda op: op.id_token.claims.update(sub=1), "claim_refused"),
}


@pytest.mark.parametrize(("forge", "outcome"), REFUSALS.values(), ids=REFUSALS.keys())
def test_is_refused_before_userinfo(op, unread, visitor, forge, outcome):
    forge(op)
    assert_refused(visitor.sign_in(op), outcome, 400)
    assert op.requests_to("userinfo") == []
    assert op.violations == []
    assert not visitor.is_signed_in()


@pytest.mark.parametrize("expiry", [b"1e400", b"NaN", b"Infinity", b"1" + b"0" * 400])
def test_an_expiry_beyond_all_numbers_is_refused(op, provider, visitor, expiry):
    op.id_token.raw_payload(b'{"exp": %s}' % expiry)
    assert_refused(visitor.sign_in(op), "token_malformed", 400)


def single_key_without_kid(op):
    op.jwks.publish(op.keys.rsa[0].jwk(kid=None))
    op.id_token.remove_header("kid")


def encryption_key_with_the_same_kid(op):
    op.jwks.keys.append(op.keys.rsa_enc.jwk(kid=op.keys.rsa[0].kid, alg="RS256"))


def times_with_a_fraction(op):
    for name in ("iat", "exp"):
        op.id_token.shift(name, 0.75)
    op.id_token.claims.update(nbf=1_700_000_000.25, auth_time=1_700_000_000.5)


def the_same_key_twice(op):
    key = op.keys.rsa[0]
    op.jwks.keys.extend([key.jwk(), key.jwk(alg="RS256"), key.jwk(use=None)])


def single_key_and_an_empty_kid(op):
    op.jwks.publish(op.keys.rsa[0].jwk())
    op.id_token.header.update(kid="")


def key_operations_left_empty(op):
    op.jwks.publish(op.keys.rsa[0].jwk(key_ops=[], x5c=[], oth=[]))


ACCEPTED = {
    "as it should be": lambda op: None,
    "expired five seconds ago": lambda op: op.id_token.shift("exp", -305),
    "issued in five seconds": lambda op: op.id_token.shift("iat", 5),
    "one usable key, no kid anywhere": single_key_without_kid,
    "an encryption key with the same kid, listed later": encryption_key_with_the_same_kid,
    "the same key several times": the_same_key_twice,
    "a key set that lists nothing where it has nothing to list": key_operations_left_empty,
    "one usable key, and a kid that is empty": single_key_and_an_empty_kid,
    "only this audience, in a list": as_list,
    "only this audience, twice": lambda op: as_list(op, op.client.client_id),
    "a context that is a number": lambda op: op.id_token.claims.update(acr=0),
    "azp of this client": lambda op: op.id_token.claims.update(azp=op.client.client_id),
    "a right at_hash": lambda op: op.id_token.include_at_hash(),
    "empty strings for what there is not": lambda op: op.id_token.claims.update(acr="", sid=""),
    "no typ": lambda op: op.id_token.remove_header("typ"),
    "its certificates": lambda op: op.id_token.header.update(x5c=["MIIB"], x5t="abc"),
    "its own key beside the kid": lambda op: op.id_token.header.update(jwk=op.keys.rsa[0].jwk()),
    "the address of its keys": lambda op: op.id_token.header.update(jku="https://idp.example/jwks"),
    "the type of its content": lambda op: op.id_token.header.update(cty="application/json"),
    "a typ that is null": lambda op: op.id_token.header.update(typ=None),
    "null for all that it does not know": lambda op: op.id_token.claims.update(
        dict.fromkeys(["acr", "amr", "azp", "at_hash", "auth_time", "c_hash", "groups", "nbf", "sid"])
    ),
    "times with a fraction": times_with_a_fraction,
    "an unknown claim": lambda op: op.id_token.claims.update(unknown={"a": [1]}),
}


@pytest.mark.parametrize("bend", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_an_honest_token_signs_in_however_it_looks(op, unread, visitor, bend):
    bend(op)
    assert visitor.sign_in(op).status_code == 302
    assert visitor.is_signed_in()
    assert op.violations == []


USERINFO = {
    "another subject": lambda op: op.userinfo.append("sub", "invalid"),
    "no subject": lambda op: op.userinfo.remove("sub"),
}


@pytest.mark.parametrize("bend", USERINFO.values(), ids=USERINFO.keys())
def test_userinfo_about_somebody_else_is_refused(op, provider, visitor, bend):
    bend(op)
    assert_refused(visitor.sign_in(op), "userinfo_subject_mismatch", 400)


def test_an_unverified_address_does_not_begin_an_account(op, provider, visitor):
    op.person["email_verified"] = False
    assert_refused(visitor.sign_in(op), "not_admitted", 403)


def test_an_authentication_older_than_max_age_is_refused(op, visitor):
    register(op, max_age=60)
    op.id_token.shift("auth_time", -600)
    assert_refused(visitor.sign_in(op), "authentication_too_old", 400)
    assert op.requests_to("userinfo") == []


def test_auth_time_must_be_there_when_it_was_asked_for(op, visitor):
    register(op, max_age=60)
    op.id_token.remove("auth_time")
    assert_refused(visitor.sign_in(op), "missing_claim", 400)


def test_rotated_keys_are_fetched_again(op, provider, visitor):
    visitor.sign_in(op)
    op.jwks.rotate()
    assert visitor.sign_in(op).status_code == 302


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA", "HS256"])
def test_other_algorithms_sign_in_where_they_are_registered(op, visitor, alg):
    op.client.id_token_signed_response_alg = alg
    register(op, signing_algs=[alg])
    assert visitor.sign_in(op).status_code == 302


def test_signed_userinfo_is_verified_by_its_own_rules(op, provider, visitor):
    op.userinfo.signed()
    assert visitor.sign_in(op).status_code == 302


def test_signed_userinfo_may_have_times_with_a_fraction(op, provider, visitor):
    now = time.time()
    op.userinfo.signed().claims.update(iat=now - 0.5, exp=now + 60.5)
    assert visitor.sign_in(op).status_code == 302


def test_signed_userinfo_for_another_client_is_refused(op, provider, visitor):
    op.userinfo.signed().append("aud")
    assert_refused(visitor.sign_in(op), "audience_mismatch", 400)


UNSAID = {
    "absent": lambda op: op.userinfo.remove("email_verified"),
    "null": lambda op: op.person.update(email_verified=None),
}


def test_what_the_id_token_verified_is_no_address_whose_verification_is_left_empty(op, provider, visitor):
    op.id_token.claims.update(email="victim@corp.example", email_verified=True)
    op.person.update(email="mallory@evil.example", email_verified="")
    assert_refused(visitor.sign_in(op), "not_admitted", 403)


@pytest.mark.parametrize("leave_out", UNSAID.values(), ids=UNSAID.keys())
def test_what_the_id_token_verified_is_not_the_address_that_userinfo_names(op, provider, visitor, leave_out):
    op.id_token.claims.update(email="victim@corp.example", email_verified=True)
    op.person.update(email="mallory@evil.example")
    leave_out(op)
    visitor.sign_in(op)
    claims = provider.sign_in_attempts.get().claims_shown
    assert claims["email"] == "mallory@evil.example"
    assert claims.get("email_verified") is None
