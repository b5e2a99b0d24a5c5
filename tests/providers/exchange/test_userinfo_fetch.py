"""Userinfo is asked with the access token in the header, and believed only about the same person."""

from urllib.parse import urlencode

import pytest

from providers import errors
from providers.exchange.endpoints import fetch_userinfo
from ssoconsole.platform.jose import errors as jose
from tests.providers.registrations import registered_at
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db


@pytest.fixture
def corp(scripted_provider):
    return registered_at(scripted_provider)


@pytest.fixture
def access_token(scripted_provider):
    op = scripted_provider
    op.client.pkce_required = False
    params = {"response_type": "code", "client_id": op.client.client_id, "redirect_uri": "http://localhost/"}
    op.visit(f"{op.url('authorization')}?{urlencode(params | {'scope': 'openid email', 'state': 's'})}")
    return op.grants[0].access_token


def fetch(provider, access_token, sub="subject-1"):
    return fetch_userinfo(provider, access_token=access_token, sub=sub)


def test_plain_userinfo(scripted_provider, corp, access_token):
    assert fetch(corp, access_token) == {
        "sub": "subject-1",
        "email": "alice@corp.example",
        "email_verified": True,
    }
    assert scripted_provider.violations == []


def test_signed_userinfo_is_verified_with_the_providers_keys(scripted_provider, corp, access_token):
    scripted_provider.userinfo.signed()
    assert fetch(corp, access_token)["email"] == "alice@corp.example"
    assert len(scripted_provider.requests_to("jwks")) == 1


def test_without_an_endpoint_there_is_none(scripted_provider, access_token):
    scripted_provider.discovery.drop("userinfo_endpoint")
    assert fetch(registered_at(scripted_provider), access_token) is None
    assert scripted_provider.requests_to("userinfo") == []


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    "bend", [lambda info: info.append("sub", "invalid"), lambda info: info.remove("sub")]
)
def test_userinfo_about_somebody_else_is_refused(scripted_provider, corp, access_token, signed, bend):
    if signed:
        scripted_provider.userinfo.signed()
    bend(scripted_provider.userinfo)
    with pytest.raises(errors.UserinfoSubjectMismatch):
        fetch(corp, access_token)


@pytest.mark.parametrize(
    ("bend", "outcome"),
    [
        (lambda info: info.break_signature(), jose.SignatureInvalid),
        (lambda info: info.alg_none(), jose.AlgorithmRefused),
        (lambda info: info.append("iss"), jose.IssuerMismatch),
        (lambda info: info.append("aud"), jose.AudienceMismatch),
        (lambda info: info.remove("aud"), jose.MissingClaim),
        (lambda info: info.raw("garbage"), jose.TokenMalformed),
        (lambda info: info.claims.update(exp=1), jose.Expired),
        (lambda info: info.header.update(typ="at+jwt"), jose.TokenTypeRefused),
    ],
)
def test_a_signed_answer_that_is_not_for_this_client_is_refused(
    scripted_provider, corp, access_token, bend, outcome
):
    bend(scripted_provider.userinfo.signed())
    with pytest.raises(outcome):
        fetch(corp, access_token)


@pytest.mark.parametrize(
    ("bend", "outcome"),
    [
        (lambda op: op.html("userinfo"), errors.UserinfoError),
        (lambda op: op.html("userinfo", 500), errors.UserinfoError),
        (lambda op: op.userinfo.respond(body="[]"), errors.UserinfoError),
        (
            lambda op: op.userinfo.respond(body=r'{"sub": "subject-1", "name": "\u0000"}'),
            errors.UserinfoError,
        ),
        (lambda op: op.userinfo.redirect_to("http://127.0.0.1/"), errors.UserinfoError),
        (lambda op: op.go_down(), errors.ProviderUnreachable),
    ],
)
def test_what_is_no_userinfo_is_refused(scripted_provider, corp, access_token, bend, outcome):
    bend(scripted_provider)
    with pytest.raises(outcome) as refused:
        fetch(corp, access_token)
    assert_without(refused.value.received, access_token)


def test_an_unknown_access_token_is_refused_with_the_status(corp):
    with pytest.raises(errors.UserinfoError) as refused:
        fetch(corp, "another")
    assert refused.value.received == "status 401"
