"""
Every name that OpenMetadata's configuration of sign-in has: one row for each setting.

The three forms of the configuration call the same thing differently: `openmetadata.yaml` by `key`, the
environment by `variable`, the values of the Helm chart by `helm`. An empty name says that a form has none. Variables of
a server that do not belong to sign-in are listed as known, so that they are not reported.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Section(StrEnum):
    """A block of settings, by its name in `openmetadata.yaml`."""

    AUTHENTICATION = "authenticationConfiguration"
    OIDC = "oidcConfiguration"
    AUTHORIZER = "authorizerConfiguration"
    JWT = "jwtTokenConfiguration"


class Type(StrEnum):
    """What a value is."""

    TEXT = "text"
    SECRET = "a secret"  # noqa: S105 - a type's name
    FLAG = "true or false"
    WHOLE = "a whole number"
    LIST = "a list of texts"
    TABLE = "a map of texts"
    BLOCK = "a block of settings"


@dataclass(frozen=True, slots=True)
class Setting:
    """
    One setting.

    `default` is what a server does without it, None where that is not known. `choices` are all values there
    are, none for any; `least` is the smallest number. `helm_type` is what the chart wants where that differs.
    """

    section: Section
    key: str
    variable: str
    helm: str
    type: Type = Type.TEXT
    default: Any = ""
    choices: tuple[str, ...] = ()
    least: int | None = None
    required: bool = False
    helm_type: Type | None = None

    @property
    def path(self) -> tuple[Section, str]:
        return self.section, self.key


PROVIDERS = (
    "basic",
    "azure",
    "auth0",
    "custom-oidc",
    "google",
    "okta",
    "aws-cognito",
    "ldap",
    "saml",
)
# The others do not sign anybody in by OpenID Connect.
OIDC_PROVIDERS = tuple(name for name in PROVIDERS if name not in ("basic", "ldap", "saml"))
ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
CLIENT_AUTHENTICATION = (
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
)
PROMPTS = ("", "login", "consent", "select_account", "none")
AUTHORIZER_CLASS = "org.openmetadata.service.security.DefaultAuthorizer"
REQUEST_FILTER = "org.openmetadata.service.security.JwtFilter"
JWKS_PATH = "/api/v1/system/config/jwks"
CALLBACK_PATH = "/callback"
LOCAL_SERVER = "http://localhost:8585"
DEFAULT_DOMAINS = ("open-metadata.org", "openmetadata.org")
DEFAULT_ADMIN = "admin"
# The key id that is shipped, and the one of the documentation's example.
DEMO_KEY_IDS = ("Gb389a-9f76-gdjs-a92j-0242bk94356", "c8ec220c-be7d-4e47-97c7-098bf6a57ce1")
OWN_KEY_ID = "<a UUID of your own>"
DEMO_FERNET_KEY = "jJ/9sz0g0OHxsfxOoSfdFdmk3ysNmPRnH3TUAbz3IHA="

_AUTHENTICATION = (
    Setting(Section.AUTHENTICATION, "clientType", "AUTHENTICATION_CLIENT_TYPE", "clientType",
            default="public", choices=("public", "confidential")),
    Setting(Section.AUTHENTICATION, "provider", "AUTHENTICATION_PROVIDER", "provider",
            default="basic", choices=PROVIDERS, required=True),
    Setting(Section.AUTHENTICATION, "responseType", "AUTHENTICATION_RESPONSE_TYPE", "responseType",
            default="id_token", choices=("id_token", "code")),
    Setting(Section.AUTHENTICATION, "providerName", "CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME", "",
            required=True),
    Setting(Section.AUTHENTICATION, "publicKeyUrls", "AUTHENTICATION_PUBLIC_KEYS", "publicKeys",
            Type.LIST, default=[LOCAL_SERVER + JWKS_PATH], required=True),
    Setting(Section.AUTHENTICATION, "tokenValidationAlgorithm",
            "AUTHENTICATION_TOKEN_VALIDATION_ALGORITHM", "", default="RS256", choices=ALGORITHMS),
    Setting(Section.AUTHENTICATION, "authority", "AUTHENTICATION_AUTHORITY", "authority",
            default="https://accounts.google.com", required=True),
    Setting(Section.AUTHENTICATION, "clientId", "AUTHENTICATION_CLIENT_ID", "clientId", required=True),
    Setting(Section.AUTHENTICATION, "callbackUrl", "AUTHENTICATION_CALLBACK_URL", "callbackUrl",
            required=True),
    Setting(Section.AUTHENTICATION, "jwtPrincipalClaims", "AUTHENTICATION_JWT_PRINCIPAL_CLAIMS",
            "jwtPrincipalClaims", Type.LIST, default=["email", "preferred_username", "sub"], required=True),
    Setting(Section.AUTHENTICATION, "jwtPrincipalClaimsMapping",
            "AUTHENTICATION_JWT_PRINCIPAL_CLAIMS_MAPPING", "jwtPrincipalClaimsMapping", Type.LIST, default=[]),
    Setting(Section.AUTHENTICATION, "jwtTeamClaimMapping", "", "", default=None),
    Setting(Section.AUTHENTICATION, "enableSelfSignup", "AUTHENTICATION_ENABLE_SELF_SIGNUP",
            "enableSelfSignup", Type.FLAG, default=True),
    Setting(Section.AUTHENTICATION, "enableAutoRedirect", "AUTHENTICATION_ENABLE_AUTO_REDIRECT", "",
            Type.FLAG, default=None),
    Setting(Section.AUTHENTICATION, "forceSecureSessionCookie", "FORCE_SECURE_SESSION_COOKIE", "",
            Type.FLAG, default=False),
    Setting(Section.AUTHENTICATION, "sessionExpiry", "AUTHENTICATION_SESSION_EXPIRY", "",
            Type.WHOLE, default=604_800, least=3600),
    Setting(Section.AUTHENTICATION, "maxActiveSessionsPerUser",
            "AUTHENTICATION_MAX_ACTIVE_SESSIONS_PER_USER", "", Type.WHOLE, default=5),
    Setting(Section.AUTHENTICATION, "additionalTrustedRedirectUris",
            "AUTHENTICATION_ADDITIONAL_TRUSTED_REDIRECT_URIS", "", Type.LIST, default=[]),
    Setting(Section.AUTHENTICATION, "emailClaim", "", "", default="email"),
    Setting(Section.AUTHENTICATION, "displayNameClaim", "", "", default="name"),
    Setting(Section.AUTHENTICATION, "ldapConfiguration", "", "ldapConfiguration", Type.BLOCK, default=None),
    Setting(Section.AUTHENTICATION, "samlConfiguration", "", "saml", Type.BLOCK, default=None),
    Setting(Section.AUTHENTICATION, "oidcConfiguration", "", "oidcConfiguration", Type.BLOCK, default=None),
)  # fmt: skip

_OIDC = (
    Setting(Section.OIDC, "id", "OIDC_CLIENT_ID", "clientId", required=True, helm_type=Type.BLOCK),
    Setting(Section.OIDC, "type", "OIDC_TYPE", "oidcType"),
    Setting(Section.OIDC, "secret", "OIDC_CLIENT_SECRET", "clientSecret", Type.SECRET, required=True,
            helm_type=Type.BLOCK),
    Setting(Section.OIDC, "scope", "OIDC_SCOPE", "scope", default="openid email profile"),
    Setting(Section.OIDC, "discoveryUri", "OIDC_DISCOVERY_URI", "discoveryUri", required=True),
    Setting(Section.OIDC, "useNonce", "OIDC_USE_NONCE", "useNonce", Type.FLAG, default=True),
    Setting(Section.OIDC, "preferredJwsAlgorithm", "OIDC_PREFERRED_JWS", "preferredJwsAlgorithm",
            default="RS256"),
    Setting(Section.OIDC, "responseType", "OIDC_RESPONSE_TYPE", "responseType", default="code",
            choices=("code", "id_token")),
    Setting(Section.OIDC, "disablePkce", "OIDC_DISABLE_PKCE", "disablePkce", Type.FLAG, default=True),
    Setting(Section.OIDC, "callbackUrl", "OIDC_CALLBACK", "callbackUrl",
            default=LOCAL_SERVER + CALLBACK_PATH),
    Setting(Section.OIDC, "serverUrl", "OIDC_SERVER_URL", "serverUrl", default=LOCAL_SERVER),
    Setting(Section.OIDC, "clientAuthenticationMethod", "OIDC_CLIENT_AUTH_METHOD",
            "clientAuthenticationMethod", default="client_secret_post", choices=CLIENT_AUTHENTICATION),
    Setting(Section.OIDC, "tenant", "OIDC_TENANT", "tenant", required=True),
    Setting(Section.OIDC, "maxClockSkew", "OIDC_MAX_CLOCK_SKEW", "maxClockSkew"),
    Setting(Section.OIDC, "tokenValidity", "OIDC_OM_REFRESH_TOKEN_VALIDITY", "tokenValidity", Type.WHOLE,
            default=3600, helm_type=Type.TEXT),
    Setting(Section.OIDC, "customParams", "OIDC_CUSTOM_PARAMS", "customParams", Type.TABLE, default={},
            helm_type=Type.TEXT),
    Setting(Section.OIDC, "maxAge", "OIDC_MAX_AGE", "maxAge", default="0"),
    Setting(Section.OIDC, "prompt", "OIDC_PROMPT_TYPE", "promptType", default="consent", choices=PROMPTS),
    Setting(Section.OIDC, "sessionExpiry", "OIDC_SESSION_EXPIRY", "sessionExpiry", Type.WHOLE,
            default=604_800, least=3600, helm_type=Type.TEXT),
    Setting(Section.OIDC, "endSessionWithProvider", "", "", Type.FLAG, default=False),
)  # fmt: skip

_AUTHORIZER = (
    Setting(Section.AUTHORIZER, "className", "AUTHORIZER_CLASS_NAME", "className",
            default=AUTHORIZER_CLASS, choices=(AUTHORIZER_CLASS,), required=True),
    Setting(Section.AUTHORIZER, "containerRequestFilter", "AUTHORIZER_REQUEST_FILTER",
            "containerRequestFilter", default=REQUEST_FILTER, choices=(REQUEST_FILTER,), required=True),
    Setting(Section.AUTHORIZER, "adminPrincipals", "AUTHORIZER_ADMIN_PRINCIPALS", "initialAdmins",
            Type.LIST, default=[DEFAULT_ADMIN], required=True),
    Setting(Section.AUTHORIZER, "allowedEmailRegistrationDomains",
            "AUTHORIZER_ALLOWED_REGISTRATION_DOMAIN", "allowedEmailRegistrationDomains", Type.LIST,
            default=["all"]),
    Setting(Section.AUTHORIZER, "principalDomain", "AUTHORIZER_PRINCIPAL_DOMAIN", "principalDomain",
            default=DEFAULT_DOMAINS[0], required=True),
    Setting(Section.AUTHORIZER, "allowedDomains", "AUTHORIZER_ALLOWED_DOMAINS", "allowedDomains",
            Type.LIST, default=None),
    Setting(Section.AUTHORIZER, "enforcePrincipalDomain", "AUTHORIZER_ENFORCE_PRINCIPAL_DOMAIN",
            "enforcePrincipalDomain", Type.FLAG, default=False, required=True),
    Setting(Section.AUTHORIZER, "enableSecureSocketConnection", "AUTHORIZER_ENABLE_SECURE_SOCKET",
            "enableSecureSocketConnection", Type.FLAG, default=False, required=True),
    Setting(Section.AUTHORIZER, "useRolesFromProvider", "AUTHORIZER_USE_ROLES_FROM_PROVIDER",
            "useRolesFromProvider", Type.FLAG, default=False),
    Setting(Section.AUTHORIZER, "botPrincipals", "AUTHORIZER_INGESTION_PRINCIPALS", "", Type.LIST,
            default=None),
    Setting(Section.AUTHORIZER, "testPrincipals", "", "", Type.LIST, default=None),
    Setting(Section.AUTHORIZER, "defaultOAuthRole", "AUTHORIZER_DEFAULT_OAUTH_ROLE", ""),
    Setting(Section.AUTHORIZER, "adminEmails", "", "", Type.LIST, default=[]),
    Setting(Section.AUTHORIZER, "allowedEmailDomains", "", "", Type.LIST, default=[]),
    Setting(Section.AUTHORIZER, "botDomain", "", "", default="openmetadata.org"),
)  # fmt: skip

_JWT = (
    Setting(Section.JWT, "rsapublicKeyFilePath", "RSA_PUBLIC_KEY_FILE_PATH", "rsapublicKeyFilePath",
            default="./conf/public_key.der"),
    Setting(Section.JWT, "rsaprivateKeyFilePath", "RSA_PRIVATE_KEY_FILE_PATH", "rsaprivateKeyFilePath",
            default="./conf/private_key.der"),
    Setting(Section.JWT, "jwtissuer", "JWT_ISSUER", "jwtissuer", default=DEFAULT_DOMAINS[0], required=True),
    Setting(Section.JWT, "keyId", "JWT_KEY_ID", "keyId", default=DEMO_KEY_IDS[0], required=True),
)  # fmt: skip

SETTINGS: tuple[Setting, ...] = (*_AUTHENTICATION, *_OIDC, *_AUTHORIZER, *_JWT)

# Where the sections stand in the chart's values, below openmetadata.config; this one alone is read.
HELM_ROOT = ("openmetadata", "config")
HELM_SECTIONS: dict[Section, tuple[str, ...]] = {
    Section.AUTHENTICATION: ("authentication",),
    Section.OIDC: ("authentication", "oidcConfiguration"),
    Section.AUTHORIZER: ("authorizer",),
    Section.JWT: ("jwtTokenConfiguration",),
}
FILE_SECTIONS: dict[Section, tuple[str, ...]] = {
    Section.AUTHENTICATION: (Section.AUTHENTICATION.value,),
    Section.OIDC: (Section.AUTHENTICATION.value, Section.OIDC.value),
    Section.AUTHORIZER: (Section.AUTHORIZER.value,),
    Section.JWT: (Section.JWT.value,),
}
# The chart switches a block by a key that no server has.
HELM_GATE = "enabled"
HELM_GATES = {
    section: Setting(section, HELM_GATE, "", HELM_GATE, Type.FLAG, default=section != Section.OIDC)
    for section in Section
}
KEYS_SECRET = "openmetadata-jwt-keys"  # noqa: S105 - the name of a Kubernetes secret
OIDC_SECRET = "oidc-secrets"  # noqa: S105 - the name of a Kubernetes secret
OIDC_SECRET_KEYS = {"id": "openmetadata-oidc-client-id", "secret": "openmetadata-oidc-client-secret"}

# Other variables with these beginnings are settings that nobody reads.
PREFIXES = ("AUTHENTICATION_", "AUTHORIZER_", "OIDC_", "CUSTOM_OIDC_")
_BY_PATH = {setting.path: setting for setting in SETTINGS}
_BY_VARIABLE = {setting.variable: setting for setting in SETTINGS if setting.variable}
_BY_HELM = {(setting.section, setting.helm): setting for setting in SETTINGS if setting.helm}


def setting(section: Section, key: str) -> Setting:
    """The setting of a key that exists."""
    return _BY_PATH[section, key]


def by_key(section: Section, key: str) -> Setting | None:
    return _BY_PATH.get((section, key))


def by_variable(name: str) -> Setting | None:
    return _BY_VARIABLE.get(name)


def by_helm(section: Section, name: str) -> Setting | None:
    return _BY_HELM.get((section, name)) or (HELM_GATES[section] if name == HELM_GATE else None)


def variables() -> Iterator[str]:
    """Every variable there is."""
    yield from _BY_VARIABLE


def in_section(section: Section) -> list[Setting]:
    return [setting for setting in SETTINGS if setting.section == section]


# For a directory, for SAML, for e-mail and for the server itself; their values are not judged.
OTHER_VARIABLES = frozenset((
    "AUTHENTICATION_LDAP_HOST", "AUTHENTICATION_LDAP_PORT", "AUTHENTICATION_LOOKUP_ADMIN_DN",
    "AUTHENTICATION_LOOKUP_ADMIN_PWD", "AUTHENTICATION_USER_LOOKUP_BASEDN",
    "AUTHENTICATION_GROUP_LOOKUP_BASEDN", "AUTHENTICATION_USER_ROLE_ADMIN_NAME",
    "AUTHENTICATION_USER_ALL_ATTR", "AUTHENTICATION_USER_MAIL_ATTR", "AUTHENTICATION_USER_NAME_ATTR",
    "AUTHENTICATION_USER_GROUP_ATTR", "AUTHENTICATION_USER_GROUP_ATTR_VALUE",
    "AUTHENTICATION_USER_GROUP_MEMBER_ATTR", "AUTH_ROLES_MAPPING", "AUTH_REASSIGN_ROLES",
    "AUTHENTICATION_LDAP_POOL_SIZE", "AUTHENTICATION_LDAP_SSL_ENABLED",
    "AUTHENTICATION_LDAP_TRUSTSTORE_TYPE", "AUTHENTICATION_LDAP_TRUSTSTORE_PATH",
    "AUTHENTICATION_LDAP_KEYSTORE_PASSWORD", "AUTHENTICATION_LDAP_SSL_KEY_FORMAT",
    "AUTHENTICATION_LDAP_SSL_VERIFY_CERT_HOST", "AUTHENTICATION_LDAP_EXAMINE_VALIDITY_DATES",
    "AUTHENTICATION_LDAP_ALLOW_WILDCARDS", "AUTHENTICATION_LDAP_ALLOWED_HOSTNAMES",
    "SAML_DEBUG_MODE", "SAML_IDP_ENTITY_ID", "SAML_IDP_SSO_LOGIN_URL", "SAML_IDP_CERTIFICATE",
    "SAML_AUTHORITY_URL", "SAML_IDP_NAME_ID", "SAML_SP_ENTITY_ID", "SAML_SP_ACS", "SAML_SP_CERTIFICATE",
    "SAML_SP_PRIVATE_KEY", "SAML_SP_CALLBACK", "SAML_STRICT_MODE", "SAML_VALIDATE_XML",
    "SAML_SP_TOKEN_VALIDITY", "SAML_SEND_ENCRYPTED_NAME_ID", "SAML_SEND_SIGNED_AUTH_REQUEST",
    "SAML_SIGNED_SP_METADATA", "SAML_WANT_MESSAGE_SIGNED", "SAML_WANT_ASSERTION_SIGNED",
    "SAML_WANT_ASSERTION_ENCRYPTED", "SAML_WANT_NAME_ID_ENCRYPTED", "SAML_KEYSTORE_FILE_PATH",
    "SAML_KEYSTORE_ALIAS", "SAML_KEYSTORE_PASSWORD",
    "AUTHORIZER_ENABLE_SMTP", "OPENMETADATA_SERVER_URL", "OPENMETADATA_SMTP_SENDER_MAIL", "OM_EMAIL_ENTITY",
    "OM_SUPPORT_URL", "SMTP_SERVER_ENDPOINT", "SMTP_SERVER_PORT", "SMTP_SERVER_USERNAME", "SMTP_SERVER_PWD",
    "SMTP_SERVER_STRATEGY",
    "OPENMETADATA_CLUSTER_NAME", "SERVER_HOST", "SERVER_PORT", "SERVER_ADMIN_PORT", "SERVER_HOST_API_URL",
    "FERNET_KEY", "LOG_LEVEL", "MASK_PASSWORDS_API", "OM_MAX_FAILED_LOGIN_ATTEMPTS",
    "OM_LOGIN_ACCESS_BLOCK_TIME", "OM_JWT_EXPIRY_TIME", "SECRET_MANAGER", "JETTY_LOG_LEVEL",
))  # fmt: skip
# Where another variable with one of these beginnings is very like one that is read, it was meant.
OTHER_PREFIXES = (*PREFIXES, "AUTH_", "SAML_", "SMTP_", "OPENMETADATA_", "OM_")
