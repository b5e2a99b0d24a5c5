"""OneLogin, by its subdomain."""

import re
from collections.abc import Mapping

from django.conf import settings

from providers.kinds.base import Kind, Step
from providers.models import Provider
from providers.registration.errors import RegistrationInvalid

# The subdomain alone, or any address of the account that somebody may copy: of the portal, the issuer or its
# discovery document.
_ADDRESS = re.compile(
    r"(?:https://)?(?P<subdomain>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)"
    r"(?P<host>\.onelogin\.com(?:/(?:(?:portal|admin)/?|oidc/2(?:/|/\.well-known/openid-configuration)?)?)?)?"
)
_OWN_DOMAIN = "With a domain of your own, type the issuer instead, in the form that has everything."
_PORTAL = re.compile(r"https://([a-z0-9-]+)\.onelogin\.com(?:/(?:portal|admin|oidc)?)?/?")


class OneLogin(Kind):
    """
    OneLogin's OpenID Connect v2, as its form for an "OpenId Connect (OIDC)" app wants it.

    The callback is dedicated: OneLogin does not announce RFC 9207's `iss`, so that at a shared callback a
    second provider could pass its answer off as OneLogin's (RFC 9700 section 4.4). OneLogin takes any
    redirect URI; where `/callback` is registered there already, choose the shared one.

    Groups are in `groups`, a list or one text with semicolons, as its parameter is set; a parameter of one's
    own is in `params`, for the scope of that name.
    """

    key = "onelogin"
    name = "OneLogin"
    guide = (
        Step("*Applications > Add App*: search for *OpenId Connect (OIDC)*, add it, name it, *Save*."),
        Step(
            "*Configuration*: paste these values and *Save*. OneLogin may take ten minutes to know them.",
            paste=("Login Url", "Redirect URI's", "Post Logout Redirect URIs"),
        ),
        Step(
            "*SSO*: set *Application Type* to *Web* and *Token Endpoint > Authentication Method* to *None "
            "(PKCE)*. Copy the *Client ID* to this form. With *Basic* or *POST* instead, choose "
            "client_secret_basic or client_secret_post here and copy the *Client Secret* too."
        ),
        Step(
            "*SSO*, still: the *Issuer URL* is https://<subdomain>.onelogin.com/oidc/2. Type the subdomain, or "
            "paste that address, into *Subdomain* here."
        ),
        Step(
            "*Parameters > Groups*, only if groups or roles matter: set the value to *User Roles*, or to what "
            "holds your groups, with *Semicolon Delimited input (Multi-value output)*. For a parameter of your "
            "own, such as roles, add the scope params here: it arrives as params.roles."
        ),
        Step("*Access*: choose the *Roles* that may use the app. Who has none of them cannot sign in."),
    )
    defaults = {  # noqa: RUF012 - declared ClassVar[Mapping] in the base
        "name": "OneLogin",
        "token_endpoint_auth_method": Provider.ClientAuthentication.NONE.value,
        "pkce": True,
        "signing_algs": ["RS256"],
        "scopes": ["openid", "email", "profile", "groups"],
        "callback": Provider.Callback.DEDICATED.value,
        "mapping": {"email": "email", "name": "name", "groups": "groups, roles, params.roles"},
    }
    extra_fields = {  # noqa: RUF012 - as above
        "subdomain": "The first part of your OneLogin address: acme for https://acme.onelogin.com. "
        "The whole address will do."
    }
    group_separator = ";"
    hints = {  # noqa: RUF012 - as above
        **dict.fromkeys(
            (
                "client_authentication_method_wrong",
                "client_authentication_not_supported",
                "client_credentials_rejected",
                "client_secret_required",
            ),
            "OneLogin: each app has its own method, under SSO > Token Endpoint > Authentication Method. Basic "
            "there is client_secret_basic here, POST is client_secret_post, None (PKCE) is none.",
        ),
        **dict.fromkeys(
            ("redirect_uri_not_registered", "redirect_uri_replaced"),
            "OneLogin: under Configuration > Redirect URI's; a change may take ten minutes.",
        ),
        **dict.fromkeys(
            (
                "discovery_not_found",
                "host_unresolved",
                "issuer_mismatch",
                "issuer_path",
                "issuer_trailing_slash",
            ),
            "OneLogin: the issuer is https://<subdomain>.onelogin.com/oidc/2, without a slash at the end.",
        ),
        **dict.fromkeys(
            ("scope_not_listed", "scope_refused"),
            "OneLogin: offline_access is an error in this flow; a parameter of your own needs the scope params.",
        ),
        **dict.fromkeys(
            ("keys_for_other_algorithms", "signing_algorithm_not_supported"), "OneLogin signs with RS256."
        ),
        "client_unknown": "OneLogin: copy the Client ID from the app's page SSO, not the number in its address.",
    }

    def issuer_from(self, fields: Mapping[str, str | None]) -> str:
        """Return the issuer, or the one of the subdomain."""
        issuer, subdomain = fields.get("issuer") or "", fields.get("subdomain") or ""
        if not subdomain:
            return _complete(issuer)
        named = _issuer_of(subdomain)
        if issuer and issuer != named:
            raise RegistrationInvalid(
                {"subdomain": [f"It means the issuer {named}; the issuer says otherwise."]}
            )
        return named

    def reauthentication_parameters(self) -> dict[str, str]:
        """OneLogin asks again for this authentication context; `prompt` alone it may ignore."""
        return {**super().reauthentication_parameters(), "acr_values": "onelogin:nist:level:1:re-auth"}

    def setup_values(self, provider: Provider) -> list[tuple[str, str]]:
        """
        Return the values for the page Configuration of the app.

        The Login Url is where OneLogin's portal sends a person who clicks on the app: straight to this
        provider, who knows him already.
        """
        base = settings.BASE_URL
        return [
            ("Login Url", f"{base}/signin/{provider.slug}"),
            ("Redirect URI's", provider.redirect_uri),
            ("Post Logout Redirect URIs", f"{base}/signed-out"),
        ]


def _issuer_of(address: str) -> str:
    address = address.lower()  # a host has no case
    found = _ADDRESS.fullmatch(address)
    if not found or (address.startswith("https://") and not found["host"]):
        raise RegistrationInvalid(
            {"subdomain": [f"Only the first part: acme for https://acme.onelogin.com. {_OWN_DOMAIN}"]}
        )
    return f"https://{found['subdomain']}.onelogin.com/oidc/2"


def _complete(issuer: str) -> str:
    """Refuse an address of the account that is not its issuer, and say which is."""
    if account := _PORTAL.fullmatch(issuer):
        raise RegistrationInvalid(
            {"issuer": [f"OneLogin's issuer is https://{account[1]}.onelogin.com/oidc/2 for this account."]}
        )
    return issuer
