"""
Prepares a console for the sign-in benchmark, and counts the statements of one sign-in; takes the settings that
the console has.

`python -m benchmarks.registration_process register ISSUER SECRET`, then `… count`.
"""

import os
import sys
from collections import Counter
from urllib.parse import urlsplit

import django
import requests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ssoconsole.settings")
django.setup()

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from providers.metadata import ensure_discovery
from providers.models import Provider
from providers.registration.secret import claim_secret, set_client_secret
from tests.support.callback import Callback
from tests.support.scripted_provider import ScriptedProvider


def register(issuer, secret):
    call_command("migrate", verbosity=0)
    provider = Provider(slug="corp", name="Corp SSO", issuer=issuer, client_id="console")
    set_client_secret(provider, secret)
    claim_secret(provider, None, is_first=False)
    provider.save()
    ensure_discovery(provider)


def count():
    """Print how many reads and writes, and how many transactions, one sign-in of a known person has."""
    host = urlsplit(os.environ["BASE_URL"]).hostname
    browser = Client(headers={"Host": host, "X-Forwarded-Proto": "https"})
    with CaptureQueriesContext(connection) as queries:
        left = browser.get("/signin/corp")
        callback = visit(left["Location"])
        assert browser.get(callback.path).status_code == 302
    words = Counter(query["sql"].split()[0] for query in queries.captured_queries)
    data = sum(words[word] for word in ("SELECT", "INSERT", "UPDATE", "DELETE"))
    print(f"{data} reads and writes in {words['COMMIT']} transactions, {words['SAVEPOINT']} savepoints")


def visit(url) -> Callback:
    with requests.Session() as browser:
        return ScriptedProvider.visit(None, url, browser)


if __name__ == "__main__":
    {"register": register, "count": count}[sys.argv[1]](*sys.argv[2:])
