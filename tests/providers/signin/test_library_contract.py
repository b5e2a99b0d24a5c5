"""What this code takes for granted of mozilla-django-oidc, whose methods are no public interface."""

import inspect
import re
from urllib.parse import parse_qsl

import pytest
from django.contrib.auth import authenticate
from django.test import RequestFactory
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from providers.signin.backend import (
    ATTRIBUTES,
    SETTINGS,
    ProviderBackend,
    ProviderRequestView,
    authorization_request,
)

SIGNATURES = {
    (OIDCAuthenticationRequestView, "__init__"): "(self, *args, **kwargs)",
    (OIDCAuthenticationRequestView, "get"): "(self, request)",
    (OIDCAuthenticationRequestView, "get_extra_params"): "(self, request)",
    (OIDCAuthenticationRequestView, "get_settings"): "(attr, *args)",
    (OIDCAuthenticationBackend, "__init__"): "(self, *args, **kwargs)",
    (OIDCAuthenticationBackend, "authenticate"): "(self, request, **kwargs)",
    (OIDCAuthenticationBackend, "get_token"): "(self, payload)",
    (OIDCAuthenticationBackend, "verify_token"): "(self, token, **kwargs)",
    (OIDCAuthenticationBackend, "get_or_create_user"): "(self, access_token, id_token, payload)",
    (OIDCAuthenticationBackend, "get_user"): "(self, user_id)",
    (OIDCAuthenticationBackend, "store_tokens"): "(self, access_token, id_token)",
}


@pytest.mark.parametrize(
    ("owner", "name"), SIGNATURES, ids=[f"{c.__name__}.{name}" for c, name in SIGNATURES]
)
def test_the_library_has_the_methods_that_are_overridden(owner, name):
    assert str(inspect.signature(getattr(owner, name))) == SIGNATURES[owner, name]


def attributes_set_by(source):
    return {
        line.split(".")[1].split(" ")[0]
        for line in source.splitlines()
        if "self.OIDC_" in line and " = " in line
    }


@pytest.mark.parametrize("owner", [OIDCAuthenticationRequestView, OIDCAuthenticationBackend])
def test_what_the_librarys_constructors_set_is_answered_per_provider(owner):
    assert attributes_set_by(inspect.getsource(owner.__init__)) <= ATTRIBUTES.keys()


def test_every_setting_about_a_provider_has_an_answer():
    source = "".join(
        inspect.getsource(owner)
        for owner in (
            OIDCAuthenticationRequestView,
            OIDCAuthenticationBackend,
        )
    )
    asked = set(re.findall(r'"(OIDC_[A-Z_]+)"', source))
    of_all_providers = {
        "OIDC_AUTH_REQUEST_EXTRA_PARAMS",  # get_extra_params is overridden
        "OIDC_CREATE_USER",
        "OIDC_OP_LOGOUT_URL_METHOD",
        "OIDC_PROXY",
        "OIDC_REDIRECT_FIELD_NAME",
        "OIDC_RENEW_ID_TOKEN_EXPIRY_SECONDS",
        "OIDC_TIMEOUT",
        "OIDC_TOKEN_USE_BASIC_AUTH",
        "OIDC_USERNAME_ALGO",
        "OIDC_VERIFY_KID",
        "OIDC_VERIFY_SSL",
    }
    assert not asked - of_all_providers - SETTINGS.keys()


def test_the_library_is_never_given_the_client_secret(provider):
    backend = ProviderBackend()
    backend.provider = provider
    assert backend.OIDC_RP_CLIENT_SECRET is None
    assert provider.client_id == backend.OIDC_RP_CLIENT_ID


def test_every_setting_can_be_read_of_a_provider(provider):
    backend = ProviderBackend()
    backend.provider = provider
    assert {name: backend.get_settings(name) for name in SETTINGS}["OIDC_RP_SIGN_ALGO"] == "RS256"
    assert backend.get_settings("OIDC_NO_SUCH_SETTING", "default") == "default"
    with pytest.raises(AttributeError):
        _ = backend.no_such_attribute


@pytest.mark.parametrize("made", [ProviderRequestView, ProviderBackend])
def test_nothing_of_a_provider_is_needed_to_make_one(made):
    assert made()


def test_by_a_name_and_a_password_the_backend_stands_aside(db):
    request = RequestFactory().get("/admin/login/")
    assert ProviderBackend().authenticate(request, username="alice", password="x") is None
    assert ProviderBackend().authenticate(None) is None
    assert authenticate(request, username="alice", password="x") is None


def test_the_librarys_request_leaves_no_trace_in_the_session(provider):
    request = RequestFactory().get("/signin/corp?next=/account")
    request.session = {"kept": "as it was"}
    made = authorization_request(request, provider, {"response_type": "code", "scope": "openid"})
    assert request.session == {"kept": "as it was"}
    assert dict(parse_qsl(made.query))["state"] == made.state
    assert dict(parse_qsl(made.query))["nonce"] == made.nonce
    assert made.code_verifier not in made.query


def test_a_request_and_its_secrets_are_not_shown(provider):
    request = RequestFactory().get("/signin/corp")
    request.session = {}
    assert repr(authorization_request(request, provider, {})) == "AuthorizationRequest()"
