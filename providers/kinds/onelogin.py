"""OneLogin, by its subdomain."""

import re
from collections.abc import Mapping

from providers.kinds.base import Kind
from providers.models import Provider
from providers.registration.errors import RegistrationInvalid

_SUBDOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class OneLogin(Kind):
    """
    OneLogin's OpenID Connect v2, as its form for an "OpenId Connect (OIDC)" app wants it.

    The callback is dedicated: OneLogin does not announce RFC 9207's `iss`, so that at a shared callback a
    second provider could pass its answer off as OneLogin's (RFC 9700 section 4.4). OneLogin takes any
    redirect URI; where `/callback` is registered there already, choose the shared one.
    """

    key = "onelogin"
    name = "OneLogin"
    guide = (
        "In OneLogin, open Applications, Add App, search for “OpenId Connect (OIDC)” and add it.\n"
        "On Configuration, paste the Login URL and the Redirect URI shown here.\n"
        "On SSO, set Token Endpoint to “None (PKCE)” and copy the client ID to this form.\n"
        "Assign people to the app on Users or by a role; who is not assigned cannot sign in."
    )
    defaults = {  # noqa: RUF012 - declared ClassVar[Mapping] in the base
        "name": "OneLogin",
        "token_endpoint_auth_method": Provider.ClientAuthentication.NONE.value,
        "pkce": True,
        "signing_algs": ["RS256"],
        "scopes": ["openid", "email", "profile", "groups"],
        "callback": Provider.Callback.DEDICATED.value,
    }
    extra_fields = {  # noqa: RUF012 - as above
        "subdomain": "The first part of your OneLogin address: acme for https://acme.onelogin.com."
    }

    def issuer_from(self, fields: Mapping[str, str | None]) -> str:
        """Return the issuer, or the one of the subdomain."""
        issuer, subdomain = fields.get("issuer") or "", fields.get("subdomain") or ""
        if not subdomain:
            return issuer
        if not _SUBDOMAIN.fullmatch(subdomain):
            raise RegistrationInvalid(
                {"subdomain": ["Only the first part, in lower case: acme for https://acme.onelogin.com."]}
            )
        named = f"https://{subdomain}.onelogin.com/oidc/2"
        if issuer and issuer != named:
            raise RegistrationInvalid(
                {"subdomain": [f"It means the issuer {named}; the issuer says otherwise."]}
            )
        return named

    def reauthentication_parameters(self) -> dict[str, str]:
        """OneLogin asks again for this authentication context; `prompt` alone it may ignore."""
        return {"prompt": "login", "acr_values": "onelogin:nist:level:1:re-auth"}
