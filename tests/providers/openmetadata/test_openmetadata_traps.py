"""The fifteen places where documentation, chart and code disagree: each is named, at its line, with what to write."""

import pytest

from tests.providers.openmetadata.right_files import (
    ENV,
    FILE,
    HELM,
    PUBLIC_ENV,
    found,
    with_line,
    without_line,
)
from tests.support.leaks import assert_without


def assert_trap(text, old, new, code, fix=None):
    """The changed line has this one finding; its fix is the line as it was, unless another is right."""
    assert found(text) == []
    spoilt, number = with_line(text, old, new)
    expected = text.splitlines()[number - 1] if fix is None else fix
    assert found(spoilt) == [(number, code, expected)]


@pytest.mark.parametrize("text", [PUBLIC_ENV, ENV, HELM, FILE])
def test_files_that_are_right_are_clean(text):
    assert found(text) == []


def test_trap_1_the_chart_ignores_what_stands_under_global():
    blocks = HELM.split("extraEnvs:")[0].replace("openmetadata:\n  config:\n", "global:\n  x:\n")
    nested = blocks.replace("  x:\n", "").replace("\n    ", "\n  ").replace("global:\n    ", "global:\n  ")
    text = nested + "extraEnvs:" + HELM.split("extraEnvs:")[1]
    assert [(line, code) for line, code, _ in found(text)] == [
        (2, "helm_global_ignored"),
        (7, "helm_global_ignored"),
    ]
    assert found(text)[0][2] == "openmetadata:\n  config:\n    authorizer:"
    assert found(HELM) == []


def test_trap_2_the_discovery_variable_is_called_otherwise():
    right = "OIDC_DISCOVERY_URI=https://idp.example/.well-known/openid-configuration"
    wrong = right.replace("OIDC_", "AUTHENTICATION_")
    assert_trap(ENV, right, wrong, "discovery_variable")
    # With the right one beside it, nothing has to be renamed, and nothing is there twice afterwards.
    there = "# AUTHENTICATION_DISCOVERY_URI has no meaning, and OIDC_DISCOVERY_URI is here"
    assert_trap(ENV + "# the end\n", "# the end", wrong, "discovery_variable", there)


def test_trap_3_the_chart_passes_nothing_on_that_is_not_enabled():
    assert_trap(HELM, "enabled: true", "enabled: false", "helm_oidc_not_enabled")
    assert [code for _, code, _ in found(without_line(HELM, "enabled: true"))] == ["helm_oidc_not_enabled"]
    public, _ = with_line(HELM, 'clientType: "confidential"', 'clientType: "public"')
    assert [code for _, code, _ in found(public)] == ["helm_oidc_not_confidential"]


def test_trap_4_the_name_on_the_button_is_forgotten_or_cannot_be_set():
    missing = without_line(PUBLIC_ENV, "CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME=KeyCloak")
    assert [code for _, code, _ in found(missing)] == ["provider_name_missing"]
    onelogin = missing.replace("https://idp.example\n", "https://acme.onelogin.com/oidc/2\n")
    assert found(onelogin)[0][2] == "CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME=OneLogin"
    text, number = with_line(
        HELM, 'clientId: "console"', 'clientId: "console"\n      providerName: "Corp: SSO"'
    )
    there = "# providerName has no meaning, and CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME is here"
    assert found(text) == [(number + 1, "helm_cannot_set", there)]
    fix = 'extraEnvs:\n  - name: CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME\n    value: "\\"Corp: SSO\\""'
    assert found(text.split("extraEnvs:")[0]) == [(number + 1, "helm_cannot_set", fix)]


def test_trap_5_the_secure_socket_loses_tokens():
    assert_trap(
        ENV,
        "AUTHORIZER_ENABLE_SECURE_SOCKET=false",
        "AUTHORIZER_ENABLE_SECURE_SOCKET=true",
        "secure_socket_enabled",
    )
    assert_trap(
        FILE,
        "enableSecureSocketConnection : false",
        "enableSecureSocketConnection : true",
        "secure_socket_enabled",
    )


@pytest.mark.parametrize("wrong", ["client_id", "clientID", "client-id"])
def test_trap_6_the_field_is_called_clientId(wrong):
    text, number = with_line(FILE, 'clientId: "console"', f'{wrong}: "console"')
    assert (number, "client_id_misspelt", '  clientId: "console"') in found(text)
    assert found(FILE) == []


def test_trap_7_without_a_provider_it_is_basic_and_not_ldap():
    missing = without_line(PUBLIC_ENV, "AUTHENTICATION_PROVIDER=custom-oidc")
    assert found(missing) == [(6, "provider_not_set", "AUTHENTICATION_PROVIDER=custom-oidc")]
    assert found(PUBLIC_ENV) == []


def test_trap_8_pkce_is_off_by_default_for_confidential_clients():
    assert_trap(ENV, "OIDC_DISABLE_PKCE=false", "OIDC_DISABLE_PKCE=true", "pkce_disabled")
    absent = found(without_line(HELM, "disablePkce: false"))
    assert [(code, fix.strip()) for _, code, fix in absent] == [("pkce_disabled", "disablePkce: false")]
    assert found(PUBLIC_ENV) == []


def test_trap_9_the_discovery_document_has_a_hyphen():
    assert_trap(
        ENV,
        "OIDC_DISCOVERY_URI=https://idp.example/.well-known/openid-configuration",
        "OIDC_DISCOVERY_URI=https://idp.example/.well-known/openid_configuration",
        "discovery_path_misspelt",
    )


def test_trap_10_the_address_of_the_servers_keys_is_misspelt():
    right = "AUTHENTICATION_PUBLIC_KEYS=[https://idp.example/certs,https://metadata.example/api/v1/{}/config/jwks]"
    assert_trap(PUBLIC_ENV, right.format("system"), right.format("sytem"), "jwks_path_misspelt")


def test_trap_10_the_private_key_signs_and_the_public_key_verifies():
    directory = "/etc/openmetadata/jwtkeys/"
    assert_trap(
        ENV,
        f"RSA_PUBLIC_KEY_FILE_PATH={directory}public_key.der",
        f"RSA_PUBLIC_KEY_FILE_PATH={directory}private_key.der",
        "key_files_swapped",
    )
    assert_trap(
        ENV,
        f"RSA_PRIVATE_KEY_FILE_PATH={directory}private_key.der",
        f"RSA_PRIVATE_KEY_FILE_PATH={directory}public_key.der",
        "key_files_swapped",
    )


def test_trap_11_administrators_are_user_names_and_no_addresses():
    assert_trap(
        ENV,
        "AUTHORIZER_ADMIN_PRINCIPALS=[alice]",
        "AUTHORIZER_ADMIN_PRINCIPALS=[Alice@corp.example]",
        "admin_is_email",
    )
    assert_trap(HELM, 'initialAdmins: ["alice"]', 'initialAdmins: ["alice@b.example"]', "admin_is_email")


@pytest.mark.parametrize(
    ("endpoint", "issuer"),
    [
        ("https://idp.example/protocol/openid-connect/auth", "https://idp.example"),
        ("https://idp.example/oauth2/v1/authorize", "https://idp.example"),
        ("https://idp.example/.well-known/openid-configuration", "https://idp.example"),
        ("https://acme.onelogin.com/oidc/2/auth", "https://acme.onelogin.com/oidc/2"),
    ],
)
def test_trap_12_the_authority_is_the_issuer_and_no_endpoint(endpoint, issuer):
    assert_trap(
        PUBLIC_ENV,
        "AUTHENTICATION_AUTHORITY=https://idp.example",
        f"AUTHENTICATION_AUTHORITY={endpoint}",
        "authority_not_issuer",
        f"AUTHENTICATION_AUTHORITY={issuer}",
    )


def test_trap_13_a_token_validity_of_nothing_is_a_loop():
    assert_trap(
        ENV,
        "OIDC_OM_REFRESH_TOKEN_VALIDITY=3600",
        "OIDC_OM_REFRESH_TOKEN_VALIDITY=0",
        "token_validity_zero",
    )
    assert_trap(HELM, 'tokenValidity: "3600"', 'tokenValidity: "0"', "token_validity_zero")


def test_trap_14_braces_of_the_documentation_are_a_map():
    assert_trap(
        PUBLIC_ENV,
        "AUTHENTICATION_AUTHORITY=https://idp.example",
        "AUTHENTICATION_AUTHORITY={https://idp.example}",
        "braces_left",
    )
    assert_trap(
        PUBLIC_ENV,
        "AUTHENTICATION_CLIENT_ID=console",
        "AUTHENTICATION_CLIENT_ID={Client ID}",
        "braces_left",
        "AUTHENTICATION_CLIENT_ID='\"<Client ID>\"'",
    )
    text, number = with_line(FILE, 'authority: "https://idp.example"', "authority: {https://idp.example}")
    assert (number, "braces_left", '  authority: "https://idp.example"') in found(text)


def test_trap_15_a_live_token_is_pasted_where_strangers_read_it():
    text = PUBLIC_ENV + "# look at the token at https://jwt.io\n"
    fix = "# manage.py explain_token - tells what is in a token, on this machine"
    assert found(text) == [(12, "token_shown_elsewhere", fix)]
    assert found(PUBLIC_ENV) == []


def test_trap_15_a_token_in_the_file_is_told_and_not_repeated():
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJpbmdlc3Rpb24ifQ.c2lnbmF0dXJl"
    told = found(f"{PUBLIC_ENV}JWT_TOKEN={token}\n")
    assert [(line, code) for line, code, _ in told] == [(12, "token_in_clear")]
    assert_without(str(told), token)
