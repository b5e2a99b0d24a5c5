"""What looks like a mistake and is none stays silent: two files and more for each thing that the linter finds."""

import pytest

from providers.protocol.openmetadata.findings import Code
from providers.protocol.openmetadata.lint.facts import Facts, Registration
from tests.providers.openmetadata.right_files import (
    COMPOSE,
    COMPOSE_LIST,
    ENV,
    FILE,
    HELM,
    PUBLIC_ENV,
    found,
    with_line,
)

OWN = "https://metadata.example/api/v1/system/config/jwks"
TENANT = "11111111-2222-4333-8444-555555555555"
HERE = Registration(
    issuer="https://idp.example",
    client_id="console",
    callback_url="https://console.example/callback/corp",
    jwks_uri="https://idp.example/certs",
    signing_algs=["RS256", "ES256"],
    principal_claims=["email", "sub"],
    allowed_email_domains=["corp.example"],
)
FACTS = Facts([HERE], base_url="https://console.example")


def env(text=ENV, **changes):
    """The file with other values; None leaves a variable out."""
    lines, there = [], set()
    for line in text.splitlines():
        name = line.partition("=")[0]
        there.add(name)
        value = changes.get(name, line.partition("=")[2])
        lines += [] if value is None else [f"{name}={value}" if name in changes else line]
    more = [f"{name}={value}" for name, value in changes.items() if name not in there and value is not None]
    return "\n".join([*lines, *more]) + "\n"


def at(issuer, keys="certs", *, text=ENV, discovery="", **changes):
    """The file of a provider elsewhere."""
    keys = keys if "://" in keys else f"{issuer.rstrip('/')}/{keys}"
    changes = {
        "AUTHENTICATION_AUTHORITY": issuer,
        "AUTHENTICATION_PUBLIC_KEYS": f"[{keys},{OWN}]",
        **changes,
    }
    if text == ENV:
        discovery = discovery or f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        changes["OIDC_DISCOVERY_URI"] = discovery
    return env(text, **changes)


def of_kind(provider, issuer, keys, **changes):
    changes = {"OIDC_TYPE": provider, "CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME": None, **changes}
    return at(issuer, keys, AUTHENTICATION_PROVIDER=provider, **changes)


def line(text, old, new):
    return with_line(text, old, new)[0]


AUTH0 = "https://acme.eu.auth0.com/"
COGNITO = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"
ENTRA = f"https://login.microsoftonline.com/{TENANT}"
KEYCLOAK = "https://sso.example/auth/realms/corp"
HELM_SECRET = "clientSecret: {secretRef: oidc-secrets, secretKey: openmetadata-oidc-client-secret}"

RIGHT = {
    # The file itself
    "lines of Windows": ([Code.MALFORMED, Code.MALFORMED_LINE], ENV.replace("\n", "\r\n")),
    "a byte order mark": ([Code.MALFORMED, Code.UNRECOGNISED, Code.MALFORMED_LINE], "\ufeff" + PUBLIC_ENV),
    "comments, blanks and names that are passed on": (
        [Code.MALFORMED_LINE, Code.UNKNOWN_KEY],
        f"\n# x = y = z\n{ENV}\nHTTPS_PROXY\n  # the end",
    ),
    "password login alone": (
        [Code.UNRECOGNISED, Code.PROVIDER_NOT_SET, Code.MISSING_KEY, Code.OWN_JWKS_MISSING],
        "AUTHENTICATION_PROVIDER=basic\nAUTHORIZER_ADMIN_PRINCIPALS=[alice]\nAUTHORIZER_PRINCIPAL_DOMAIN=c.example\n",
    ),
    "one name in two services": (
        [Code.DUPLICATE_KEY],
        COMPOSE + "  db:\n    environment:\n      MYSQL_ROOT_PASSWORD: ${PASSWORD}\n",
    ),
    "one key in two blocks": (
        [Code.DUPLICATE_KEY, Code.UNKNOWN_KEY],
        HELM.replace("openmetadata:\n", "replicaCount: 2\nimage:\n  tag: 1.12\nopenmetadata:\n", 1),
    ),
    "the rest of a server's file": ([Code.UNKNOWN_KEY], "server:\n  rootPath: '/api/*'\n" + FILE),
    "a list with blanks and one with quotation marks": (
        [Code.WRONG_TYPE, Code.BRACES_LEFT],
        env(
            AUTHORIZER_ADMIN_PRINCIPALS="[ alice , bob.smith ]",
            AUTHENTICATION_PUBLIC_KEYS=f'["https://idp.example/certs", "{OWN}"]',
        ),
    ),
    "numbers and flags in quotation marks": (
        [Code.WRONG_TYPE, Code.WRONG_VALUE],
        env(OIDC_DISABLE_PKCE='"false"', OIDC_SESSION_EXPIRY="'86400'", OIDC_MAX_CLOCK_SKEW='""'),
    ),
    "the smallest session that there may be": (
        [Code.WRONG_VALUE, Code.TOKEN_VALIDITY_ZERO],
        env(AUTHENTICATION_SESSION_EXPIRY="3600", OIDC_OM_REFRESH_TOKEN_VALIDITY="60"),
    ),
    "a public client without what a confidential one needs": (
        [Code.MISSING_KEY, Code.DISCOVERY_MISSING, Code.PKCE_DISABLED],
        PUBLIC_ENV,
    ),
    "settings in a file that is named": (
        [Code.MISSING_KEY, Code.PROVIDER_NAME_MISSING, Code.DEFAULT_ADMIN, Code.DEFAULT_DOMAIN],
        "services:\n  om:\n    env_file: [om.env]\n    environment:\n      AUTHENTICATION_PROVIDER: custom-oidc\n",
    ),
    "two hundred variables of others": (
        [Code.MORE_FINDINGS, Code.UNKNOWN_KEY],
        ENV + "".join(f"APP_{number}=x\n" for number in range(250)),
    ),
    "a long list of administrators": (
        [Code.MORE_FINDINGS, Code.ADMIN_IS_EMAIL],
        env(AUTHORIZER_ADMIN_PRINCIPALS=f"[{','.join(f'user{number}' for number in range(300))}]"),
    ),
    # Where documentation, chart and code disagree
    "global values of other charts": (
        [Code.HELM_GLOBAL_IGNORED],
        HELM + "global:\n  imageRegistry: registry.example\n",
    ),
    "global values that are empty": ([Code.HELM_GLOBAL_IGNORED], HELM + "global: {}\n"),
    "the right variable for discovery": (
        [Code.DISCOVERY_VARIABLE],
        env(OIDC_DISCOVERY_URI='"https://idp.example/.well-known/openid-configuration"'),
    ),
    "a comment about the wrong variable": (
        [Code.DISCOVERY_VARIABLE, Code.CLIENT_ID_MISSPELT],
        "# AUTHENTICATION_DISCOVERY_URI is read by nobody, nor is clientid\n" + ENV,
    ),
    "sign-in that is off and nothing else": (
        [Code.HELM_SECTION_OFF, Code.HELM_OIDC_NOT_ENABLED],
        "openmetadata:\n  config:\n    authentication:\n      enabled: false\n",
    ),
    "a section that is on in so many words": (
        [Code.HELM_SECTION_OFF],
        HELM.replace("    authorizer:\n", "    authorizer:\n      enabled: true\n"),
    ),
    "a public client of the chart": (
        [Code.HELM_OIDC_NOT_ENABLED, Code.HELM_OIDC_NOT_CONFIDENTIAL],
        line(HELM, 'clientType: "confidential"', 'clientType: "public"').replace(
            "enabled: true", "enabled: false"
        ),
    ),
    "a confidential client without quotation marks": (
        [Code.HELM_OIDC_NOT_ENABLED, Code.HELM_OIDC_NOT_CONFIDENTIAL],
        line(HELM, 'clientType: "confidential"', "clientType: confidential"),
    ),
    "what the chart cannot set, as variables": (
        [Code.HELM_CANNOT_SET],
        HELM + "  - name: FORCE_SECURE_SESSION_COOKIE\n    value: 'true'\n",
    ),
    "a variable by reference": (
        [Code.HELM_CANNOT_SET, Code.SECRET_IN_CLEAR],
        HELM + "  - name: SMTP_SERVER_PWD\n    valueFrom: {secretKeyRef: {name: smtp, key: password}}\n",
    ),
    "a name with braces": (
        [Code.PROVIDER_NAME_MISSING, Code.BRACES_LEFT],
        env(CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME="Corp {EU}"),
    ),
    "a provider that has a name already": (
        [Code.PROVIDER_NAME_MISSING],
        of_kind("google", "https://accounts.google.com", "https://www.googleapis.com/oauth2/v3/certs"),
    ),
    "secure sockets off in quotation marks": (
        [Code.SECURE_SOCKET_ENABLED],
        env(AUTHORIZER_ENABLE_SECURE_SOCKET='"false"'),
    ),
    "secure sockets at their default": (
        [Code.SECURE_SOCKET_ENABLED],
        env(AUTHORIZER_ENABLE_SECURE_SOCKET=None),
    ),
    "two kinds of client ids": (
        [Code.CLIENT_ID_MISSPELT],
        HELM.replace(HELM_SECRET, "clientId: {secretRef: oidc, secretKey: id}\n        " + HELM_SECRET),
    ),
    "an unset provider of nothing": (
        [Code.PROVIDER_NOT_SET],
        "AUTHORIZER_ADMIN_PRINCIPALS=[alice]\nAUTHORIZER_PRINCIPAL_DOMAIN=corp.example\n",
    ),
    "OneLogin by custom OIDC": (
        [Code.PROVIDER_ONELOGIN, Code.PROVIDER_JWKS_MISSING],
        at("https://acme.onelogin.com/oidc/2", CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME="OneLogin"),
    ),
    "a provider called like OneLogin": (
        [Code.PROVIDER_ONELOGIN],
        env(CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME="one-login"),
    ),
    "PKCE off for a provider that is not custom": (
        [Code.PKCE_DISABLED],
        of_kind("azure", ENTRA, f"{ENTRA}/discovery/v2.0/keys", OIDC_DISABLE_PKCE="true"),
    ),
    "PKCE at its default for a public client": (
        [Code.PKCE_DISABLED],
        env(PUBLIC_ENV, OIDC_DISABLE_PKCE=None),
    ),
    "underscores before the well-known path": (
        [Code.DISCOVERY_PATH_MISSPELT],
        at("https://idp.example/openid_configuration"),
    ),
    "a discovery document by a policy": (
        [Code.DISCOVERY_PATH_MISSPELT, Code.DISCOVERY_OF_ANOTHER],
        at(
            f"https://acme.b2clogin.com/{TENANT}/v2.0/",
            "https://acme.b2clogin.com/acme.onmicrosoft.com/b2c_1_in/discovery/v2.0/keys",
            discovery="https://acme.b2clogin.com/acme.onmicrosoft.com/v2.0/.well-known/openid-configuration?p=b2c_1_in",
        ),
    ),
    "another system's keys": (
        [Code.JWKS_PATH_MISSPELT, Code.PROVIDER_JWKS_MISMATCH],
        env(AUTHENTICATION_PUBLIC_KEYS=f"[https://idp.example/certs,{OWN},https://sso.example/api/v1/keys]"),
    ),
    "its own keys behind another port": (
        [Code.JWKS_PATH_MISSPELT, Code.OWN_JWKS_MISSING],
        env(
            AUTHENTICATION_PUBLIC_KEYS=f"[https://idp.example/certs,{OWN.replace('.example', '.example:8443')}]"
        ),
    ),
    "key files in a folder called private": (
        [Code.KEY_FILES_SWAPPED],
        env(RSA_PUBLIC_KEY_FILE_PATH="/private/public.der", RSA_PRIVATE_KEY_FILE_PATH="/private/private.der"),
    ),
    "key files that name both": (
        [Code.KEY_FILES_SWAPPED, Code.KEY_PATH_RELATIVE],
        env(
            RSA_PUBLIC_KEY_FILE_PATH="/keys/public_of_the_private.der",
            RSA_PRIVATE_KEY_FILE_PATH="/keys/private_of_the_public.der",
        ),
    ),
    "user names with dots": (
        [Code.ADMIN_IS_EMAIL, Code.DEFAULT_ADMIN],
        env(AUTHORIZER_ADMIN_PRINCIPALS="[administrator,admin.corp]"),
    ),
    "a realm that is called as an endpoint is": (
        [Code.AUTHORITY_NOT_ISSUER],
        at("https://sso.example/realms/token", "protocol/openid-connect/certs"),
    ),
    "an authorization server that its own document names": (
        [Code.AUTHORITY_NOT_ISSUER],
        at("https://sso.example/oauth2/keys", "v1/keys"),
    ),
    "an issuer below auth": ([Code.AUTHORITY_NOT_ISSUER], at(KEYCLOAK, "protocol/openid-connect/certs")),
    "an issuer that ends in auth": ([Code.AUTHORITY_NOT_ISSUER], at("https://sso.example/auth")),
    "tokens valid for a day": ([Code.TOKEN_VALIDITY_ZERO], env(OIDC_OM_REFRESH_TOKEN_VALIDITY="86400")),
    "comments behind quotation marks": (
        [Code.MALFORMED_LINE],
        "".join(f"{text}  # it's so\n" for text in ENV.splitlines() if '"' in text or "SECRET" in text)
        + "".join(f"{text}\n" for text in ENV.splitlines() if '"' not in text and "SECRET" not in text),
    ),
    "a Compose file that says how it is merged": (
        [Code.MALFORMED],
        COMPOSE.replace(
            "    environment:\n",
            "    ports: !reset []\n    volumes: !override\n      - ./keys:/keys\n    environment: !override\n",
        ),
    ),
    "an end of a document, and nothing behind it": ([Code.MALFORMED], f"---\n{HELM}---\n"),
    "a last document of comments": ([Code.MALFORMED], f"{FILE}---\n# the end\n"),
    "administrators who are numbers": (
        [Code.WRONG_TYPE, Code.DEFAULT_ADMIN],
        env(AUTHORIZER_ADMIN_PRINCIPALS="[10042, alice]"),
    ),
    "somebody's own variable with the end of ours": (
        [Code.UNKNOWN_KEY],
        ENV + "OM_SERVER_URL=https://metadata.example\nAPP_OIDC_SCOPE=x\n",
    ),
    "parameters of one's own": (
        [Code.BRACES_LEFT],
        env(OIDC_CUSTOM_PARAMS='{"acr_values":"phr"}'),
    ),
    "a page about tokens": (
        [Code.TOKEN_SHOWN_ELSEWHERE, Code.TOKEN_IN_CLEAR],
        "# see https://jwt.io.example and eyJhbGciOiJSUzI1NiJ9\n" + ENV,
    ),
    "the name of a token's variable": (
        [Code.TOKEN_SHOWN_ELSEWHERE, Code.TOKEN_IN_CLEAR],
        ENV + "INGESTION_TOKEN=${OM_JWT_TOKEN}\n",
    ),
    # Keys
    "its own keys first": (
        [Code.OWN_JWKS_MISSING, Code.PROVIDER_JWKS_MISSING],
        env(AUTHENTICATION_PUBLIC_KEYS=f"[{OWN},https://idp.example/certs]"),
    ),
    "keys of Okta's own server": (
        [Code.PROVIDER_JWKS_MISMATCH, Code.PROVIDER_JWKS_MISSING],
        at("https://acme.okta.com/oauth2/default", "v1/keys"),
    ),
    "keys of the organisation at Okta": (
        [Code.PROVIDER_JWKS_MISMATCH],
        at("https://acme.okta.com", "oauth2/v1/keys"),
    ),
    "a host whose name begins with localhost": (
        [Code.JWKS_LOCAL],
        at("https://localhost.corp.example", "certs"),
    ),
    "a host of the private network": (
        [Code.JWKS_LOCAL, Code.JWKS_PLAIN_HTTP],
        at("https://10.0.0.5:8443", "keys"),
    ),
    "https at a port of http": ([Code.JWKS_PLAIN_HTTP], at("https://idp.example:8080", "keys")),
    "the same algorithm on both sides": (
        [Code.ALGORITHM_MISMATCH],
        env(AUTHENTICATION_TOKEN_VALIDATION_ALGORITHM="ES256", OIDC_PREFERRED_JWS="ES256"),
    ),
    "an algorithm of a public client": (
        [Code.ALGORITHM_MISMATCH],
        env(PUBLIC_ENV, AUTHENTICATION_TOKEN_VALIDATION_ALGORITHM="RS512"),
    ),
    "a key id that looks like the shipped one": (
        [Code.DEMO_KEY_ID, Code.KEY_ID_MISSING],
        env(JWT_KEY_ID="Gb389a-9f76-gdjs-a92j-0242bk94357"),
    ),
    "a key id and no key files": (
        [Code.DEMO_KEY_ID, Code.KEY_ID_MISSING, Code.KEY_PATH_RELATIVE],
        env(RSA_PUBLIC_KEY_FILE_PATH=None, RSA_PRIVATE_KEY_FILE_PATH=None),
    ),
    "no keys of one's own at all": (
        [Code.KEY_ID_MISSING, Code.DEMO_FERNET_KEY],
        env(RSA_PUBLIC_KEY_FILE_PATH=None, RSA_PRIVATE_KEY_FILE_PATH=None, JWT_KEY_ID=None),
    ),
    "a Fernet key of one's own": ([Code.DEMO_FERNET_KEY], ENV + "FERNET_KEY=${FERNET_KEY:?}\n"),
    # The flow
    "a discovery document with a slash less": (
        [Code.DISCOVERY_OF_ANOTHER, Code.DISCOVERY_MISSING],
        env(AUTHENTICATION_AUTHORITY="https://idp.example/"),
    ),
    "a discovery document by the name inside": (
        [Code.DISCOVERY_OF_ANOTHER],
        at(
            KEYCLOAK,
            "protocol/openid-connect/certs",
            discovery="http://keycloak.svc:8080/auth/realms/corp/.well-known/openid-configuration",
        ),
    ),
    "Entra's document of version 2": (
        [Code.DISCOVERY_OF_ANOTHER, Code.DISCOVERY_MISSING],
        of_kind(
            "azure",
            ENTRA,
            "https://login.microsoftonline.com/common/discovery/keys",
            OIDC_DISCOVERY_URI=f"{ENTRA}/v2.0/.well-known/openid-configuration",
        ),
    ),
    "a callback at another port": (
        [Code.CALLBACK_PATH, Code.CALLBACKS_DIFFER],
        ENV.replace("https://metadata.example/callback", "https://metadata.example:8443/callback"),
    ),
    "a callback on one's own machine": (
        [Code.CALLBACK_PATH, Code.CALLBACKS_DIFFER, Code.COOKIE_NOT_SECURE],
        env(
            AUTHENTICATION_CALLBACK_URL="http://localhost:8585/callback",
            OIDC_CALLBACK="http://localhost:8585/callback",
            OIDC_SERVER_URL="http://localhost:8585",
            FORCE_SECURE_SESSION_COOKIE="false",
        ),
    ),
    "callbacks of a public client that has none": (
        [Code.CALLBACKS_DIFFER, Code.CALLBACK_NOT_REGISTERED],
        env(PUBLIC_ENV, OIDC_CALLBACK=None),
    ),
    "a prompt that is empty": ([Code.PROMPT_NONE], env(OIDC_PROMPT_TYPE="")),
    "a prompt to sign in": ([Code.PROMPT_NONE], env(OIDC_PROMPT_TYPE="login")),
    "more scopes than are needed": (
        [Code.SCOPE_MISSING],
        env(OIDC_SCOPE='"profile email openid offline_access"'),
    ),
    "people by another claim than the address": (
        [Code.SCOPE_MISSING, Code.CLAIM_ORDER],
        env(OIDC_SCOPE="openid profile", AUTHENTICATION_JWT_PRINCIPAL_CLAIMS="[preferred_username]"),
    ),
    "a cookie that is secure": ([Code.COOKIE_NOT_SECURE], env(FORCE_SECURE_SESSION_COOKIE="true")),
    "a secret by reference": ([Code.SECRET_IN_CLEAR], COMPOSE_LIST.replace("${OM_SECRET}", "${OM_SECRET:?}")),
    "a secret that is passed on": (
        [Code.SECRET_IN_CLEAR],
        line(FILE, 'secret: ${OIDC_CLIENT_SECRET:-""}', "secret: ${OM_SECRET}"),
    ),
    # People
    "a domain that has the shipped one in it": (
        [Code.DEFAULT_DOMAIN],
        env(AUTHORIZER_PRINCIPAL_DOMAIN="openmetadata.org.example"),
    ),
    "a domain of one's own, called so": (
        [Code.DEFAULT_DOMAIN, Code.DOMAIN_NOT_ALLOWED],
        env(AUTHORIZER_PRINCIPAL_DOMAIN="openmetadata.corp.example"),
    ),
    "domains that are enforced and listed": (
        [Code.DOMAIN_NOT_ALLOWED],
        env(
            AUTHORIZER_ENFORCE_PRINCIPAL_DOMAIN="true", AUTHORIZER_ALLOWED_DOMAINS="[corp.example,b.example]"
        ),
    ),
    "a mapping in either order": (
        [Code.CLAIMS_MAPPING_INVALID],
        env(AUTHENTICATION_JWT_PRINCIPAL_CLAIMS_MAPPING='["email:email","username:sub"]'),
    ),
    "a mapping that is empty": (
        [Code.CLAIMS_MAPPING_INVALID, Code.CLAIM_ORDER],
        env(AUTHENTICATION_JWT_PRINCIPAL_CLAIMS_MAPPING="[]"),
    ),
    # Providers of other kinds
    "Auth0": (
        [Code.AUTHORITY_NOT_ISSUER, Code.PROVIDER_JWKS_MISMATCH],
        of_kind("auth0", AUTH0, ".well-known/jwks.json"),
    ),
    "Amazon Cognito": (
        [Code.AUTHORITY_NOT_ISSUER, Code.PROVIDER_JWKS_MISMATCH],
        of_kind("aws-cognito", COGNITO, ".well-known/jwks.json"),
    ),
    "authentik": ([Code.DISCOVERY_OF_ANOTHER], at("https://ak.example/application/o/om/", "jwks/")),
    "AD FS": ([Code.PROVIDER_JWKS_MISMATCH], at("https://adfs.example/adfs", "discovery/keys")),
    "Zitadel": ([Code.PROVIDER_JWKS_MISMATCH], at("https://acme.zitadel.cloud", "oauth/v2/keys")),
}
# With what the console knows.
KNOWN = {
    "our own callback": ([Code.CALLBACK_NOT_REGISTERED, Code.CALLBACK_PATH], ENV),
    "a console at a host that begins alike": (
        [Code.CALLBACK_NOT_REGISTERED],
        ENV.replace("https://metadata.example/callback", "https://console.example.org/callback"),
    ),
    "one of two accepted algorithms": (
        [Code.ALGORITHM_MISMATCH],
        env(AUTHENTICATION_TOKEN_VALIDATION_ALGORITHM="ES256"),
    ),
    "the registered keys with a fourth address": (
        [Code.PROVIDER_JWKS_MISMATCH],
        env(
            AUTHENTICATION_PUBLIC_KEYS=f"[https://idp.example/certs,{OWN},https://console.example/.well-known/jwks.json]"
        ),
    ),
    "the registered claims": ([Code.CLAIM_ORDER], env(AUTHENTICATION_JWT_PRINCIPAL_CLAIMS="[email,sub]")),
    "fewer claims than are registered": (
        [Code.CLAIM_ORDER],
        env(AUTHENTICATION_JWT_PRINCIPAL_CLAIMS="[email]"),
    ),
    "the registered domain": ([Code.DOMAIN_NOT_ALLOWED], env(AUTHORIZER_ENFORCE_PRINCIPAL_DOMAIN="true")),
}


@pytest.mark.parametrize("what", RIGHT)
def test_nothing_is_found_fault_with(what):
    assert found(RIGHT[what][1]) == []


@pytest.mark.parametrize("what", KNOWN)
def test_nor_by_what_the_console_knows(what):
    assert found(KNOWN[what][1], FACTS) == []


def test_each_finding_has_two_files_that_look_like_it():
    codes = [code for codes, _ in [*RIGHT.values(), *KNOWN.values()] for code in codes]
    assert [code for code in Code if codes.count(code) < 2] == []
