"""A registration, what is exported for it, and the three doors to the linter."""

import io
import json

import pytest
from django.core.management import call_command
from django.test import Client

from tests.providers.registrations import somewhere

SECRET = "the-secret-of-corp-0123456789abcdef"
DISCOVERY = {"issuer": "https://idp.example", "jwks_uri": "https://idp.example/certs"}
ONELOGIN = "https://acme.onelogin.com/oidc/2"


def registration(kind="custom-oidc", *, public=False, **changes):
    """A registration with everything that an export carries over, in the database."""
    onelogin = kind == "onelogin"
    values = {
        "kind": kind,
        "name": "OneLogin" if onelogin else "Corp SSO",
        "issuer": ONELOGIN if onelogin else "https://idp.example",
        "discovery": {"jwks_uri": f"{ONELOGIN}/certs"} if onelogin else DISCOVERY,
        "client_secret": None if public else SECRET,
        "token_endpoint_auth_method": "none" if public else "client_secret_basic",
        "admin_principals": ["alice@corp.example"],
        "allowed_email_domains": ["corp.example"],
    }
    provider = somewhere(**values | changes)
    provider.save()
    return provider


def run(command, *arguments, **options):
    """A command's standard output and its exit status."""
    out = io.StringIO()
    try:
        call_command(command, *arguments, stdout=out, **options)
    except SystemExit as ended:
        return out.getvalue(), ended.code
    return out.getvalue(), 0


def exported(directory, target, **options):
    """What the command writes, by file name."""
    call_command(
        "openmetadata_config", "corp", target=target, out=str(directory), stdout=io.StringIO(), **options
    )
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(directory.iterdir())}


def linted(*paths):
    """What the command finds, as programs read it."""
    out, status = run("openmetadata_lint", *map(str, paths), json=True)
    found = json.loads(out)
    assert status == (1 if found else 0)
    return found


@pytest.fixture
def corp(db):
    return registration()


@pytest.fixture
def mallory(django_user_model):
    """Mallory's browser: she may sign in and owns nothing."""
    user = django_user_model.objects.create(username="mallory", is_staff=True)
    browser = Client()
    browser.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    return browser
