"""Happy paths at npm's oidc-provider, for both profiles."""

from providers.kinds import kind_of
from providers.models import Provider
from providers.registration.services import save_provider
from tests.providers.conformance.run import BOB
from tests.providers.registrations import entered
from tests.providers.signin.journey import Browser

BASE_URL = "http://localhost:8000"
CODE_CLIENTS = {"custom": "console-basic", "onelogin": "onelogin"}
ID_TOKEN_CLIENTS = {"custom": "console-implicit", "onelogin": "onelogin-implicit"}


def register_at(real_provider, client_id, *, base_url=BASE_URL, **fields):
    """Register the console there by this client, and the provider here by the service."""
    client = real_provider.register_client(client_id, base_url)
    kind = "onelogin" if client_id.startswith("onelogin") else "custom-oidc"
    issuer = real_provider.onelogin_issuer if kind == "onelogin" else real_provider.issuer
    named = {"slug": "corp", "name": "Corp SSO", "kind": kind, "issuer": issuer, "client_id": client_id}
    named["token_endpoint_auth_method"] = client["token_endpoint_auth_method"]
    provider = Provider(**kind_of(kind).defaults | named | fields)
    entered(provider, client.get("client_secret"))
    save_provider(provider=provider, by=BOB)
    return provider


def sign_in(real_provider, person, browser=None, *, url=None):
    """Sign alice in at the provider, from the provider's button or from `url`; return the browser, signed in."""
    browser = browser or Browser()
    callback = real_provider.sign_in_by_http(person, url or browser.leave(), "alice")
    response = browser.arrive(callback)
    assert response.status_code == 302, response.content.decode()
    assert browser.is_signed_in()
    return browser
