"""Userinfo counts only if it speaks of the person of the ID token."""

import pytest

from providers import errors
from providers.protocol.claims import check_signed_userinfo, check_userinfo
from ssoconsole.platform.jose import errors as jose
from ssoconsole.platform.jose.verify import VerifiedJwt

NOW = 1_700_000_000
GOOD = {"iss": "https://idp.example", "aud": "console", "sub": "alice", "email": "alice@corp.example"}


def check_signed(**changes):
    claims = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return check_signed_userinfo(
        VerifiedJwt({"alg": "RS256"}, claims),
        issuer="https://idp.example",
        client_id="console",
        sub="alice",
        now=NOW,
        leeway=60,
    )


def test_the_same_subject_is_accepted():
    check_userinfo({"sub": "alice"}, sub="alice")


@pytest.mark.parametrize("claims", [{}, {"sub": None}, {"sub": "aliceinvalid"}, {"sub": "Alice"}, {"sub": 1}])
def test_another_subject_or_none_is_refused(claims):
    with pytest.raises(errors.UserinfoSubjectMismatch) as refused:
        check_userinfo(claims, sub="alice")
    assert refused.value.expected == "sub alice"
    assert refused.value.received


@pytest.mark.parametrize("changes", [{}, {"aud": ["console", "other"]}, {"exp": NOW + 1, "iat": NOW}])
def test_signed_userinfo_needs_no_nonce_and_no_expiry(changes):
    assert check_signed(**changes)["email"] == "alice@corp.example"


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"iss": None}, jose.MissingClaim),
        ({"iss": "https://idp.example/"}, jose.IssuerMismatch),
        ({"aud": None}, jose.MissingClaim),
        ({"aud": "other"}, jose.AudienceMismatch),
        ({"aud": ["other"]}, jose.AudienceMismatch),
        ({"exp": NOW - 60}, jose.Expired),
        ({"iat": NOW + 61}, jose.IssuedInTheFuture),
        ({"sub": "mallory"}, errors.UserinfoSubjectMismatch),
        ({"sub": None}, errors.UserinfoSubjectMismatch),
    ],
)
def test_signed_userinfo_for_others_is_refused(changes, outcome):
    with pytest.raises(outcome):
        check_signed(**changes)
