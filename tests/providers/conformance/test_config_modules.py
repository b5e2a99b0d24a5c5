"""The modules of the Config plan: discovery, keys and their rotation."""

import secrets

import pytest

from providers.metadata import refresh_discovery
from providers.registration.errors import RegistrationInvalid
from ssoconsole.platform.jose.errors import IssuerMismatch
from tests.providers.conformance.registry import module
from tests.providers.conformance.run import BOB


@module(does="fetches discovery before anything else, and takes every endpoint from it")
def test_oidcc_client_test_discovery_openid_config(run):
    run.op.moved |= {name: f"/moved/{name}" for name in ("authorization", "token", "userinfo")}
    run.judge(run.sign_in())
    assert run.op.requests[0].endpoint == "discovery"
    assert run.provider.endpoint("token_endpoint") == run.op.url("token")


@module(does="takes `jwks_uri` from discovery")
def test_oidcc_client_test_discovery_jwks_uri_keys(run):
    run.op.moved["jwks"] = f"/{secrets.token_hex(8)}"
    run.judge(run.sign_in())
    assert run.seen("jwks") == ["jwks"]


@module(refuses="issuer_mismatch", does="at registration, at every refresh and before anybody leaves")
def test_oidcc_client_test_discovery_issuer_mismatch(run):
    run.op.go_down()
    provider = run.provider  # registered while nobody answers, so the first sign-in asks again
    run.op.come_back()
    run.op.discovery["issuer"] = f"{run.op.issuer}INVALID"
    run.judge(run.browser.client.get("/signin/corp"))
    with pytest.raises(IssuerMismatch):
        refresh_discovery(provider=provider, by=BOB)
    del run.provider
    run.fields["slug"] = "another"
    with pytest.raises(RegistrationInvalid):
        run.provider  # noqa: B018 - registers
    assert run.seen("authorization") == []


@module(does="an unknown `kid` makes the keys be fetched once more")
def test_oidcc_client_test_signing_key_rotation_just_before_signing(run):
    run.judge(run.sign_in())
    answer = run.op.visit(run.leave())
    run.op.jwks.rotate()
    run.judge(run.browser.arrive(answer))
    assert run.seen("jwks") == ["jwks", "jwks"]


@module(does="an unknown `kid` makes the keys be fetched once more")
def test_oidcc_client_test_signing_key_rotation(run):
    run.judge(run.sign_in())
    url = run.leave()
    run.op.jwks.rotate()
    run.judge(run.browser.arrive(run.op.visit(url)))
    assert run.seen("jwks") == ["jwks", "jwks"]
