"""Two administrators want one slug: who comes second while his provider is being asked is told so, at every door."""

import pytest

from providers.models import Provider
from providers.registration import services
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import registered_at, somewhere
from tests.providers.rehearsal.stage import typed_form

pytestmark = pytest.mark.django_db
TAKEN = "already exists"
PAGE = "/admin/providers/provider"


@pytest.fixture
def typed(op):
    return typed_form(op) | {"slug": "wanted"}


@pytest.fixture(autouse=True)
def taken_while_the_provider_is_asked(monkeypatch):
    ask = services.look_up_metadata

    def asked(provider):
        found = ask(provider)
        if provider.slug == "wanted":
            somewhere(slug="wanted", name="The other one's").save()
        return found

    monkeypatch.setattr(services, "look_up_metadata", asked)


def assert_taken(page):
    """The page says so, and nothing of this administrator's is written."""
    assert TAKEN in page.content.decode()
    assert Provider.objects.get(slug="wanted").name == "The other one's"
    assert not Event.objects.filter(action__startswith="provider_").exists()


@pytest.mark.parametrize("page", [f"{PAGE}/add/", f"{PAGE}/register?kind=custom-oidc"])
def test_who_registers_in_the_administration(bob, typed, page):
    assert_taken(bob.post(page, typed | {"step": "2"}, follow=True))


def test_who_changes_in_the_administration(bob, op, typed):
    provider = registered_at(op, slug="old")
    Provider.objects.update(discovery=None)
    assert_taken(bob.post(f"{PAGE}/{provider.pk}/change/", typed | {"anyway": "on"}, follow=True))
    assert Provider.objects.get(pk=provider.pk).slug == "old"


def test_who_registers_by_the_api(bob, op):
    body = {
        "slug": "wanted",
        "name": "Corp",
        "issuer": op.issuer,
        "client_id": "c",
        "client_secret": "s" * 32,
    }
    answer = bob.post("/api/v1/providers", body, content_type="application/json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["slug"])
    assert_taken(answer)
