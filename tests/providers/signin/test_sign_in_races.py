"""What several requests do at the same moment; one after the other on SQLite, which lets in one writer at a time."""

import pytest
from django.contrib.auth import get_user_model

from providers.models import ConsoleSession, Identity
from ssoconsole.platform.actors import Actor
from tests.providers.registrations import sign_in_person
from tests.providers.signin.journey import Browser, register
from tests.support.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 6


def tab_of(visitor):
    """The same browser in another thread."""
    tab = Browser()
    tab.client.cookies["signin"] = visitor.client.cookies["signin"].value
    return tab


def test_first_sign_ins_of_one_person_are_one_user(scripted_provider):
    rules = [{"claim_value": "staff", "group": "Staff"}]
    provider = register(scripted_provider, group_rules=rules, admin_principals=["alice@corp.example"])
    claims = {"sub": "s", "email": "alice@corp.example", "groups": ["staff"]}
    by = Actor("provider", "corp")
    found = at_once(lambda n: sign_in_person(provider=provider, claims=claims, by=by).pk, MANY)
    assert len(found) == MANY
    assert set(found) == {get_user_model().objects.get().pk}
    assert Identity.objects.count() == 1


def test_an_answer_that_comes_many_times_is_used_once(scripted_provider, visitor):
    register(scripted_provider)
    callback = scripted_provider.visit(visitor.leave())
    found = at_once(lambda n: tab_of(visitor).arrive(callback).status_code, MANY)
    assert sorted(found) == [302] + [400] * (MANY - 1)
    assert len(scripted_provider.requests_to("token")) == 1
    assert ConsoleSession.objects.count() == 1


def test_tabs_that_sign_in_at_once_all_arrive(scripted_provider, visitor):
    register(scripted_provider)
    visitor.leave()
    found = at_once(
        lambda n: tab_of(visitor).sign_in(scripted_provider, next=f"/account?{n}")["Location"], MANY
    )
    assert sorted(found) == [f"/account?{n}" for n in range(MANY)]
    assert get_user_model().objects.count() == 1
