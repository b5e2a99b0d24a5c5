"""Bob administers, Mallory may sign in and owns nothing."""

import pytest

from ssoconsole.platform.accounts.models import User
from tests.providers.registrations import registered_at


@pytest.fixture
def mallory(client):
    """Mallory's browser, signed in and nobody's administrator."""
    user = User.objects.create(username="mallory", is_staff=True)
    client.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    return client


@pytest.fixture
def corp(scripted_provider):
    return registered_at(scripted_provider)


@pytest.fixture
def form(scripted_provider):
    """What Bob types into an empty form for the scripted provider."""
    return {
        "kind": "custom-oidc",
        "name": "Corp SSO",
        "slug": "corp",
        "issuer": scripted_provider.issuer,
        "enabled": "on",
        "client_id": "console",
        "client_secret": "s3cret-of-the-form",
        "token_endpoint_auth_method": "client_secret_basic",
        "assertion_audience": "issuer",
        "pushed_authorization": "on",
        "response_type": "code",
        "scopes": "openid\nemail\n",
        "pkce": "on",
        "callback": "dedicated",
        "signing_algs": "RS256",
        "allowed_email_domains": "corp.example\r\n\r\n  b.example ",
        "self_signup": "on",
        "admin_principals": "bob@corp.example",
        "principal_claims": "email\nsub",
        "mapping": "email: email\ngroups: realm_access.roles",
        "group_rules": "urn:a => b => Data admins",
        "session_lifetime": "28800",
        "session_refresh": "none",
        "session_check_every": "900",
        "leeway": "60",
        "extra_params": "hd: corp.example",
        "order": "100",
    }
