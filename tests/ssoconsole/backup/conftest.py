"""A console as a process that backs itself up, on a database of its own."""

import json
import os
import subprocess
import sys

import pytest

from tests.support.servers import ROOT

API = "https://metadata.example"
PROVIDER_SECRET = "provider-secret-of-a-database-that-is-thrown-away"
CONFIGURATION = f"""
providers:
  - slug: corp
    kind: custom-oidc
    name: Corp SSO
    issuer: https://idp.corp.example
    client_id: console
    client_secret: {PROVIDER_SECRET}
audiences:
  - {{identifier: {API}, name: Metadata, scopes: [metadata.read]}}
bots:
  - name: ingestion-bot
    grants: [{{audience: {API}, scopes: [metadata.read], roles: []}}]
    client_secret: {"ssoc_" + "backup" * 8}
"""


class Manage:
    """manage.py on one database; each call is a process."""

    def __init__(self, database, **environment):
        self.environment = os.environ | {
            "DATABASE_URL": database,
            "CACHE_URL": "locmemcache://",
            "DJANGO_SETTINGS_MODULE": "ssoconsole.settings",
            **environment,
        }

    def run(self, *arguments, text=None):
        return subprocess.run(
            [sys.executable, "manage.py", *map(str, arguments)],
            cwd=ROOT,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def __call__(self, *arguments, text=None):
        done = self.run(*arguments, text=text)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def life(self, *, issue=0, revoke=(), examine=()):
        """
        Issue so many tokens, revoke some, and then examine some, in one process.

        Returns the issued ones, whether each examined or issued one counts, and the provider's secret as it opens.
        """
        wishes = {"issue": issue, "revoke": revoke, "examine": examine}
        done = subprocess.run(
            [sys.executable, "-m", "tests.ssoconsole.backup.life"],
            cwd=ROOT,
            env=self.environment,
            input=json.dumps(wishes),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        return answer["issued"], answer["counts"], answer["secret"]


@pytest.fixture
def manage(migrated_database):
    manage = Manage(migrated_database)
    manage("apply", "-", text=CONFIGURATION)
    return manage
