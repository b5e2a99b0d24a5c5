"""npm's oidc-provider as a live OpenID Provider on loopback, and a second issuer shaped like OneLogin."""

import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.support import forms
from tests.support.child import Child
from tests.support.optional import mark_users_of, missing
from tests.support.real_clients import CLIENTS, issuer_of, uris_at

OP = Path(__file__).parent / "op"
INSTALL = "npm ci --no-audit --no-fund --prefix tests/support/op"


class RealProvider:
    """
    Two issuers in one node process, both on 127.0.0.1: a console on `localhost` is another site to a browser.

    `issuer` has everything on; `onelogin_issuer` is `…/oidc/2` with OneLogin's endpoints, RS256 only and
    no RFC 9207. Any name may sign in: `sub` is stable and unlike the name, the e-mail is
    `<name>@corp.example` and verified, the group is `staff`.
    """

    def __init__(self, child):
        self._child = child
        ready = json.loads(child.first_line())
        self.issuer = ready["issuer"]
        self.onelogin_issuer = ready["onelogin_issuer"]
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self):
        self._http.close()
        self._child.stop()

    def log(self):
        """What the provider wrote: its reasons for refusing are here."""
        return self._child.tail()

    def discovery(self, issuer=None):
        url = f"{issuer or self.issuer}/.well-known/openid-configuration"
        return self._http.get(url, timeout=10).json()

    def register_client(self, client_id, base_url=None, slug="corp", **metadata):
        """
        Register or re-register a client and return its metadata, `client_secret` included.

        A name from `real_clients.CLIENTS` starts from that entry. With `base_url` the console's addresses
        for `slug` are filled in; everything in `metadata` wins, and None takes an entry away.
        """
        merged = {"client_id": client_id} | CLIENTS.get(client_id, {})
        if base_url:
            merged |= uris_at(base_url, slug)
            if merged.get("token_endpoint_auth_method") == "private_key_jwt" and "jwks" not in metadata:
                merged["jwks_uri"] = f"{base_url}/providers/{slug}/jwks.json"
        merged = {name: value for name, value in (merged | metadata).items() if value is not None}
        return self._administer("clients", issuer=issuer_of(client_id), metadata=merged)

    def rotate_keys(self, *, keep=False, issuer="standard"):
        """New signing keys from now on; with `keep` the old ones stay in the JWKS."""
        return self._administer("rotate", issuer=issuer, keep=keep)

    @contextmanager
    def settings(self, *, issuer="standard", **changes):
        """For a while: `conformIdTokenClaims` (False: profile claims in ID tokens), `idTokenLifetime`."""
        self._administer("settings", issuer=issuer, changes=changes)
        try:
            yield
        finally:
            self._administer("settings", issuer=issuer, changes={})

    @contextmanager
    def claims(self, name, **claims):
        """For a while: other claims for this person; None removes one. Yields all of his claims."""
        try:
            yield self._administer("accounts", name=name, claims=claims)
        finally:
            self._administer("accounts", name=name, claims={})

    def claims_of(self, name):
        return self._administer("accounts", name=name)

    def sign_in_by_http(self, session, url, name, *, consent=True):
        """Sign in and consent from an authorization URL; return the `Callback`, not yet delivered."""
        answers = {"login": name, "password": "any", "answer": "yes" if consent else "no"}
        return forms.walk(session, url, answers)

    def sign_out_by_http(self, session, url):
        """Confirm an end_session URL; return the `Callback` to post_logout_redirect_uri."""
        return forms.walk(session, url, {"logout": "yes"})

    def _administer(self, what, **body):
        response = self._http.post(f"{self.issuer}/__test/{what}", json=body, timeout=20)
        if response.status_code != 200:
            raise ValueError(f"the provider refuses {what}: {response.text}")
        return response.json()


def what_is_lacking():
    """Return what the provider cannot run without and how to install it, or None."""
    if not shutil.which("node"):
        return "Node.js", "apt-get install nodejs npm"
    if not (OP / "node_modules" / "oidc-provider").is_dir():
        return "oidc-provider", INSTALL
    return None


@pytest.fixture(scope="session")
def real_provider(tmp_path_factory):
    if lacking := what_is_lacking():
        missing(*lacking)
    node = shutil.which("node")
    log = tmp_path_factory.mktemp("real_provider") / "provider.log"
    child = Child([node, str(OP / "server.mjs")], log=log, ready_line=True)
    try:
        provider = RealProvider(child)
    except BaseException:
        child.stop()
        raise
    yield provider
    provider.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    mark_users_of(items, fixtures={"real_provider"}, marker="real_provider")
