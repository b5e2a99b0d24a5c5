"""Kinds are found by looking, and each says what its provider's form wants."""

import pytest

from providers.errors import ProviderUnknown
from providers.kinds import all_kinds, kind_of
from providers.models import Provider
from providers.registration.errors import RegistrationInvalid
from tests.providers.registrations import somewhere


def test_every_module_of_the_package_brings_its_kind():
    assert {key: kind.name for key, kind in all_kinds().items()} == {
        "custom-oidc": "Custom OIDC",
        "onelogin": "OneLogin",
    }
    assert all(kind.guide for kind in all_kinds().values())


def test_a_kind_is_found_by_provider_and_by_key():
    assert kind_of(somewhere(kind="onelogin")) is kind_of("onelogin")
    with pytest.raises(ProviderUnknown) as unknown:
        kind_of(somewhere(kind="saml"))
    assert unknown.value.expected == "custom-oidc or onelogin"


def test_defaults_are_values_of_the_registration():
    names = {field.name for field in Provider._meta.fields}
    assert all(kind.defaults.keys() <= names for kind in all_kinds().values())


@pytest.mark.parametrize(
    ("kind", "fields", "issuer"),
    [
        ("custom-oidc", {"issuer": "https://idp.example"}, "https://idp.example"),
        ("custom-oidc", {}, ""),
        ("onelogin", {"subdomain": "acme"}, "https://acme.onelogin.com/oidc/2"),
        ("onelogin", {"subdomain": "a-1"}, "https://a-1.onelogin.com/oidc/2"),
        ("onelogin", {"issuer": "https://login.acme.example/oidc/2"}, "https://login.acme.example/oidc/2"),
        ("onelogin", {"issuer": "", "subdomain": None}, ""),
        (
            "onelogin",
            {"issuer": "https://acme.onelogin.com/oidc/2", "subdomain": "acme"},
            "https://acme.onelogin.com/oidc/2",
        ),
    ],
)
def test_the_issuer_is_what_the_fields_say(kind, fields, issuer):
    assert kind_of(kind).issuer_from(fields) == issuer


@pytest.mark.parametrize(
    "fields",
    [
        {"subdomain": "Acme"},
        {"subdomain": "acme.onelogin.com"},
        {"subdomain": "acme/"},
        {"subdomain": "evil.example#"},
        {"subdomain": "-acme"},
        {"subdomain": "acme\n"},
        {"subdomain": "acme", "issuer": "https://other.onelogin.com/oidc/2"},
    ],
)
def test_a_subdomain_that_is_none_or_contradicts_is_refused(fields):
    with pytest.raises(RegistrationInvalid) as invalid:
        kind_of("onelogin").issuer_from(fields)
    assert list(invalid.value.problems) == ["subdomain"]


def test_the_setup_values_are_built_from_the_public_origin(settings):
    settings.BASE_URL = "https://sso.example"
    assert kind_of("onelogin").setup_values(somewhere(slug="acme")) == [
        ("Login URL", "https://sso.example/signin"),
        ("Redirect URI", "https://sso.example/callback/acme"),
        ("Post-logout redirect URI", "https://sso.example/signed-out"),
    ]
    shared = kind_of("onelogin").setup_values(somewhere(slug="acme", callback="shared"))
    assert ("Redirect URI", "https://sso.example/callback") in shared


@pytest.mark.parametrize(
    ("kind", "reauthenticate", "parameters"),
    [
        ("custom-oidc", False, {"hd": "corp.example", "prompt": "consent", "max_age": "0"}),
        ("custom-oidc", True, {"hd": "corp.example", "prompt": "login", "max_age": "0"}),
        (
            "onelogin",
            True,
            {
                "hd": "corp.example",
                "prompt": "login",
                "max_age": "0",
                "acr_values": "onelogin:nist:level:1:re-auth",
            },
        ),
    ],
)
def test_the_registration_adds_parameters_to_the_request(kind, reauthenticate, parameters):
    provider = somewhere(extra_params={"hd": "corp.example"}, prompt="consent", max_age=0)
    assert kind_of(kind).authorization_parameters(provider, reauthenticate=reauthenticate) == parameters


def test_a_plain_registration_adds_nothing():
    assert kind_of("custom-oidc").authorization_parameters(somewhere(), reauthenticate=False) == {}
