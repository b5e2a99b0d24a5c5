"""A field of a registration is told in the model, the serializer and the layout; every other door follows."""

from providers.admin.forms import ProviderForm
from providers.admin.providers import fieldsets
from providers.api.serializers import ProviderSerializer
from providers.history import configuration_of
from providers.models import Provider
from providers.registration.fields import FIELDS, SESSION
from providers.rehearsal.services import NAMES
from ssoconsole.console.configuration.sections.providers import describe
from ssoconsole.console.configuration.shape import section_items
from tests.providers.registrations import somewhere

OBSERVED = {"discovery", "jwks", "client_secret_for", "trial_ends_at", "trial_baseline", "risky_change_at"}
OBSERVED |= {"discovery_fetched_at", "jwks_fetched_at", "discovery_failing_since", "jwks_failing_since"}
OBSERVED |= {"tls_not_after", "created_at", "updated_at", "id"}
DECIDED = [*FIELDS, *(f"session_{name}" for name in SESSION)]
EDITED = {*DECIDED, "slug", "enabled"}


def test_whatever_is_not_observed_is_a_field():
    assert {field.name for field in Provider._meta.concrete_fields} - OBSERVED == EDITED


def test_the_form_edits_each_and_each_has_its_place():
    placed = [name for _, options in fieldsets(stored=True, panels=[]) for name in options["fields"]]
    assert {*placed} & {*ProviderForm.base_fields} >= EDITED
    assert len(placed) == len({*placed})


def test_the_file_and_the_api_have_each_in_the_model_s_order():
    keys = ["slug", *FIELDS, "session", "enabled"]
    assert [name for name in ProviderSerializer().fields if name in keys] == keys
    assert [name for name in section_items()["providers"].keys if name in keys] == keys
    assert [*describe(somewhere())] == keys


def test_history_and_rehearsal_have_each():
    assert {*configuration_of(somewhere())} - {"client_secret_for"} == EDITED
    assert {*NAMES} == EDITED - {"client_secret", "enabled"}
