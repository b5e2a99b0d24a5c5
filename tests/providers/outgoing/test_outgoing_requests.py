"""The way out: what fails is an outcome with a reason, and nothing secret is in it."""

import pytest

from providers import outgoing
from providers.errors import (
    KeysInvalid,
    MetadataInvalid,
    ProviderUnreachable,
    TokenEndpointError,
    UserinfoError,
)
from ssoconsole.platform.outbound.errors import ConnectFailed, ProtocolBroken, ResponseTimeout
from tests.support.leaks import assert_without

TOKEN = "s3cret-access-token"


def test_a_document_is_a_json_object(scripted_provider):
    assert outgoing.fetch_document(scripted_provider.url("discovery")) == scripted_provider.metadata()


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json; charset=utf-8",
        "application/jwk-set+json",
        "text/plain; charset=utf-8",
        "application/octet-stream",
        "binary/octet-stream",
        "",
        "application/jose+json",
        "application/vnd.example.keys+json; charset=utf-8",
        "text/x-json",
        "application/javascript",
    ],
)
@pytest.mark.parametrize("endpoint", ["jwks", "discovery"])
def test_a_document_may_be_called_what_a_file_server_calls_it(scripted_provider, endpoint, media_type):
    getattr(scripted_provider, endpoint).respond(body={"keys": []}, content_type=media_type)
    assert outgoing.fetch_document(scripted_provider.url(endpoint)) == {"keys": []}
    [asked] = scripted_provider.requests_to(endpoint)
    assert asked.headers["accept"].startswith("application/json, application/jwk-set+json")
    assert ", ," not in asked.headers["accept"]


def test_a_byte_order_mark_before_a_document_says_nothing(scripted_provider):
    scripted_provider.jwks.respond(body=b'\xef\xbb\xbf{"keys": []}')
    assert outgoing.fetch_document(scripted_provider.url("jwks")) == {"keys": []}


@pytest.mark.parametrize("error", [ConnectFailed, ProtocolBroken])
def test_a_get_is_tried_twice_when_the_connection_fails(scripted_provider, monkeypatch, error):
    tries = failing_first(monkeypatch, error)
    assert outgoing.fetch_document(scripted_provider.url("discovery"))["issuer"] == scripted_provider.issuer
    assert tries == [error]


def test_a_timeout_is_not_tried_again(scripted_provider, monkeypatch):
    tries = failing_first(monkeypatch, ResponseTimeout)
    with pytest.raises(ProviderUnreachable):
        outgoing.fetch_document(scripted_provider.url("discovery"))
    assert tries == [ResponseTimeout]


def test_a_form_is_never_sent_twice(scripted_provider):
    scripted_provider.token.hang_up()
    with pytest.raises(ProviderUnreachable):
        outgoing.post_form(scripted_provider.url("token"), [("code", "c")], {})
    assert len(scripted_provider.requests_to("token")) == 1


def test_a_get_that_fails_twice_is_unreachable_with_the_reason(scripted_provider):
    scripted_provider.discovery.hang_up()
    with pytest.raises(ProviderUnreachable) as unreachable:
        outgoing.fetch_document(scripted_provider.url("discovery"))
    assert unreachable.value.received.startswith("protocol_broken: ")
    assert len(scripted_provider.requests_to("discovery")) == 2


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://idp.example/", "scheme_refused"),
        ("https://user:hunter2@idp.example/", "url_refused"),
        ("http://169.254.169.254/latest/meta-data/", "address_refused"),
        ("http://127.0.0.1:1/secret-path?code=secret", "connect_failed"),
    ],
)
def test_where_no_request_may_go_or_nobody_answers_is_unreachable(url, code):
    with pytest.raises(ProviderUnreachable) as unreachable:
        outgoing.fetch_document(url)
    assert unreachable.value.received.startswith(f"{code}: ")
    assert "secret" not in unreachable.value.received
    assert "hunter2" not in unreachable.value.received


def test_in_production_loopback_is_out_of_reach(scripted_provider, settings):
    settings.ALLOW_LOOPBACK_PROVIDERS = False
    with pytest.raises(ProviderUnreachable) as unreachable:
        outgoing.fetch_document(scripted_provider.url("discovery"))
    assert "scheme_refused" in unreachable.value.received
    assert scripted_provider.requests == []


@pytest.mark.parametrize(
    ("bend", "received"),
    [
        (lambda endpoint: endpoint.html(), "content_type_refused"),
        (lambda endpoint: endpoint.respond(body="{}", content_type="image/png"), "content_type_refused"),
        (lambda endpoint: endpoint.respond(body="keys", content_type="text/plain"), "not JSON"),
        (lambda endpoint: endpoint.html(404), "status 404"),
        (lambda endpoint: endpoint.respond(body="x" * 600_000), "response_too_large"),
        (lambda endpoint: endpoint.redirect_to("http://127.0.0.1/"), "redirect_refused"),
        (lambda endpoint: endpoint.respond(body="[]"), "not a JSON object"),
        (lambda endpoint: endpoint.respond(body=""), "not JSON"),
        (lambda endpoint: endpoint.respond(body=r'{"a": "\u0000"}'), "a NUL character"),
        (lambda endpoint: endpoint.respond(status=204, body=""), "status 204"),
    ],
)
@pytest.mark.parametrize("fault", [MetadataInvalid, KeysInvalid])
def test_an_answer_that_is_no_document_is_the_fault_asked_for(scripted_provider, bend, received, fault):
    bend(scripted_provider.jwks)
    with pytest.raises(fault) as refused:
        outgoing.fetch_document(scripted_provider.url("jwks"), fault=fault)
    assert received in refused.value.received
    assert refused.value.expected


def test_a_page_from_the_token_endpoint_is_its_own_fault(scripted_provider):
    scripted_provider.html("token")
    with pytest.raises(TokenEndpointError):
        outgoing.post_form(scripted_provider.url("token"), [], {})


def test_an_error_answer_of_the_token_endpoint_comes_back_whole(scripted_provider):
    scripted_provider.html("token", 400)
    assert outgoing.post_form(scripted_provider.url("token"), [], {}).status == 400


def test_the_access_token_goes_into_the_header_alone(scripted_provider):
    outgoing.get_with_bearer(scripted_provider.url("userinfo"), TOKEN, outgoing.JSON)
    request = scripted_provider.requests[-1]
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert_without(request.target, TOKEN)


@pytest.mark.parametrize("token", [f"{TOKEN}\r\nX: y", f"{TOKEN}ñ"])
def test_an_access_token_that_fits_in_no_header_is_refused_and_not_shown(scripted_provider, token):
    with pytest.raises(UserinfoError) as refused:
        outgoing.get_with_bearer(scripted_provider.url("userinfo"), token, outgoing.JSON)
    assert_without(refused.value.received, TOKEN)
    assert scripted_provider.requests == []


def failing_first(monkeypatch, error):
    """Let the first request fail, and the others go through; returns the errors raised so far."""
    real, raised = outgoing.client.request, []

    def request(*args, **kwargs):
        if raised:
            return real(*args, **kwargs)
        raised.append(error)
        raise error("the first one fails")

    monkeypatch.setattr(outgoing.client, "request", request)
    return raised
