"""A console as a process that backs itself up, on a database of its own."""

import json
import os

import pytest

from tests.support.forge import Forge

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
    """manage.py on one database; each call is a process, and all of them are forks of one."""

    def __init__(self, database, **environment):
        self.environment = os.environ | {
            "DATABASE_URL": database,
            "CACHE_URL": "locmemcache://",
            "DJANGO_SETTINGS_MODULE": "ssoconsole.settings",
            **environment,
        }
        self._forge = Forge(self.environment)

    def close(self):
        self._forge.close()

    def run(self, *arguments, text=None):
        return self._forge.run(["manage.py", *arguments], text=text)

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
        done = self._forge.run(["-m", "tests.ssoconsole.console.backup.life"], text=json.dumps(wishes))
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        return answer["issued"], answer["counts"], answer["secret"]


@pytest.fixture
def manage_of():
    """`Manage`, ended with the test."""
    made = []

    def make(database, **environment):
        made.append(Manage(database, **environment))
        return made[-1]

    yield make
    for manage in made:
        manage.close()


@pytest.fixture
def manage(manage_of, migrated_database):
    manage = manage_of(migrated_database)
    manage("apply", "-", text=CONFIGURATION)
    return manage
