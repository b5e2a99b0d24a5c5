"""An ID token is for one attempt, or it is refused: OpenID Connect Core 1.0 section 3.1.3.7."""

from itertools import pairwise

import pytest

from providers import errors
from providers.protocol.id_token import IdTokenRules, check_id_token
from ssoconsole.platform.jose import errors as jose
from ssoconsole.platform.jose.claims import half_hash
from ssoconsole.platform.jose.verify import VerifiedJwt
from tests.support.leaks import assert_without

NOW = 1_700_000_000
DAY = 86_400
ISSUER, CLIENT, NONCE = "https://idp.example/realms/corp", "console", "nonce-of-this-attempt"
ABSENT = object()

GOOD = {"iss": ISSUER, "sub": "alice", "aud": CLIENT, "exp": NOW + 300, "iat": NOW, "nonce": NONCE}


def rules(**changes):
    given = {"issuer": ISSUER, "client_id": CLIENT, "nonce": NONCE, "leeway": 60, "max_age": None}
    return IdTokenRules(**given | changes)


def check(claims, *, alg="RS256", **changes):
    merged = {name: value for name, value in (GOOD | claims).items() if value is not ABSENT}
    return check_id_token(VerifiedJwt({"alg": alg}, merged), rules=rules(**changes), now=NOW)


ACCEPTED = {
    "as it should be": ({}, {}),
    "one audience in a list": ({"aud": [CLIENT]}, {}),
    "azp of this client": ({"azp": CLIENT}, {}),
    "a second audience that is trusted": (
        {"aud": [CLIENT, "api"], "azp": CLIENT},
        {"trusted_audiences": frozenset({"api"})},
    ),
    "expired within the leeway": ({"exp": NOW - 59}, {}),
    "issued ahead within the leeway": ({"iat": NOW + 60}, {}),
    "not before within the leeway": ({"nbf": NOW + 60}, {}),
    "issued a day ago": ({"iat": NOW - DAY - 60}, {}),
    "at_hash of the access token": ({"at_hash": half_hash("RS256", "at")}, {"access_token": "at"}),
    "no at_hash in the code flow": ({}, {"access_token": "at"}),
    "at_hash without an access token": ({"at_hash": "anything"}, {}),
    "c_hash of the code": ({"c_hash": half_hash("RS256", "code")}, {"code": "code"}),
    "no c_hash in the code flow": ({}, {"code": "code"}),
    "authenticated just in time": ({"auth_time": NOW - 160}, {"max_age": 100}),
    "no max_age asked, old authentication": ({"auth_time": NOW - 10 * DAY}, {}),
}

REFUSED = {
    "no issuer": ({"iss": ABSENT}, {}, jose.MissingClaim),
    "issuer with one more character": ({"iss": ISSUER + "1"}, {}, jose.IssuerMismatch),
    "issuer with a slash": ({"iss": ISSUER + "/"}, {}, jose.IssuerMismatch),
    "no subject": ({"sub": ABSENT}, {}, jose.MissingClaim),
    "no audience": ({"aud": ABSENT}, {}, jose.MissingClaim),
    "another audience": ({"aud": CLIENT + "1"}, {}, jose.AudienceMismatch),
    "an untrusted second audience": (
        {"aud": [CLIENT, "mallory"], "azp": CLIENT},
        {},
        jose.AudienceMismatch,
    ),
    "several audiences without azp": (
        {"aud": [CLIENT, "api"]},
        {"trusted_audiences": frozenset({"api"})},
        jose.MissingClaim,
    ),
    "issued to another client": ({"azp": "mallory"}, {}, errors.AuthorizedPartyMismatch),
    "no expiry": ({"exp": ABSENT}, {}, jose.MissingClaim),
    "expired": ({"exp": NOW - 60}, {}, jose.Expired),
    "no time of issue": ({"iat": ABSENT}, {}, jose.MissingClaim),
    "issued in the future": ({"iat": NOW + 61}, {}, jose.IssuedInTheFuture),
    "not valid yet": ({"nbf": NOW + 61}, {}, jose.NotYetValid),
    "issued more than a day ago": ({"iat": NOW - DAY - 61}, {}, jose.IssuedTooLongAgo),
    "no nonce": ({"nonce": ABSENT}, {}, jose.MissingClaim),
    "another nonce": ({"nonce": NONCE + "1"}, {}, errors.NonceMismatch),
    "an empty nonce for an attempt without one": ({"nonce": ""}, {"nonce": ""}, errors.NonceMismatch),
    "at_hash of another token": (
        {"at_hash": half_hash("RS256", "at") + "1"},
        {"access_token": "at"},
        errors.AtHashMismatch,
    ),
    "no at_hash where it must be": (
        {},
        {"access_token": "at", "require_at_hash": True},
        jose.MissingClaim,
    ),
    "c_hash of another code": (
        {"c_hash": half_hash("RS256", "code") + "1"},
        {"code": "code"},
        errors.CHashMismatch,
    ),
    "no auth_time though max_age was asked": ({}, {"max_age": 100}, jose.MissingClaim),
    "authenticated too long ago": (
        {"auth_time": NOW - 161},
        {"max_age": 100},
        errors.AuthenticationTooOld,
    ),
    "authenticated in the future": ({"auth_time": NOW + 61}, {"max_age": 100}, jose.ClaimRefused),
}

# Each pair has both faults; the first of oidc.md's order has to be named.
ORDER = ["iss", "sub", "aud", "exp", "iat", "nonce"]


@pytest.mark.parametrize(("claims", "changes"), [*ACCEPTED.values()], ids=ACCEPTED)
def test_a_token_of_this_attempt_is_accepted(claims, changes):
    assert check(claims, **changes)["sub"] == "alice"


@pytest.mark.parametrize(("claims", "changes", "outcome"), [*REFUSED.values()], ids=REFUSED)
def test_every_other_token_is_refused_with_a_reason(claims, changes, outcome):
    with pytest.raises(errors.REFUSALS) as refused:
        check(claims, **changes)
    assert type(refused.value) is outcome
    assert refused.value.expected
    assert refused.value.received
    assert_without(refused.value.expected + refused.value.received, NONCE)


@pytest.mark.parametrize(("first", "second"), list(pairwise(ORDER)))
def test_the_first_fault_in_the_order_of_checking_is_named(first, second):
    with pytest.raises(jose.MissingClaim) as refused:
        check({first: ABSENT, second: ABSENT})
    assert refused.value.expected == first


@pytest.mark.parametrize("alg", ["RS256", "ES384", "PS512", "EdDSA", "Ed25519", "HS256"])
def test_hashes_are_computed_with_the_hash_of_the_signature(alg):
    hashed = half_hash(alg, "at")
    assert check({"at_hash": hashed}, alg=alg, access_token="at")
    with pytest.raises(errors.AtHashMismatch):
        check({"at_hash": hashed}, alg=alg, access_token="another")


@pytest.mark.parametrize("secret", ["nonce", "access_token", "code"])
def test_the_rules_do_not_show_what_is_secret(secret):
    assert_without(repr(rules(**{secret: "s3cret"})), "s3cret")
