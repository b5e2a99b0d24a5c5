"""What single products call it, and what is mostly wrong with their issuers; a product is known by its issuer."""

import re
from typing import NamedTuple


class Product(NamedTuple):
    issuers: re.Pattern[str]
    about_the_issuer: str
    about_the_client: str


PRODUCTS = (
    Product(
        issuers=re.compile(r"/realms/|/auth(/|$)|keycloak"),
        about_the_issuer="Keycloak: the issuer is https://<host>/realms/<realm>, without /auth since version 17 and "
        "without a slash at the end; the realm's name is case-sensitive.",
        about_the_client="Keycloak: Clients > Settings > Valid redirect URIs, in this realm; Capability config > "
        "Client authentication decides whether there is a secret, under Credentials.",
    ),
    Product(
        issuers=re.compile(r"login\.microsoftonline\.|sts\.windows\.net"),
        about_the_issuer="Entra ID: the issuer is https://login.microsoftonline.com/<tenant id>/v2.0, with /v2.0 and "
        "never common or organizations.",
        about_the_client="Entra ID: App registrations > Authentication > Web for the redirect URI; under "
        "Certificates & secrets copy the secret's Value, not its Secret ID.",
    ),
    Product(
        issuers=re.compile(r"\.okta(preview|-emea)?\.com|/oauth2/"),
        about_the_issuer="Okta: the issuer is https://<org>.okta.com or https://<org>.okta.com/oauth2/default, never "
        "the -admin address, without a slash at the end.",
        about_the_client="Okta: Applications > General > Sign-in redirect URIs and Client Credentials; a policy of "
        "this authorization server has to cover the app.",
    ),
    Product(
        issuers=re.compile(r"accounts\.google\.com"),
        about_the_issuer="Google: the issuer is https://accounts.google.com, without a path.",
        about_the_client="Google: Credentials > OAuth client of the type Web application > Authorised redirect URIs.",
    ),
    Product(
        issuers=re.compile(r"/application/o/"),
        about_the_issuer="authentik: the issuer is https://<host>/application/o/<slug>/ with the slash at the end.",
        about_the_client="authentik: the provider's Redirect URIs; strict ones are compared letter by letter.",
    ),
    Product(
        issuers=re.compile(r"\.auth0\.com"),
        about_the_issuer="Auth0: the issuer is https://<tenant>.<region>.auth0.com/ with the slash at the end.",
        about_the_client="Auth0: Applications > Settings > Allowed Callback URLs; Credentials > Authentication Method.",
    ),
)
_ABOUT_THE_ISSUER = ("issuer_", "discovery_not_found", "discovery_is_html", "discovery_redirects")
_ABOUT_THE_CLIENT = ("redirect_uri_", "client_")


def product_hint(code: str, issuer: str) -> str:
    """Return what the product behind `issuer` adds to a finding's remedy; "" for an unknown one."""
    product = next((each for each in PRODUCTS if each.issuers.search(issuer)), None)
    if product is None:
        return ""
    if code.startswith(_ABOUT_THE_ISSUER):
        return product.about_the_issuer
    return product.about_the_client if code.startswith(_ABOUT_THE_CLIENT) else ""
