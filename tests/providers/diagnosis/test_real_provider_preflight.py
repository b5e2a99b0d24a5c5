"""The preflight at npm's oidc-provider: what works is silent, what is misconfigured there is named."""

import pytest
from django.utils import timezone

from providers.client_keys import published_client_keys, replace_client_keys
from providers.diagnosis.services import examine_provider
from providers.models import Provider
from providers.registration.secret import set_client_secret
from providers.registration.services import save_provider
from tests.providers.registrations import BOB, entered
from tests.support.real_clients import issuer_of

BASE = "http://localhost:8000"
METHODS = {
    "console-pkce": "none",
    "console-basic": "client_secret_basic",
    "console-post": "client_secret_post",
    "console-csjwt": "client_secret_jwt",
    "console-pkjwt": "private_key_jwt",
    "console-par": "client_secret_basic",
    "console-implicit": "none",
    "onelogin": "none",
    "onelogin-basic": "client_secret_basic",
    "onelogin-implicit": "none",
}


@pytest.fixture
def examine(real_provider, db):
    """Register the console there and here; `there` is the client's metadata, `here` the registration's fields."""

    def examine(name, there=None, **here):
        there = there or {}
        onelogin = issuer_of(name) == "onelogin"
        keys = {"jwks": {"keys": []}} if METHODS[name] == "private_key_jwt" else {}
        client = real_provider.register_client(name, BASE, **(keys | there))
        values = {
            "slug": "corp",
            "kind": "onelogin" if onelogin else "custom-oidc",
            "name": "Corp SSO",
            "issuer": real_provider.onelogin_issuer if onelogin else real_provider.issuer,
            "client_id": name,
            "token_endpoint_auth_method": METHODS[name],
            "response_type": "id_token" if "implicit" in name else "code",
            "client_secret": client.get("client_secret"),
        } | here
        secret = values.pop("client_secret")
        provider = Provider(**values)
        entered(provider, secret)
        save_provider(provider=provider, by=BOB)
        if keys and "jwks" not in there:
            published = {"keys": published_client_keys(slug="corp", at=timezone.now())}
            real_provider.register_client(name, BASE, jwks=published)
        return provider, examine_provider(provider)

    return examine


@pytest.mark.parametrize(
    ("client_id", "pushed"),
    [(name, pushed) for name in METHODS for pushed in (True, False) if pushed or name != "console-par"],
)
def test_what_works_is_silent(examine, client_id, pushed):
    _, report = examine(client_id, pushed_authorization=pushed)
    told = {each.code for each in report.findings if each.severity != "info"}
    assert told == ({"response_type_legacy"} if "implicit" in client_id else set())
    assert report.ok


ROWS = {
    "another redirect URI": (
        "console-basic",
        {"redirect_uris": [f"{BASE}/cb"]},
        {},
        "redirect_uri_not_registered",
    ),
    "another redirect URI, by the browser": (
        "console-basic",
        {"redirect_uris": [f"{BASE}/cb"]},
        {"pushed_authorization": False},
        "redirect_uri_not_registered",
    ),
    "another redirect URI at OneLogin": (
        "onelogin",
        {"redirect_uris": [f"{BASE}/cb"]},
        {},
        "redirect_uri_not_registered",
    ),
    "an unknown client": (
        "console-basic",
        {},
        {"client_id": "nobody", "pushed_authorization": False},
        "client_unknown",
    ),
    "a wrong secret": ("console-basic", {}, {"client_secret": "x" * 40}, "client_credentials_rejected"),
    "another shared secret": ("console-csjwt", {}, {"client_secret": "x" * 40}, "client_assertion_rejected"),
    "public there": (
        "console-basic",
        {"token_endpoint_auth_method": "none", "client_secret": None},
        {"client_secret": "x" * 40},
        "client_authentication_method_wrong",
    ),
    "confidential there": (
        "onelogin-basic",
        {},
        {"token_endpoint_auth_method": "none", "client_secret": None},
        "client_secret_required",
    ),
    "a client that has to push": (
        "console-par",
        {},
        {"pushed_authorization": False},
        "pushed_request_required",
    ),
    "a response type not for it": (
        "console-pkce",
        {},
        {"response_type": "id_token"},
        "response_type_refused",
    ),
    "a realm that is not there": ("console-basic", {}, {"issuer": "typo"}, "discovery_not_found"),
}


@pytest.mark.parametrize("what", ROWS)
def test_what_is_broken_comes_first(examine, real_provider, what):
    client_id, there, here, code = ROWS[what]
    if "issuer" in here:
        provider, _ = examine(client_id)
        provider.issuer = f"{real_provider.issuer}/{here['issuer']}"
        set_client_secret(provider, provider.client_secret)
        report = examine_provider(provider)
    else:
        _, report = examine(client_id, there, **here)
    assert [each.code for each in report.findings if each.is_error] == [code], report.findings


def test_a_key_that_the_provider_does_not_know_is_named(examine):
    provider, _ = examine("console-pkjwt")
    replace_client_keys(provider=provider, by=BOB)
    report = examine_provider(provider)
    assert [each.code for each in report.findings if each.is_error] == ["client_assertion_rejected"]
    assert "JWKS URL" in report.findings[0].remedy
