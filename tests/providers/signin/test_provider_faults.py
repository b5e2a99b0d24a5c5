"""Providers that are down, slow, lying or talking HTML: each a named outcome, and others still work."""

import pytest

from providers.models import SignInAttempt
from ssoconsole.platform.outbound import client
from ssoconsole.platform.outbound.response import Limits
from tests.providers.signin.journey import assert_refused, outcome_of, register, trace_of
from tests.support.leaks import assert_without


@pytest.fixture
def impatient(monkeypatch):
    """The real limits, with less patience."""
    limits = Limits(connect=0.5, idle=0.3, total=0.6)
    monkeypatch.setitem(client.request.__kwdefaults__, "limits", limits)


TOKEN = {
    "an error": (lambda op: op.token.respond(400, {"error": "invalid_grant"}), "token_endpoint_error", 502),
    "a 500": (lambda op: op.token.html(500), "token_endpoint_error", 502),
    "a web page": (lambda op: op.token.html(), "token_endpoint_error", 502),
    "no JSON": (lambda op: op.token.respond(body="{"), "token_endpoint_error", 502),
    "a list": (lambda op: op.token.respond(body=[]), "token_endpoint_error", 502),
    "no ID token": (lambda op: op.token.drop("id_token"), "token_endpoint_error", 502),
    "an ID token that is a number": (
        lambda op: op.token.fields.update(id_token=1),
        "token_endpoint_error",
        502,
    ),
    "a token type that is not Bearer": (
        lambda op: op.token.fields.update(token_type="MAC"),
        "token_endpoint_error",
        502,
    ),
    "a redirect": (lambda op: op.token.redirect_to("https://elsewhere.example"), "token_endpoint_error", 502),
    "a megabyte": (lambda op: op.token.respond(body="x" * 1_000_000), "token_endpoint_error", 502),
    "garbage for an ID token": (
        lambda op: op.token.fields.update(id_token="garbage"),
        "token_malformed",
        400,
    ),
    "nothing": (lambda op: op.token.hang_up(), "provider_unreachable", 503),
}
USERINFO = {
    "a web page": (lambda op: op.userinfo.html(), "userinfo_error", 502),
    "a 500": (lambda op: op.userinfo.respond(500), "userinfo_error", 502),
    "a 401": (lambda op: op.userinfo.respond(401), "userinfo_error", 502),
    "no JSON": (lambda op: op.userinfo.respond(body="no"), "userinfo_error", 502),
    "a list": (lambda op: op.userinfo.respond(body=[1]), "userinfo_error", 502),
    "a redirect": (lambda op: op.userinfo.redirect_to("https://elsewhere.example"), "userinfo_error", 502),
    "nothing": (lambda op: op.userinfo.hang_up(), "provider_unreachable", 503),
}
KEYS = {
    "a web page": (lambda op: op.jwks.html(), "keys_invalid", 502),
    "no set": (lambda op: op.jwks.respond(body={"keys": "none"}), "keys_invalid", 502),
    "an empty set": (lambda op: op.jwks.publish(), "unknown_key", 400),
    "only a weak key": (
        lambda op: op.id_token.sign_with(op.keys.weak_rsa) and op.jwks.publish(op.keys.weak_rsa.jwk()),
        "unknown_key",
        400,
    ),
    "a 500": (lambda op: op.jwks.html(500), "provider_unreachable", 503),
}
DISCOVERY = {
    "a web page": (lambda op: op.discovery.html(), "metadata_invalid", 502),
    "a 404": (lambda op: op.discovery.html(404), "metadata_invalid", 502),
    "another issuer": (
        lambda op: op.discovery.__setitem__("issuer", op.issuer + "INVALID"),
        "issuer_mismatch",
        400,
    ),
    "no token endpoint": (lambda op: op.discovery.drop("token_endpoint"), "metadata_invalid", 502),
    "no authorization endpoint": (
        lambda op: op.discovery.drop("authorization_endpoint"),
        "metadata_invalid",
        502,
    ),
    "an endpoint that is a script": (
        lambda op: op.discovery.__setitem__("authorization_endpoint", "javascript:alert(1)"),
        "metadata_invalid",
        502,
    ),
}


@pytest.mark.parametrize(
    ("fault", "outcome", "status"),
    [*TOKEN.values(), *USERINFO.values(), *KEYS.values()],
    ids=[f"token: {n}" for n in TOKEN] + [f"userinfo: {n}" for n in USERINFO] + [f"keys: {n}" for n in KEYS],
)
def test_a_fault_after_the_way_back_has_a_name(op, unread, visitor, fault, outcome, status):
    callback = op.visit(visitor.leave())
    fault(op)
    assert_refused(visitor.arrive(callback), outcome, status)


@pytest.mark.parametrize(("fault", "outcome", "status"), DISCOVERY.values(), ids=DISCOVERY.keys())
def test_a_fault_before_leaving_has_a_name(op, unread, visitor, fault, outcome, status):
    fault(op)
    assert_refused(visitor.client.get("/signin/corp"), outcome, status)
    assert op.requests_to("authorization") == []


def test_a_provider_that_is_down_before_leaving(op, unread, visitor):
    op.go_down()
    assert_refused(visitor.client.get("/signin/corp"), "provider_unreachable", 503)


def test_a_provider_that_goes_down_meanwhile(op, unread, visitor):
    callback = op.visit(visitor.leave())
    op.go_down()
    response = visitor.arrive(callback)
    assert_refused(response, "provider_unreachable", 503)
    assert trace_of(response).stage == "token"


@pytest.mark.parametrize("endpoint", ["token", "userinfo"])
def test_a_slow_provider_is_given_up(op, unread, visitor, impatient, endpoint):
    callback = op.visit(visitor.leave())
    op.endpoint(endpoint).delay(10)
    assert_refused(visitor.arrive(callback), "provider_unreachable", 503)


def test_a_provider_that_drips_is_given_up(op, unread, visitor, impatient):
    callback = op.visit(visitor.leave())
    op.token.drip(0.2)
    assert_refused(visitor.arrive(callback), "provider_unreachable", 503)


def test_a_broken_provider_does_not_stop_another(op, another_scripted_provider, unread, visitor):
    register(another_scripted_provider, slug="other")
    op.go_down()
    assert outcome_of(visitor.client.get("/signin/corp")) == "provider_unreachable"
    assert visitor.sign_in(another_scripted_provider, slug="other").status_code == 302


def test_the_provider_that_comes_back_works_at_once(op, unread, visitor):
    op.go_down()
    visitor.client.get("/signin/corp")
    op.come_back()
    assert visitor.sign_in(op).status_code == 302


def test_no_secret_is_in_a_trace_or_on_the_page(op, unread, visitor):
    secret = op.client.client_secret
    op.token.respond(400, {"error": "invalid_client", "error_description": f"bad secret {secret}"})
    response = visitor.sign_in(op)
    attempt = SignInAttempt.objects.get()
    assert_without(response.content.decode(), secret)
    assert_without(f"{attempt.received}{attempt.expected}{attempt.trace}", secret)


def test_a_provider_without_userinfo_signs_in_by_the_id_token(op, unread, visitor):
    op.discovery.drop("userinfo_endpoint")
    op.id_token.claims.update(email="alice@corp.example")
    assert visitor.sign_in(op).status_code == 302
