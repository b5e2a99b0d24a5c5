"""OAuth clients that somebody else wrote fetch, introspect and revoke a token at a console of its own process."""

import pytest
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import BackendApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session
from tokens_cast import basic

from tests.tokens.clients.conftest import learnt_by

API = "https://metadata.example"
# Everything that form-urlencoding changes, so that a client that leaves it out would be found.
SECRET = "s3cret:with%2B all+of/it=&?-and-long-enough-4f9d8A7b6C5e3D2f"
# Some libraries do leave it out, so that they can only work with a secret as the console makes them.
PLAIN_SECRET = "Zk3mQ9xT7vB2nR5wL8cJ4hF6dS1gP0aYeUiOtKqM"
CONFIGURATION = {
    "audiences": [{"identifier": API, "name": "Metadata", "scopes": ["metadata.read"]}],
    "bots": [
        {
            "name": name,
            "grants": [{"audience": API, "scopes": ["metadata.read"], "roles": []}],
            "client_secret": secret,
        }
        for name, secret in (("any-bot", SECRET), ("plain-bot", PLAIN_SECRET))
    ],
}


@pytest.fixture
def console(console_with):
    """The address of a running console with two bots."""
    return console_with(CONFIGURATION)


def lived_and_died(before, after, *, bot):
    assert before["active"] is True
    assert (before["client_id"], before["aud"], before["scope"]) == (bot, API, "metadata.read")
    assert after == {"active": False}


def test_npms_clients(console):
    """One console for all of them: a process takes longer to start than a client to do its work."""
    for script in ("oauth4webapi.mjs", "openid-client.mjs"):
        for method in ("basic", "post"):
            question = {"base": console, "resource": API, "client_id": "any-bot", "client_secret": SECRET}
            learnt = learnt_by(script, method=method, **question)
            assert learnt["token"]["token_type"].lower() == "bearer"
            assert learnt["token"]["expires_in"] == 3600
            lived_and_died(learnt["before"], learnt["after"], bot="any-bot")
            if "claims" in learnt:
                assert learnt["claims"]["client_id"] == "any-bot"


def test_pythons_clients(console, monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    for method, bot, secret in (
        ("client_secret_post", "any-bot", SECRET),
        ("client_secret_basic", "plain-bot", PLAIN_SECRET),
    ):
        methods = {"token_endpoint_auth_method": method, "revocation_endpoint_auth_method": method}
        with AuthlibSession(bot, secret, **methods) as session:
            session.trust_env = False
            token = session.fetch_token(
                f"{console}/oauth/token", grant_type="client_credentials", resource=API
            )
            text = token["access_token"]
            before = session.introspect_token(f"{console}/oauth/introspect", token=text).json()
            assert session.revoke_token(f"{console}/oauth/revoke", token=text).status_code == 200
            after = session.introspect_token(f"{console}/oauth/introspect", token=text).json()
            lived_and_died(before, after, bot=bot)
    with OAuth2Session(client=BackendApplicationClient(client_id="plain-bot")) as session:
        session.trust_env = False
        auth = HTTPBasicAuth("plain-bot", PLAIN_SECRET)
        token = session.fetch_token(f"{console}/oauth/token", auth=auth, audience=API)
        session.token = {}

        def ask(path):
            form = {"token": token["access_token"]}
            headers = {"Authorization": basic("plain-bot", PLAIN_SECRET)}
            return session.post(f"{console}{path}", data=form, headers=headers, withhold_token=True)

        before = ask("/oauth/introspect").json()
        assert ask("/oauth/revoke").status_code == 200
        lived_and_died(before, ask("/oauth/introspect").json(), bot="plain-bot")
