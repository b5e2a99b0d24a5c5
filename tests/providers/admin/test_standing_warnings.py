"""What an administrator was warned of does not go away with the message: it stands on the page and in the list."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.models import Provider
from tests.providers.registrations import registered_at, somewhere
from tests.providers.rehearsal.stage import typed_form

pytestmark = pytest.mark.django_db
LIST = "/admin/providers/provider/"
MIX_UP = "one provider could pass its answer off"


def warnings_on(response):
    section = re.search(r'<section class="cautions".*?</section>', response.content.decode(), re.DOTALL)
    return re.findall(r"<li>(.*?)</li>", section[0]) if section else []


@pytest.fixture
def page_of(bob):
    return lambda provider: bob.get(f"{LIST}{provider.pk}/change/")


@pytest.fixture
def quiet(db):
    """A registration that nothing is to be said about."""
    provider = somewhere()
    provider.save()
    return provider


def test_a_registration_without_warnings_has_no_panel(page_of, quiet):
    assert warnings_on(page_of(quiet)) == []


def test_a_form_with_a_mistake_warns_of_nothing_that_is_only_typed(bob, quiet, op):
    typed = typed_form(op) | {"slug": quiet.slug, "callback": "shared", "leeway": "too long"}
    del typed["pkce"]
    page = bob.post(f"{LIST}{quiet.pk}/change/", typed)
    assert "leeway" in page.context["adminform"].form.errors
    assert warnings_on(page) == []


def test_a_shared_callback_is_warned_of_until_it_is_dedicated(page_of, quiet, scripted_provider):
    registered_at(scripted_provider, slug="other")
    Provider.objects.filter(pk=quiet.pk).update(callback="shared")
    for _ in range(2):
        [warning] = warnings_on(page_of(quiet))
        assert MIX_UP in warning
    Provider.objects.filter(pk=quiet.pk).update(callback="dedicated")
    assert warnings_on(page_of(quiet)) == []


@pytest.mark.parametrize(
    "unless",
    [
        {"discovery": {"authorization_response_iss_parameter_supported": True}},
        {"callback": "dedicated"},
    ],
)
def test_one_that_cannot_be_mixed_up_is_not_warned_of(page_of, quiet, scripted_provider, unless):
    registered_at(scripted_provider, slug="other")
    Provider.objects.filter(pk=quiet.pk).update(**{"callback": "shared", **unless})
    assert warnings_on(page_of(quiet)) == []


def test_a_provider_alone_cannot_be_mixed_up(page_of, quiet, scripted_provider):
    registered_at(scripted_provider, slug="other", enabled=False)
    Provider.objects.filter(pk=quiet.pk).update(callback="shared")
    assert warnings_on(page_of(quiet)) == []


def test_a_damaged_row_is_told_by_its_problems(page_of, quiet, bob):
    Provider.objects.filter(pk=quiet.pk).update(scopes=[1], signing_algs=7, kind="gone")
    warnings = warnings_on(page_of(quiet))
    assert any(warning.startswith("scopes: ") for warning in warnings)
    assert any(warning.startswith("kind: There is no such kind") for warning in warnings)
    assert bob.get(LIST).status_code == 200


def test_the_list_counts_them_and_marks_what_is_legacy(bob, quiet):
    legacy = somewhere(slug="old", name="Old", response_type="id_token", signing_algs=["HS256"])
    legacy.save()
    page = bob.get(LIST).content.decode()
    rows = dict(re.findall(r'field-slug">(\w+)</td>(.*?)</tr>', page, re.DOTALL))
    assert "code with PKCE" in rows["corp"]
    assert 'field-warnings">none<' in rows["corp"]
    assert '<span class="mark">legacy</span>' in rows["old"]
    assert re.search(
        r'<span class="mark" title="The response type id_token is legacy[^"]*">2</span>', rows["old"]
    )


def test_the_list_asks_the_database_no_more_for_many_than_for_one(bob, quiet):
    bob.get(LIST)
    with CaptureQueriesContext(
        connection,
    ) as one:
        bob.get(LIST)
    for number in range(5):
        somewhere(slug=f"more-{number}", callback="shared").save()
    with CaptureQueriesContext(connection) as many:
        assert MIX_UP in bob.get(LIST).content.decode()
    assert len(many) == len(one)
