"""docs/administrators.md: the glass is broken, a provider vouches for somebody, and the glass is whole again."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from ssoconsole.platform.accounts.models import User
from tests.providers.registrations import registered_at
from tests.providers.signin.journey import Browser

pytestmark = pytest.mark.django_db


def open_items():
    out = StringIO()
    call_command("check", "--deploy", "--tag", "checklist", stdout=out, stderr=out)
    return out.getvalue()


def test_the_first_real_administrator_ends_the_access_that_let_her_in(scripted_provider, settings):
    said = StringIO()
    call_command("bootstrap_admin", "--name", "first", "--hours", "4", stdout=said)
    password = said.getvalue().split("password: ")[1].strip()
    first = Client()
    first.post("/admin/login/", {"username": "first", "password": password, "next": "/admin/"})
    assert first.get("/admin/").status_code == 200
    assert "checklist.no_break_glass" in open_items()

    registered_at(scripted_provider, admin_principals=["alice@corp.example"])
    alice = Browser()
    alice.sign_in(scripted_provider)
    assert alice.client.get("/admin/").status_code == 200

    page = f"/admin/accounts/user/{User.objects.get(username='first').pk}/change/"
    form = alice.client.get(page).context["adminform"].form
    kept = {name: value for name, value in form.initial.items() if name in form.fields and value}
    del kept["is_active"]
    assert alice.client.post(page, kept).status_code == 302
    assert first.get("/admin/").status_code == 302
    assert "checklist.no_break_glass" not in open_items()
