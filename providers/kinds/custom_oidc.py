"""Any OpenID Provider: Keycloak, authentik, Entra ID, Okta, Google and all others that have discovery."""

from providers.kinds.base import Kind


class CustomOidc(Kind):
    """Nothing special: the issuer is typed in, everything else comes from its discovery document."""

    key = "custom-oidc"
    name = "Custom OIDC"
    guide = (
        "At the provider, register a web application (OpenID Connect) for the authorization code flow.\n"
        "Enter the redirect URI shown here there, and the post-logout redirect URI if it asks for one.\n"
        "Copy its client ID and, for a confidential client, its client secret to this form.\n"
        "Copy its issuer exactly as its discovery document spells it, with or without the slash at the end."
    )
