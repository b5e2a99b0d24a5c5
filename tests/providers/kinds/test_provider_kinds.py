"""Kinds are found by looking, and each says what its provider's form wants."""

import pytest

from providers.errors import ProviderUnknown
from providers.kinds import all_kinds, kind_of
from providers.models import Provider
from providers.registration.errors import RegistrationInvalid
from providers.registration.rules import problems
from tests.providers.registrations import somewhere


def test_every_module_of_the_package_brings_its_kind():
    assert {key: kind.name for key, kind in all_kinds().items()} == {
        "custom-oidc": "Custom OIDC",
        "onelogin": "OneLogin",
    }


@pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.key)
def test_a_guide_gives_every_value_once(kind):
    pasted = [label for step in kind.guide for label in step.paste]
    assert pasted
    assert sorted(pasted) == sorted(label for label, _ in kind.setup_values(somewhere()))
    assert all(step.text.count("*") % 2 == 0 for step in kind.guide)


@pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.key)
def test_what_a_kind_begins_with_is_a_registration_without_problems(kind):
    assert problems(somewhere(kind=kind.key, **kind.defaults)) == {}


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
        ("onelogin", {"subdomain": "acme.onelogin.com"}, "https://acme.onelogin.com/oidc/2"),
        ("onelogin", {"subdomain": "https://acme.onelogin.com"}, "https://acme.onelogin.com/oidc/2"),
        ("onelogin", {"subdomain": "https://acme.onelogin.com/portal/"}, "https://acme.onelogin.com/oidc/2"),
        ("onelogin", {"subdomain": "https://acme.onelogin.com/oidc/2"}, "https://acme.onelogin.com/oidc/2"),
        (
            "onelogin",
            {"subdomain": "https://acme.onelogin.com/oidc/2/.well-known/openid-configuration"},
            "https://acme.onelogin.com/oidc/2",
        ),
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
        {"subdomain": "acme/"},
        {"subdomain": "https://acme"},
        {"subdomain": "http://acme.onelogin.com"},
        {"subdomain": "acme.onelogin.com.evil.example"},
        {"subdomain": "evil.example/.onelogin.com"},
        {"subdomain": "acme@evil.onelogin.com"},
        {"subdomain": "acme.evil.onelogin.com"},
        {"subdomain": "acme.onelogin.com/oidc"},
        {"subdomain": "acme.onelogin.com/oidc/2?x"},
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


@pytest.mark.parametrize(
    "issuer",
    [
        "https://acme.onelogin.com",
        "https://acme.onelogin.com/",
        "https://acme.onelogin.com/portal",
        "https://acme.onelogin.com/oidc",
    ],
)
def test_an_address_of_the_account_that_is_not_its_issuer_is_refused_with_the_issuer(issuer):
    with pytest.raises(RegistrationInvalid) as invalid:
        kind_of("onelogin").issuer_from({"issuer": issuer})
    assert "https://acme.onelogin.com/oidc/2" in invalid.value.problems["issuer"][0]


def test_the_setup_values_are_built_from_the_public_origin(settings):
    settings.BASE_URL = "https://sso.example"
    assert kind_of("onelogin").setup_values(somewhere(slug="acme")) == [
        ("Login Url", "https://sso.example/signin/acme"),
        ("Redirect URI's", "https://sso.example/callback/acme"),
        ("Post Logout Redirect URIs", "https://sso.example/signed-out"),
    ]
    assert kind_of("custom-oidc").setup_values(somewhere(slug="corp")) == [
        ("Redirect URI", "https://sso.example/callback/corp"),
        ("Post-logout redirect URI", "https://sso.example/signed-out"),
        ("Back-channel logout URI", "https://sso.example/backchannel-logout/corp"),
        ("Login URL", "https://sso.example/signin"),
        ("JWKS URL", "https://sso.example/providers/corp/jwks.json"),
    ]
    shared = kind_of("onelogin").setup_values(somewhere(slug="acme", callback="shared"))
    assert ("Redirect URI's", "https://sso.example/callback") in shared


@pytest.mark.parametrize(
    ("kind", "reauthenticate", "parameters"),
    [
        ("custom-oidc", False, {"hd": "corp.example", "prompt": "consent", "max_age": "600"}),
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
    provider = somewhere(extra_params={"hd": "corp.example"}, prompt="consent", max_age=600)
    assert kind_of(kind).authorization_parameters(provider, reauthenticate=reauthenticate) == parameters


def test_a_plain_registration_adds_nothing():
    assert kind_of("custom-oidc").authorization_parameters(somewhere(), reauthenticate=False) == {}
