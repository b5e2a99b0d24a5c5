"""An existing configuration becomes a registration: by the same rules, or not at all and with the reason."""

import io

import pytest
from django.core.management import CommandError, call_command

from providers.models import Provider
from ssoconsole.console.configuration import apply
from ssoconsole.platform.eventlog.models import Event
from tests.providers.openmetadata.conftest import SECRET, registration
from tests.providers.openmetadata.right_files import ENV, FILE, HELM, PUBLIC_ENV, with_line, without_line
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
PROVIDER = "AUTHENTICATION_PROVIDER=custom-oidc"
AUTHORITY = "AUTHENTICATION_AUTHORITY=https://idp.example"


@pytest.fixture(autouse=True)
def _nobody_answers(monkeypatch):
    """Registering asks the provider for its metadata; these addresses are nobody's."""
    monkeypatch.setattr(apply, "_fetch_discovery", lambda *args, **kwargs: None)


def import_text(tmp_path, text, **options):
    """What the command prints to both of its streams."""
    file = tmp_path / "given"
    file.write_text(text)
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("openmetadata_import", str(file), stdout=out, stderr=err, **options)
    except CommandError as error:
        err.write(str(error))
    return out.getvalue(), err.getvalue()


def test_a_public_client_becomes_a_registration(tmp_path):
    out, _ = import_text(tmp_path, PUBLIC_ENV)
    provider = Provider.objects.get()
    assert "+ provider keycloak" in out
    assert (provider.slug, provider.name, provider.kind) == ("keycloak", "KeyCloak", "custom-oidc")
    assert (provider.issuer, provider.client_id) == ("https://idp.example", "console")
    assert (provider.token_endpoint_auth_method, provider.response_type) == ("none", "code")
    assert provider.admin_principals == ["alice@corp.example"]
    assert Event.objects.get(action="provider_created").target == "keycloak"


def test_a_dry_run_tells_the_same_and_writes_nothing(tmp_path):
    out, _ = import_text(tmp_path, ENV, dry_run=True)
    assert "Dry run" in out
    assert "+ provider keycloak" in out
    assert_without(out, "s3cret-of-the-client")
    assert not Provider.objects.exists()


def test_the_secret_of_an_env_file_is_taken_over_and_not_shown(tmp_path):
    out, err = import_text(tmp_path, ENV)
    assert Provider.objects.get().client_secret == "s3cret-of-the-client"
    assert_without(out + err, "s3cret-of-the-client")


def test_a_secret_can_be_given_by_reference(tmp_path, monkeypatch):
    monkeypatch.setenv("OM_SECRET", SECRET)
    import_text(tmp_path, HELM, client_secret_env="OM_SECRET")
    assert Provider.objects.get().client_secret == SECRET
    held = tmp_path / "held"
    held.write_text("another-secret-of-the-client\n")
    out, _ = import_text(tmp_path, HELM, client_secret_file=str(held))
    assert Provider.objects.get().client_secret == "another-secret-of-the-client"
    assert "(secret) changed" in out


def test_a_registration_that_stands_keeps_its_secret_and_what_openmetadata_does_not_know(tmp_path):
    before = registration(mapping={"email": "email", "groups": "roles"}, name="KeyCloak")
    out, _ = import_text(tmp_path, HELM)
    provider = Provider.objects.get()
    assert provider.pk == before.pk
    assert provider.client_secret == SECRET
    assert provider.mapping["groups"] == "roles"
    assert "~ provider corp" in out


def test_a_slug_that_another_provider_has_is_not_taken_by_accident(tmp_path):
    registration(slug="keycloak", issuer="https://other.example")
    _, err = import_text(tmp_path, PUBLIC_ENV)
    assert "choose with --slug" in err
    import_text(tmp_path, PUBLIC_ENV, slug="second")
    assert set(Provider.objects.values_list("slug", flat=True)) == {"keycloak", "second"}


def test_of_two_registrations_with_its_issuer_and_client_neither_is_taken_by_accident(tmp_path):
    for slug in ("corp", "corp-copy"):
        registration(slug=slug, issuer="https://idp.example", client_id="console")
    versions = set(Provider.objects.values_list("slug", "name"))
    _, err = import_text(tmp_path, PUBLIC_ENV)
    assert "corp, corp-copy have this issuer and client; choose with --slug" in err
    assert set(Provider.objects.values_list("slug", "name")) == versions
    import_text(tmp_path, PUBLIC_ENV, slug="corp-copy")
    assert dict(Provider.objects.values_list("slug", "name")) == dict(versions) | {"corp-copy": "KeyCloak"}


def test_onelogin_is_known_by_its_issuer(tmp_path):
    text = PUBLIC_ENV.replace("https://idp.example", "https://acme.onelogin.com/oidc/2").replace(
        "=KeyCloak", "="
    )
    import_text(tmp_path, text)
    provider = Provider.objects.get()
    assert (provider.kind, provider.name, provider.slug) == ("onelogin", "OneLogin", "onelogin")
    assert provider.mapping["groups"] == "groups, roles, params.roles"


@pytest.mark.parametrize(
    ("provider", "authority", "issuer"),
    [
        (
            "azure",
            "https://login.microsoftonline.com/0a1b2c3d-0000-4000-8000-000000000001",
            "https://login.microsoftonline.com/0a1b2c3d-0000-4000-8000-000000000001/v2.0",
        ),
        ("google", "https://accounts.google.com/", "https://accounts.google.com"),
        ("okta", "https://acme.okta.com/oauth2/default", "https://acme.okta.com/oauth2/default"),
        ("auth0", "https://acme.eu.auth0.com", "https://acme.eu.auth0.com/"),
        (
            "aws-cognito",
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x",
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x",
        ),
    ],
)
def test_other_providers_become_custom_oidc_with_their_issuer(tmp_path, provider, authority, issuer):
    text = PUBLIC_ENV.replace(PROVIDER, f"AUTHENTICATION_PROVIDER={provider}")
    import_text(tmp_path, text.replace(AUTHORITY, f"AUTHENTICATION_AUTHORITY={authority}"))
    found = Provider.objects.get()
    assert (found.kind, found.issuer) == ("custom-oidc", issuer)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            PUBLIC_ENV.replace("custom-oidc", "basic"),
            ":6: authenticationConfiguration.provider: basic is the server",
        ),
        (
            PUBLIC_ENV.replace("custom-oidc", "ldap"),
            ":6: authenticationConfiguration.provider: ldap is no OpenID",
        ),
        (
            PUBLIC_ENV.replace("custom-oidc", "saml"),
            ":6: authenticationConfiguration.provider: saml is another",
        ),
        (PUBLIC_ENV.replace("custom-oidc", "one-login"), ":6: authenticationConfiguration.provider: is none"),
        (
            PUBLIC_ENV.replace("custom-oidc", "[x]"),
            ":6: authenticationConfiguration.provider: is not in this file",
        ),
        (
            PUBLIC_ENV.replace(PROVIDER, "AUTHENTICATION_PROVIDER=azure").replace(
                AUTHORITY, "AUTHENTICATION_AUTHORITY=https://login.microsoftonline.com/common"
            ),
            ":9: authenticationConfiguration.authority: names no single tenant",
        ),
        (without_line(PUBLIC_ENV, AUTHORITY), "authenticationConfiguration.authority: is missing"),
        (
            PUBLIC_ENV.replace("=console", "='{Client ID}'"),
            ":10: authenticationConfiguration.clientId: is missing",
        ),
        (PUBLIC_ENV.replace("https://idp.example\n", "ftp://idp.example\n"), ":9: issuer: Not usable"),
        (HELM, "client_secret: is not in this file"),
        (ENV.replace("=s3cret-of-the-client", "=${CORP_CLIENT_SECRET}"), "CORP_CLIENT_SECRET is not set"),
        # A file must not make the console send a secret of its own to whoever wrote the file.
        (ENV.replace("=s3cret-of-the-client", "=${SECRET_KEY}"), ":14: client_secret: is not in this file"),
        (
            ENV.replace("=s3cret-of-the-client", "=${FIELD_ENCRYPTION_KEYS:-}"),
            "is not in this file",
        ),
        (ENV.replace("openid email profile", "email"), ":22: scopes: The scope openid is missing"),
        ("a: [", ":1: (file): Not valid YAML"),
        ("#!/bin/sh\n", "a script sets nothing"),
        ("nothing: here\n", "none of the three"),
    ],
)
def test_what_cannot_be_taken_over_is_refused_with_its_line(tmp_path, text, told):
    _, err = import_text(tmp_path, text)
    assert told in err
    assert "changed nothing: 1" in err
    assert not Provider.objects.exists()


def test_the_default_administrator_is_not_taken_over(tmp_path):
    _, err = import_text(tmp_path, PUBLIC_ENV.replace("[alice]", "[admin]"))
    assert Provider.objects.get().admin_principals == []
    assert "default administrator admin is not taken over" in err


def test_without_a_domain_of_ones_own_an_administrator_has_no_name(tmp_path):
    _, err = import_text(tmp_path, PUBLIC_ENV.replace("corp.example\n", "open-metadata.org\n"))
    assert Provider.objects.get().admin_principals == []
    assert "principalDomain is not yours yet" in err


def test_the_implicit_flow_is_taken_over_only_where_somebody_chose_it(tmp_path):
    text, _ = with_line(FILE, 'authority: "https://idp.example"', 'authority: "https://idp.example"')
    shipped = text.replace('  clientId: "console"', '  clientId: "console"\n  responseType: ${R:-id_token}')
    shipped = shipped.replace('${AUTHENTICATION_CLIENT_TYPE:-"confidential"}', "public")
    import_text(tmp_path, shipped)
    assert Provider.objects.get().response_type == "code"
    _, err = import_text(tmp_path, shipped.replace("${R:-id_token}", "id_token"))
    assert Provider.objects.get().response_type == "id_token"
    assert "legacy" in err


def test_every_setting_of_a_confidential_client_is_carried(tmp_path):
    more = """\
OIDC_CLIENT_AUTH_METHOD=client_secret_jwt
OIDC_MAX_CLOCK_SKEW=90
OIDC_MAX_AGE=3600
OIDC_PREFERRED_JWS=ES256
AUTHENTICATION_TOKEN_VALIDATION_ALGORITHM=ES256
OIDC_CUSTOM_PARAMS={"hd": "corp.example"}
AUTHENTICATION_JWT_PRINCIPAL_CLAIMS_MAPPING=[username:upn,email:mail]
AUTHORIZER_ENFORCE_PRINCIPAL_DOMAIN=true
AUTHORIZER_ALLOWED_DOMAINS=[corp.example,b.example]
AUTHENTICATION_ENABLE_SELF_SIGNUP=false
"""
    import_text(tmp_path, ENV.replace("s3cret-of-the-client", SECRET) + more)
    found = Provider.objects.get()
    assert found.token_endpoint_auth_method == "client_secret_jwt"
    assert (found.leeway, found.max_age, found.prompt) == (90, 3600, "select_account")
    assert (found.signing_algs, found.extra_params) == (["ES256"], {"hd": "corp.example"})
    assert found.principal_claims == ["upn", "email", "preferred_username", "sub"]
    assert found.mapping["email"] == "mail"
    assert found.allowed_email_domains == ["corp.example", "b.example"]
    assert found.admin_principals == ["alice"]
    assert (found.pkce, found.self_signup) == (True, False)


def test_a_slug_is_for_one_file_and_a_file_must_be_there(tmp_path):
    with pytest.raises(CommandError, match="One slug is for one file"):
        call_command("openmetadata_import", "a", "b", slug="corp")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("openmetadata_import", str(tmp_path / "absent"))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("openmetadata_lint", str(tmp_path / "absent"))


def test_several_files_are_taken_over_each_for_itself(tmp_path):
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text(PUBLIC_ENV)
    bad.write_text(PUBLIC_ENV.replace("custom-oidc", "saml"))
    with pytest.raises(CommandError, match="changed nothing: 1"):
        call_command("openmetadata_import", str(bad), str(good), stdout=io.StringIO(), stderr=io.StringIO())
    assert Provider.objects.get().name == "KeyCloak"
