"""Remedies speak the language of the kind of provider."""

import pytest

from providers.kinds import kind_of
from tests.providers.registrations import somewhere
from tests.support.scripted.onelogin import look_like_onelogin

REDIRECT = "redirect_uri_not_registered"


@pytest.mark.parametrize(
    ("issuer", "code", "words"),
    [
        ("https://kc.example/realms/corp", "issuer_path", "without /auth since version 17"),
        ("https://kc.example/auth/realms/corp", "discovery_not_found", "case-sensitive"),
        ("https://kc.example/realms/corp", REDIRECT, "Valid redirect URIs"),
        ("https://login.microsoftonline.com/common/v2.0", "issuer_template", "never common"),
        ("https://sts.windows.net/x/", "client_credentials_rejected", "not its Secret ID"),
        ("https://acme.okta.com/oauth2/default", "issuer_path", "/oauth2/default"),
        ("https://accounts.google.com", REDIRECT, "Authorised redirect URIs"),
        ("https://ak.example/application/o/console/", "issuer_trailing_slash", "with the slash"),
        ("https://acme.eu.auth0.com/", "client_unknown", "Credentials"),
        ("https://idp.example", REDIRECT, ""),
        ("https://kc.example/realms/corp", "clock_skew", ""),
    ],
)
def test_a_product_is_known_by_its_issuer(issuer, code, words):
    provider = somewhere(issuer=issuer)
    hint = kind_of(provider).hint(code, provider)
    assert words in hint
    assert bool(hint) == bool(words)


@pytest.mark.parametrize("code", ["client_credentials_rejected", "client_secret_required"])
def test_onelogin_names_the_method_of_the_app(code):
    provider = somewhere(kind="onelogin", issuer="https://acme.onelogin.com/oidc/2")
    assert "Token Endpoint > Authentication Method" in kind_of(provider).hint(code, provider)


def test_a_public_app_at_onelogin_and_a_secret_here_is_told_in_onelogins_words(examine, scripted_provider):
    def breaks(op):
        look_like_onelogin(op)
        return {
            "kind": "onelogin",
            "token_endpoint_auth_method": "client_secret_basic",
            "client_secret": "s" * 40,
        }

    report = examine("basic", breaks)
    assert report.findings[0].code in (
        "client_authentication_not_supported",
        "client_authentication_method_wrong",
    )
    assert "None (PKCE)" in report.findings[0].remedy
    assert report.findings[0].remedy == report.as_json()["findings"][0]["remedy"]
