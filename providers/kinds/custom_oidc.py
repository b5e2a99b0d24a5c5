"""Any OpenID Provider: Keycloak, authentik, Entra ID, Okta, Google and all others that have discovery."""

from providers.kinds.base import Kind, Step
from providers.models import Provider
from providers.protocol.preflight.offers import product_hint


class CustomOidc(Kind):
    """Nothing special: the issuer is typed in, everything else comes from its discovery document."""

    key = "custom-oidc"
    name = "Custom OIDC"
    guide = (
        Step(
            "Register a *web application* (OpenID Connect) for the *authorization code* flow, and let it use "
            "PKCE with S256 where the provider asks. Where to send the browser back:",
            paste=("Redirect URI",),
        ),
        Step(
            "Where the provider asks for more: where it may send the browser after signing out, where it can "
            "report that a session has ended, and where people start.",
            paste=("Post-logout redirect URI", "Back-channel logout URI", "Login URL"),
        ),
        Step("Copy its *client ID* to this form and, for a confidential client, its *client secret*."),
        Step(
            "Only for private_key_jwt: instead of a secret, let the provider fetch the console's public key.",
            paste=("JWKS URL",),
        ),
        Step(
            "Copy its *issuer* exactly as its discovery document spells it, with or without the slash at the "
            "end: it is the address that stands before /.well-known/openid-configuration."
        ),
        Step(
            "Choose the claims that carry groups, and let the provider put them into the ID token or userinfo."
        ),
    )
    notes = {  # noqa: RUF012 - declared ClassVar[Mapping] in the base
        "Keycloak": "The issuer is https://keycloak.example/realms/<realm>, without a slash at the end and, "
        "since version 17, without /auth. The realm's name is case-sensitive. Roles are at "
        "realm_access.roles; groups need a mapper, with “Full group path” off for plain names.",
        "Entra ID": "The issuer is https://login.microsoftonline.com/<tenant id>/v2.0: the tenant's GUID, never "
        "common or organizations, whose documents name no one issuer. Without /v2.0 it is another issuer. "
        "Groups arrive as GUIDs, and beyond about 200 not at all; app roles arrive in roles.",
        "Okta": "The issuer is https://<org>.okta.com for the org's own authorization server, or "
        "https://<org>.okta.com/oauth2/default for a custom one; never the -admin address. No slash at the "
        "end. Groups need a groups claim with a filter, and on the org server the scope groups.",
        "Google": "The issuer is https://accounts.google.com. The downloaded JSON of a “Web application” client "
        "fills this form. There are no groups. List your domain under “Allowed email domains”: otherwise "
        "everybody with a Google account may enter. Google has no sign-out page.",
        "authentik": "The issuer is https://authentik.example/application/o/<application slug>/ with the slash "
        "at the end, as long as the provider's issuer mode is “per provider”. Choose a signing key there; "
        "without one it signs with the client secret.",
        "Auth0": "The issuer is https://<tenant>.<region>.auth0.com/ with the slash at the end, or your custom "
        "domain. Groups and roles are claims that an Action adds, named by an address.",
    }

    def hint(self, code: str, provider: Provider) -> str:
        """Name the product's own words for it, where the issuer tells which product it is."""
        return product_hint(code, provider.issuer)
