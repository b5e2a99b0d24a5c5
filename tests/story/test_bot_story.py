"""A bot's story on the command line: a secret from admin, a token by curl, and its end on every server at once."""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.support.optional import missing
from tokens.oauth.direct import DOCUMENTS_KEPT

FOR_OPENMETADATA = "/api/v1/system/config/jwks"
ROOT = Path(__file__).resolve().parents[2]
APIS = {"ES256": "https://metadata.example", "RS256": "https://lineage.example"}
CONFIGURATION = """
audiences:
  - {identifier: https://metadata.example, name: Metadata, scopes: [metadata.read], signing_alg: ES256}
  - {identifier: https://lineage.example, name: Lineage, scopes: [metadata.read], signing_alg: RS256}
bots:
  - name: ingestion-bot
    grants:
      - {audience: https://metadata.example, scopes: [metadata.read], roles: []}
      - {audience: https://lineage.example, scopes: [metadata.read], roles: []}
"""


@pytest.fixture
def manage(forge, migrated_database):
    env = os.environ | {"DATABASE_URL": migrated_database, "DJANGO_SETTINGS_MODULE": "ssoconsole.settings"}

    def run(*arguments, text=None):
        done = forge.run(["manage.py", *arguments], env=env, text=text)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def curl():
    if not shutil.which("curl"):
        missing("curl", "apt-get install curl")

    def run(*arguments):
        answer = subprocess.run(
            ["curl", "--silent", "--fail-with-body", "--max-time", "20", *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(answer.stdout) if answer.stdout else {}

    return run


class Administrator:
    """Somebody at the admin's forms."""

    def __init__(self, url, credentials):
        self.url, self.http = url, requests.Session()
        lines = dict(line.split(": ", 1) for line in credentials.splitlines())
        self.post("/admin/login/", username=lines["username"], password=lines["password"], next="/admin/")

    def get(self, path):
        answer = self.http.get(self.url + path, timeout=10)
        answer.raise_for_status()
        return answer.text

    def post(self, path, **fields):
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path)).group(1)
        answer = self.http.post(self.url + path, {"csrfmiddlewaretoken": token, **fields}, timeout=10)
        answer.raise_for_status()
        return answer.text

    def new_secret(self):
        page = self.get("/admin/tokens/bot/")
        path = re.search(r'href="(/admin/tokens/bot/\d+/)change/', page).group(1)
        answer = self.post(f"{path}new-secret", label="story")
        return re.search(r'id="client-secret"[^>]* value="([^"]+)"', answer).group(1)

    def revoke(self, jti):
        page = self.get(f"/admin/tokens/tokenrecord/?q={jti}")
        [number] = re.findall(r'name="_selected_action" value="(\d+)"', page)
        self.post("/admin/tokens/tokenrecord/", action="revoke", confirmed="yes", _selected_action=number)

    def close(self):
        self.http.close()


def test_a_bot_fetches_uses_and_loses_tokens_of_either_algorithm(
    manage, migrated_database, console_process, curl
):
    manage("apply", "-", text=CONFIGURATION)
    first = console_process(env={"DATABASE_URL": migrated_database})
    # The second replica has the same public origin.
    second = console_process(env={"DATABASE_URL": migrated_database, "BASE_URL": first.url})
    administrator = Administrator(first.url, manage("bootstrap_admin"))
    client = f"ingestion-bot:{administrator.new_secret()}"
    metadata = curl(f"{first.url}/.well-known/oauth-authorization-server")

    for algorithm, api in APIS.items():
        answer = curl(
            *("-u", client, "-d", "grant_type=client_credentials", "-d", f"resource={api}"),
            f"{first.url}/oauth/token",
        )
        token = answer["access_token"]
        keys = KeySet.import_key_set(curl(metadata["jwks_uri"]))
        verified = jwt.decode(token, keys, algorithms=[algorithm])
        assert verified.header["typ"] == "at+jwt"
        assert verified.claims["iss"] == metadata["issuer"] == first.url
        assert verified.claims["aud"] == api
        assert verified.claims["sub"] == verified.claims["client_id"] == "ingestion-bot"
        assert verified.claims["exp"] - verified.claims["iat"] == answer["expires_in"]

        others = KeySet.import_key_set(curl(f"{first.url}{FOR_OPENMETADATA}"))
        assert jwt.decode(token, others, algorithms=[algorithm]).claims == verified.claims

        def introspect(server, token=token):
            return curl("-u", client, "-d", f"token={token}", f"{server.url}/oauth/introspect")

        assert introspect(first)["active"] is True
        assert introspect(second)["jti"] == verified.claims["jti"]

        administrator.revoke(verified.claims["jti"])
        assert introspect(second) == {"active": False}
        assert introspect(first) == {"active": False}
    administrator.close()
    time.sleep(
        DOCUMENTS_KEPT
    )  # of each document by itself: the first RS256 signature has published another key
    assert curl(metadata["jwks_uri"]) == curl(f"{first.url}{FOR_OPENMETADATA}")


def test_the_console_s_own_database_is_untouched(manage):
    """What the story needs is in a database of its own: a second migration finds nothing to do."""
    assert "No migrations to apply" in manage("migrate", "--verbosity", "1")
