"""Configurations in which nothing is wrong, written by hand after the documented forms."""

from providers.protocol.openmetadata.lint.check import lint
from providers.protocol.openmetadata.lint.facts import NOTHING_KNOWN

PUBLIC_ENV = """\
# OpenMetadata Server Authentication Configuration
AUTHORIZER_CLASS_NAME=org.openmetadata.service.security.DefaultAuthorizer
AUTHORIZER_REQUEST_FILTER=org.openmetadata.service.security.JwtFilter
AUTHORIZER_ADMIN_PRINCIPALS=[alice]
AUTHORIZER_PRINCIPAL_DOMAIN=corp.example
AUTHENTICATION_PROVIDER=custom-oidc
CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME=KeyCloak
AUTHENTICATION_PUBLIC_KEYS=[https://idp.example/certs,https://metadata.example/api/v1/system/config/jwks]
AUTHENTICATION_AUTHORITY=https://idp.example
AUTHENTICATION_CLIENT_ID=console
AUTHENTICATION_CALLBACK_URL=https://metadata.example/callback
"""

ENV = (
    PUBLIC_ENV
    + """\
AUTHENTICATION_CLIENT_TYPE=confidential
OIDC_CLIENT_ID=console
OIDC_CLIENT_SECRET=s3cret-of-the-client
OIDC_TYPE=custom-oidc
OIDC_DISCOVERY_URI=https://idp.example/.well-known/openid-configuration
OIDC_CALLBACK=https://metadata.example/callback
OIDC_SERVER_URL=https://metadata.example
OIDC_DISABLE_PKCE=false
OIDC_OM_REFRESH_TOKEN_VALIDITY=3600
OIDC_PROMPT_TYPE=select_account
OIDC_SCOPE="openid email profile"
AUTHORIZER_ENABLE_SECURE_SOCKET=false
RSA_PUBLIC_KEY_FILE_PATH=/etc/openmetadata/jwtkeys/public_key.der
RSA_PRIVATE_KEY_FILE_PATH=/etc/openmetadata/jwtkeys/private_key.der
JWT_ISSUER=corp.example
JWT_KEY_ID=7f1d2c1e-0000-4000-8000-000000000001
"""
)

HELM = """\
openmetadata:
  config:
    authorizer:
      className: "org.openmetadata.service.security.DefaultAuthorizer"
      containerRequestFilter: "org.openmetadata.service.security.JwtFilter"
      initialAdmins: ["alice"]
      principalDomain: "corp.example"
    authentication:
      clientType: "confidential"
      provider: "custom-oidc"
      publicKeys: ["https://metadata.example/api/v1/system/config/jwks", "https://idp.example/certs"]
      authority: "https://idp.example"
      clientId: "console"
      callbackUrl: "https://metadata.example/callback"
      oidcConfiguration:
        enabled: true
        clientSecret: {secretRef: oidc-secrets, secretKey: openmetadata-oidc-client-secret}
        oidcType: "custom-oidc"
        discoveryUri: "https://idp.example/.well-known/openid-configuration"
        callbackUrl: "https://metadata.example/callback"
        disablePkce: false
        tokenValidity: "3600"
extraEnvs:
  - name: CUSTOM_OIDC_AUTHENTICATION_PROVIDER_NAME
    value: "KeyCloak"
"""

FILE = """\
authenticationConfiguration:
  clientType: ${AUTHENTICATION_CLIENT_TYPE:-"confidential"}
  provider: "custom-oidc"
  providerName: "KeyCloak"
  publicKeyUrls: ["https://idp.example/certs", "https://metadata.example/api/v1/system/config/jwks"]
  authority: "https://idp.example"
  clientId: "console"
  callbackUrl: "https://metadata.example/callback"
  enableSelfSignup : ${AUTHENTICATION_ENABLE_SELF_SIGNUP:-true}
  oidcConfiguration:
    id: ${OIDC_CLIENT_ID:-"console"}
    secret: ${OIDC_CLIENT_SECRET:-""}
    discoveryUri: "https://idp.example/.well-known/openid-configuration"
    disablePkce: false
    tenant: ""
authorizerConfiguration:
  className: "org.openmetadata.service.security.DefaultAuthorizer"
  containerRequestFilter: "org.openmetadata.service.security.JwtFilter"
  adminPrincipals: ["alice"]
  principalDomain: "corp.example"
  enforcePrincipalDomain: false
  enableSecureSocketConnection : false
"""


def found(text, facts=NOTHING_KNOWN):
    """What the linter says to a text, as (line, code, fix)."""
    return [(finding.line, finding.code.value, finding.fix) for finding in lint(text.encode(), facts)]


def with_line(text, old, new):
    """The text with one line changed, and the number of that line."""
    lines = text.splitlines()
    (index,) = [number for number, line in enumerate(lines) if line.strip() == old.strip()]
    indent = lines[index][: len(lines[index]) - len(lines[index].lstrip())]
    lines[index] = indent + new
    return "\n".join(lines) + "\n", index + 1


def without_line(text, old):
    return "".join(line for line in text.splitlines(keepends=True) if line.strip() != old.strip())


def _compose(entry):
    lines = [line for line in ENV.splitlines() if "=" in line and not line.startswith("#")]
    pairs = [line.partition("=")[::2] for line in lines]
    return "services:\n  openmetadata-server:\n    environment:\n" + "".join(
        entry(name, "${OM_SECRET}" if name == "OIDC_CLIENT_SECRET" else value.strip('"'))
        for name, value in pairs
    )


COMPOSE = _compose(lambda name, value: f'      {name}: "{value}"\n')
COMPOSE_LIST = _compose(lambda name, value: f'      - "{name}={value}"\n')
