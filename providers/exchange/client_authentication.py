"""How the console proves at the token endpoint which client it is (RFC 6749 section 2.3.1)."""

import base64
from urllib.parse import quote_plus

from providers.errors import TokenEndpointError
from providers.models import Provider

Methods = Provider.ClientAuthentication


def client_credentials(provider: Provider) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """
    Return what identifies the client: form fields and headers, one of them empty of credentials.

    Raises TokenEndpointError for a method that is not served, or when the secret is missing.
    """
    method, client_id = provider.token_endpoint_auth_method, provider.client_id
    if method == Methods.NONE:
        return [("client_id", client_id)], {}
    if method not in (Methods.BASIC, Methods.POST):
        raise TokenEndpointError(
            expected="none, client_secret_basic or client_secret_post", received=f"registered for {method}"
        )
    secret = provider.client_secret
    if not secret:
        raise TokenEndpointError(expected=f"a client secret, for {method}", received="none is registered")
    if method == Methods.POST:
        return [("client_id", client_id), ("client_secret", secret)], {}
    return [], {"Authorization": basic_credentials(client_id, secret)}


def basic_credentials(client_id: str, secret: str) -> str:
    """
    Return the value of the header. Both parts are form-urlencoded first, so that `:`, `%`, `+` and other
    alphabets arrive as they are; HTTP libraries leave that out.
    """
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii")
