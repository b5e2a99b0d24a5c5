"""
Names and types of an export, key by key, against a transcription of OpenMetadata's own that is made apart.

The tables here are written from the documentation and the chart, not from the code under test.
"""

import re

import pytest
import yaml

from providers.protocol.openmetadata.schema import SETTINGS
from tests.providers.openmetadata.conftest import exported, registration

pytestmark = pytest.mark.django_db

AUTHENTICATION = {
    "clientType": ("AUTHENTICATION_CLIENT_TYPE", "clientType", str),
    "provider": ("AUTHENTICATION_PROVIDER", "provider", str),
    "responseType": ("AUTHENTICATION_RESPONSE_TYPE", "responseType", str),
    "providerName": ("CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME", None, str),
    "publicKeyUrls": ("AUTHENTICATION_PUBLIC_KEYS", "publicKeys", list),
    "tokenValidationAlgorithm": ("AUTHENTICATION_TOKEN_VALIDATION_ALGORITHM", None, str),
    "authority": ("AUTHENTICATION_AUTHORITY", "authority", str),
    "clientId": ("AUTHENTICATION_CLIENT_ID", "clientId", str),
    "callbackUrl": ("AUTHENTICATION_CALLBACK_URL", "callbackUrl", str),
    "jwtPrincipalClaims": ("AUTHENTICATION_JWT_PRINCIPAL_CLAIMS", "jwtPrincipalClaims", list),
    "jwtPrincipalClaimsMapping": (
        "AUTHENTICATION_JWT_PRINCIPAL_CLAIMS_MAPPING",
        "jwtPrincipalClaimsMapping",
        list,
    ),
    "enableSelfSignup": ("AUTHENTICATION_ENABLE_SELF_SIGNUP", "enableSelfSignup", bool),
}
OIDC = {
    "id": ("OIDC_CLIENT_ID", "clientId", str),
    "type": ("OIDC_TYPE", "oidcType", str),
    "secret": ("OIDC_CLIENT_SECRET", "clientSecret", str),
    "scope": ("OIDC_SCOPE", "scope", str),
    "discoveryUri": ("OIDC_DISCOVERY_URI", "discoveryUri", str),
    "useNonce": ("OIDC_USE_NONCE", "useNonce", bool),
    "preferredJwsAlgorithm": ("OIDC_PREFERRED_JWS", "preferredJwsAlgorithm", str),
    "responseType": ("OIDC_RESPONSE_TYPE", "responseType", str),
    "disablePkce": ("OIDC_DISABLE_PKCE", "disablePkce", bool),
    "callbackUrl": ("OIDC_CALLBACK", "callbackUrl", str),
    "serverUrl": ("OIDC_SERVER_URL", "serverUrl", str),
    "clientAuthenticationMethod": ("OIDC_CLIENT_AUTH_METHOD", "clientAuthenticationMethod", str),
    "tenant": ("OIDC_TENANT", "tenant", str),
    "maxClockSkew": ("OIDC_MAX_CLOCK_SKEW", "maxClockSkew", str),
    "tokenValidity": ("OIDC_OM_REFRESH_TOKEN_VALIDITY", "tokenValidity", int),
    "customParams": ("OIDC_CUSTOM_PARAMS", "customParams", dict),
    "maxAge": ("OIDC_MAX_AGE", "maxAge", str),
    "prompt": ("OIDC_PROMPT_TYPE", "promptType", str),
    "sessionExpiry": ("OIDC_SESSION_EXPIRY", "sessionExpiry", int),
}
AUTHORIZER = {
    "className": ("AUTHORIZER_CLASS_NAME", "className", str),
    "containerRequestFilter": ("AUTHORIZER_REQUEST_FILTER", "containerRequestFilter", str),
    "adminPrincipals": ("AUTHORIZER_ADMIN_PRINCIPALS", "initialAdmins", list),
    "allowedEmailRegistrationDomains": (
        "AUTHORIZER_ALLOWED_REGISTRATION_DOMAIN",
        "allowedEmailRegistrationDomains",
        list,
    ),
    "principalDomain": ("AUTHORIZER_PRINCIPAL_DOMAIN", "principalDomain", str),
    "allowedDomains": ("AUTHORIZER_ALLOWED_DOMAINS", "allowedDomains", list),
    "enforcePrincipalDomain": ("AUTHORIZER_ENFORCE_PRINCIPAL_DOMAIN", "enforcePrincipalDomain", bool),
    "enableSecureSocketConnection": (
        "AUTHORIZER_ENABLE_SECURE_SOCKET",
        "enableSecureSocketConnection",
        bool,
    ),
    "useRolesFromProvider": ("AUTHORIZER_USE_ROLES_FROM_PROVIDER", "useRolesFromProvider", bool),
}
JWT = {
    "rsapublicKeyFilePath": ("RSA_PUBLIC_KEY_FILE_PATH", "rsapublicKeyFilePath", str),
    "rsaprivateKeyFilePath": ("RSA_PRIVATE_KEY_FILE_PATH", "rsaprivateKeyFilePath", str),
    "jwtissuer": ("JWT_ISSUER", "jwtissuer", str),
    "keyId": ("JWT_KEY_ID", "keyId", str),
}
BLOCKS = {
    "authenticationConfiguration": AUTHENTICATION,
    "oidcConfiguration": OIDC,
    "authorizerConfiguration": AUTHORIZER,
    "jwtTokenConfiguration": JWT,
}
# What the chart's schema wants as text, whatever the server's own makes of it.
HELM_TEXTS = {"tokenValidity", "maxAge", "sessionExpiry", "maxClockSkew", "customParams"}
CHART = {
    "authentication": {helm: (key, kind) for key, (_, helm, kind) in AUTHENTICATION.items() if helm},
    "oidcConfiguration": {helm: (key, kind) for key, (_, helm, kind) in OIDC.items()},
    "authorizer": {helm: (key, kind) for key, (_, helm, kind) in AUTHORIZER.items()},
    "jwtTokenConfiguration": {helm: (key, kind) for key, (_, helm, kind) in JWT.items()},
}
DOCUMENTED = [
    "AUTHORIZER_CLASS_NAME",
    "AUTHORIZER_REQUEST_FILTER",
    "AUTHORIZER_ADMIN_PRINCIPALS",
    "AUTHORIZER_PRINCIPAL_DOMAIN",
    "AUTHENTICATION_PROVIDER",
    "CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME",
    "AUTHENTICATION_PUBLIC_KEYS",
    "AUTHENTICATION_AUTHORITY",
    "AUTHENTICATION_CLIENT_ID",
    "AUTHENTICATION_CALLBACK_URL",
]
CONFIDENTIAL = [
    "AUTHENTICATION_CLIENT_TYPE",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "OIDC_TYPE",
    "OIDC_DISCOVERY_URI",
    "OIDC_CALLBACK",
    "OIDC_SERVER_URL",
]
RICH = {
    "prompt": "login",
    "max_age": 3600,
    "extra_params": {"hd": "corp.example"},
    "signing_algs": ["ES256", "RS256"],
    "principal_claims": ["upn", "sub"],
    "mapping": {"email": "mail"},
    "allowed_email_domains": ["corp.example", "b.example"],
}
KEYS = {"jwt_keys": "/keys", "key_id": "7f1d2c1e-0000-4000-8000-000000000001"}
PROVIDER_KEYS = "https://idp.example/certs"
CONSOLE_KEYS = "http://localhost:8000/api/v1/system/config/jwks"


def variables(text):
    """An env file as a dict, in its order; the values as Docker sees them."""
    pairs = [line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#")]
    return {name: re.sub(r"^(['\"])(.*)\1$", r"\2", value) for name, value in pairs}


def test_the_tables_agree_with_the_codes():
    for section, table in BLOCKS.items():
        for key, (variable, helm, kind) in table.items():
            (found,) = [named for named in SETTINGS if (named.section, named.key) == (section, key)]
            assert (found.variable, found.helm) == (variable, helm or "")
            names = {
                "a list of texts": list,
                "true or false": bool,
                "a whole number": int,
                "a map of texts": dict,
            }
            assert names.get(found.type.value, str) is kind


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("options", [{}, KEYS])
def test_the_env_file_has_the_documented_variables_in_their_order(public, options, tmp_path):
    registration(public=public, **RICH)
    text = exported(tmp_path, "docker", **options)["openmetadata_oidc.env"]
    assert text.splitlines()[0] == "# OpenMetadata Server Authentication Configuration"
    found = variables(text)
    documented = [*DOCUMENTED, *(CONFIDENTIAL[:1] if public else CONFIDENTIAL)]
    assert list(found)[: len(documented)] == documented
    kinds = {variable: kind for table in BLOCKS.values() for variable, _, kind in table.values()}
    for name, value in found.items():
        seen = value if name == "OIDC_CLIENT_SECRET" else yaml.safe_load(value)
        assert isinstance(
            seen, kinds[name] | (int if name in ("OIDC_MAX_CLOCK_SKEW", "OIDC_MAX_AGE") else kinds[name])
        )
    assert yaml.safe_load(found["AUTHENTICATION_PUBLIC_KEYS"]) == [PROVIDER_KEYS, CONSOLE_KEYS]
    assert ("JWT_KEY_ID" in found) == bool(options)
    assert found.get("OIDC_CLIENT_SECRET", "${CORP_CLIENT_SECRET}") == "${CORP_CLIENT_SECRET}"


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("options", [{}, KEYS])
def test_openmetadata_yaml_has_the_keys_and_types_of_the_schema(public, options, tmp_path):
    registration(public=public, **RICH)
    document = yaml.safe_load(exported(tmp_path, "bare-metal", **options)["openmetadata.yaml"])
    authentication = document["authenticationConfiguration"]
    blocks = {**document, "oidcConfiguration": authentication.pop("oidcConfiguration", {})}
    assert bool(blocks["oidcConfiguration"]) is not public
    for name, block in blocks.items():
        for key, value in block.items():
            assert isinstance(value, BLOCKS[name][key][2]), key
    required = {
        "provider",
        "providerName",
        "publicKeyUrls",
        "authority",
        "callbackUrl",
        "clientId",
        "jwtPrincipalClaims",
    }
    assert required <= authentication.keys()
    assert {
        "adminPrincipals",
        "principalDomain",
        "enforcePrincipalDomain",
        "enableSecureSocketConnection",
    } <= document["authorizerConfiguration"].keys()
    assert public or {"id", "secret", "discoveryUri", "tenant"} <= blocks["oidcConfiguration"].keys()
    assert authentication["publicKeyUrls"] == [PROVIDER_KEYS, CONSOLE_KEYS]
    assert ("jwtTokenConfiguration" in document) == bool(options)


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("options", [{}, KEYS])
def test_the_values_have_the_keys_and_types_of_the_chart(public, options, tmp_path):
    registration(public=public, **RICH)
    files = exported(tmp_path, "kubernetes", **options)
    document = yaml.safe_load(files["openmetadata.prod.values.yml"])
    assert document.keys() <= {"openmetadata", "extraEnvs", "extraVolumes", "extraVolumeMounts"}
    config = document["openmetadata"]["config"]
    oidc = config["authentication"].pop("oidcConfiguration", None)
    assert (oidc is None) == public
    for name, block in {**config, "oidcConfiguration": oidc or {}}.items():
        gated = dict(block)
        if name in ("oidcConfiguration", "jwtTokenConfiguration") and gated:
            assert gated.pop("enabled") is True
        for key, value in gated.items():
            own, kind = CHART[name][key]
            if own in ("id", "secret") and name == "oidcConfiguration":
                assert value.keys() == {"secretRef", "secretKey"}
                assert value["secretRef"] == "oidc-secrets"
            else:
                assert isinstance(value, str if own in HELM_TEXTS else kind), key
    assert config["authentication"]["publicKeys"] == [CONSOLE_KEYS, PROVIDER_KEYS]
    assert {entry["name"]: entry["value"] for entry in document["extraEnvs"]} == {
        "CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME": "Corp SSO",
        "AUTHENTICATION_TOKEN_VALIDATION_ALGORITHM": "ES256",
    }
    if options:
        assert document["extraVolumes"] == [
            {"name": "openmetadata-jwt-vol", "secret": {"secretName": "openmetadata-jwt-keys"}}
        ]
        assert document["extraVolumeMounts"] == [
            {"name": "openmetadata-jwt-vol", "mountPath": "/etc/openmetadata/jwtkeys", "readOnly": True}
        ]
    script = files.get("openmetadata_secrets.sh", "")
    assert ("create secret generic oidc-secrets " in script) is not public
    assert ("create secret generic openmetadata-jwt-keys " in script) == bool(options)


def test_the_compose_override_mounts_the_keys_where_the_server_looks(tmp_path):
    registration()
    files = exported(tmp_path, "docker", jwt_keys="docker-volume/jwtkeys", key_id=KEYS["key_id"])
    service = yaml.safe_load(files["docker-compose.override.yml"])["services"]["openmetadata-server"]
    assert service["env_file"] == ["./openmetadata_oidc.env"]
    assert service["volumes"] == ["./docker-volume/jwtkeys:/etc/openmetadata/jwtkeys:ro"]
    found = variables(files["openmetadata_oidc.env"])
    assert found["RSA_PUBLIC_KEY_FILE_PATH"] == "/etc/openmetadata/jwtkeys/public_key.der"
    assert found["JWT_KEY_ID"] == KEYS["key_id"]


def test_onelogin_has_the_documented_file_name_and_keys_without_having_been_asked(tmp_path):
    registration("onelogin", public=True, discovery=None)
    found = variables(exported(tmp_path, "docker")["openmetadata_onelogin.env"])
    assert found["AUTHENTICATION_PROVIDER"] == "custom-oidc"
    assert found["CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME"] == "OneLogin"
    assert "https://acme.onelogin.com/oidc/2/certs" in found["AUTHENTICATION_PUBLIC_KEYS"]
