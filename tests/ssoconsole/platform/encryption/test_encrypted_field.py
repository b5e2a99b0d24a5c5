import copy
import pickle
import uuid

import pytest
from django import forms
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import models
from django.db.migrations.writer import MigrationWriter
from django.db.models import F, Value
from django.db.models.functions import Upper
from django.db.transaction import atomic
from encryption_vault import Vault, column, vault_apps
from rest_framework.serializers import ModelSerializer

from ssoconsole.platform.encryption.field import ClearText, EncryptedTextField
from ssoconsole.platform.encryption.keyring import DecryptionFailed
from tests.support.leaks import assert_without

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vault_table")]


@pytest.fixture
def vault():
    return Vault.objects.create(label="one", secret="hunter2")


def test_the_column_holds_an_envelope_and_the_row_reads_clear_text(vault):
    assert column(vault).startswith("v1.")
    assert Vault.objects.get().secret == "hunter2"


def test_an_instance_never_holds_clear_text_not_even_before_it_is_saved(vault):
    fresh = Vault(secret="hunter2")
    vault.secret = "correct horse"
    assert fresh.secret == "hunter2"
    assert_without(fresh.__dict__, "hunter2")
    assert_without(vault.__dict__, "correct horse")


def test_every_way_to_create_a_row_encrypts():
    Vault(label="save", secret="x").save()
    Vault.objects.bulk_create([Vault(label="bulk", secret="x"), Vault(label="bulk", secret="x", spare="y")])
    Vault.objects.get_or_create(label="get", defaults={"secret": "x"})
    Vault.objects.update_or_create(label="update", defaults={"secret": "x"})
    envelopes = set(Vault.objects.values_list("secret", flat=True))
    assert len(envelopes) == 5
    assert all(envelope.startswith("v1.") for envelope in envelopes)
    assert {vault.secret for vault in Vault.objects.all()} == {"x"}


def test_save_with_update_fields_writes_the_secret(vault):
    vault.secret = "changed"
    vault.save(update_fields=["secret"])
    assert Vault.objects.get().secret == "changed"


def test_update_or_create_changes_the_row_that_exists(vault):
    Vault.objects.update_or_create(label="one", defaults={"secret": "changed"})
    assert Vault.objects.get().secret == "changed"


def test_a_secret_that_was_not_touched_keeps_its_envelope(vault):
    before = column(vault)
    loaded = Vault.objects.get()
    assert loaded.secret == "hunter2"
    loaded.label = "two"
    loaded.full_clean()
    loaded.save()
    assert column(vault) == before


@pytest.mark.parametrize("empty", [None, ""])
def test_nothing_is_stored_as_nothing(empty):
    vault = Vault.objects.create(secret="", spare=empty)
    assert column(vault) == ""
    assert column(vault, "spare") == empty
    assert Vault.objects.get().spare == empty


def test_a_secret_can_be_removed(vault):
    vault.secret = ""
    vault.save()
    assert Vault.objects.get().secret == ""


def test_a_row_without_a_primary_key_takes_no_secret():
    with pytest.raises(ValueError, match="no primary key"):
        Vault(id=None, secret="hunter2")


@pytest.mark.parametrize("value", [7, b"hunter2", F("label"), Value("hunter2")])
def test_only_text_can_be_assigned(vault, value):
    with pytest.raises(TypeError, match="takes text or None"):
        vault.secret = value


def test_deferred_and_partial_rows_load_the_secret_when_asked(vault, django_assert_num_queries):
    for rows in (Vault.objects.defer("secret"), Vault.objects.only("label")):
        loaded = rows.get()
        with django_assert_num_queries(1):
            assert loaded.secret == "hunter2"
    with django_assert_num_queries(1):
        assert Vault.objects.only("secret").get().secret == "hunter2"


def test_saving_a_row_that_did_not_load_the_secret_leaves_it(vault):
    loaded = Vault.objects.defer("secret").get()
    loaded.label = "two"
    loaded.save()
    assert Vault.objects.get().secret == "hunter2"


@pytest.mark.parametrize("fields", [None, ["secret"]])
def test_refresh_from_db_brings_the_stored_secret_back(vault, fields):
    before = column(vault)
    vault.secret = "unsaved"
    vault.refresh_from_db(fields=fields)
    assert vault.secret == "hunter2"
    vault.save()
    assert column(vault) == before


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda row: pickle.loads(pickle.dumps(row))])
def test_copies_and_pickles_read_the_secret_and_do_not_contain_it(vault, clone, monkeypatch):
    monkeypatch.setattr("django.db.models.base.apps", vault_apps)
    assert clone(vault).secret == "hunter2"
    assert b"hunter2" not in pickle.dumps(vault)


def test_a_primary_key_spelt_otherwise_is_the_same_row(vault):
    vault.id = vault.id.hex.upper()
    assert vault.secret == "hunter2"


def test_a_secret_under_a_key_that_is_gone_says_so_and_the_row_can_still_be_saved(old_ring, vault, rotate):
    rotate(keep=False)
    loaded = Vault.objects.get()
    with pytest.raises(DecryptionFailed) as failure:
        _ = loaded.secret
    assert failure.value.unknown_key_id
    loaded.label = "two"
    loaded.save()
    assert Vault.objects.get().label == "two"


def test_an_envelope_moved_to_another_row_does_not_open(vault):
    other = Vault.objects.create(secret="other")
    Vault.objects.filter(pk=other.pk).update(secret=column(vault))
    with pytest.raises(DecryptionFailed):
        _ = Vault.objects.get(pk=other.pk).secret


def test_an_envelope_moved_to_another_field_does_not_open(vault):
    Vault.objects.update(spare=column(vault))
    with pytest.raises(DecryptionFailed):
        _ = Vault.objects.get().spare


def test_a_row_copied_under_a_new_key_is_refused_instead_of_losing_its_secret(vault):
    twin = Vault.objects.get()
    twin.pk, twin._state.adding = uuid.uuid4(), True
    with pytest.raises(DecryptionFailed), atomic():
        twin.save()
    assert Vault.objects.count() == 1
    twin.secret = vault.secret
    twin.save()
    assert {row.secret for row in Vault.objects.all()} == {"hunter2"}


@pytest.mark.parametrize(
    "value", ["clear text", 7, F("label"), F("spare"), Upper("label"), Value("clear text")]
)
def test_update_takes_no_clear_text_and_no_expression(vault, value):
    before = column(vault)
    with pytest.raises(TypeError), atomic():
        Vault.objects.update(secret=value)
    assert column(vault) == before


def test_update_may_clear_a_secret(vault):
    Vault.objects.update(secret="", spare=None)
    assert Vault.objects.get().secret == ""


def test_bulk_update_is_refused(vault):
    vault.secret = "changed"
    with pytest.raises(TypeError):
        Vault.objects.bulk_update([vault], ["secret"])


def test_clear_text_written_to_the_column_by_its_own_name_is_refused(vault):
    vault.secret_envelope = "clear text"
    with pytest.raises(TypeError, match="assign it to a row"):
        vault.save()


@pytest.mark.parametrize(
    "lookup",
    [
        "secret",
        "secret_envelope",
        "secret__startswith",
        "secret__in",
        "secret__length",
        "secret__contains",
    ],
)
def test_only_presence_can_be_looked_up(vault, lookup):
    with pytest.raises(FieldError):
        Vault.objects.filter(**{lookup: "hunter2"}).exists()


def test_presence_can_be_looked_up(vault):
    assert Vault.objects.filter(secret__isnull=False, spare__isnull=True).exists()
    assert not Vault.objects.filter(spare__isnull=False).exists()


def test_values_and_serialisers_give_the_envelope(vault):
    envelope = column(vault)
    assert Vault.objects.values("secret").get() == {"secret": envelope}
    assert Vault._meta.get_field("secret").value_to_string(vault) == envelope
    assert forms.model_to_dict(vault) == {"id": vault.pk, "label": "one"}
    dumped = serializers.serialize("json", [vault])
    assert envelope in dumped
    assert "hunter2" not in dumped


def test_a_dump_loads_into_the_same_secret(vault, monkeypatch):
    monkeypatch.setattr("django.core.serializers.python.apps", vault_apps)
    for data_format in ("json", "python", "xml"):
        if data_format == "xml":
            monkeypatch.setattr("django.core.serializers.xml_serializer.apps", vault_apps)
        before = column(vault)
        dumped = serializers.serialize(data_format, [vault])
        Vault.objects.all().delete()
        for loaded in serializers.deserialize(data_format, dumped):
            loaded.save()
        assert column(vault) == before


def test_a_fixture_written_by_hand_is_sealed_when_it_is_loaded(vault, monkeypatch):
    monkeypatch.setattr("django.core.serializers.python.apps", vault_apps)
    by_hand = {"model": "encryption_tests.vault", "pk": str(vault.pk), "fields": {"secret": "correct horse"}}
    for loaded in serializers.deserialize("python", [by_hand]):
        loaded.save()
    assert column(vault).startswith("v1.")
    assert Vault.objects.get().secret == "correct horse"


def test_the_rest_framework_shows_the_envelope_at_most(vault):
    class VaultSerializer(ModelSerializer):
        class Meta:
            model = Vault
            fields = ("label", "secret")

    assert VaultSerializer(vault).data == {"label": "one", "secret": column(vault)}


def test_a_model_form_cannot_show_the_field():
    assert "secret" not in forms.modelform_factory(Vault, fields="__all__").base_fields
    with pytest.raises(FieldError):
        forms.modelform_factory(Vault, fields=["secret"])


def test_a_migration_describes_the_field_as_it_was_declared():
    field = Vault._meta.get_field("spare")
    _, path, args, kwargs = field.deconstruct()
    assert (path, args) == ("ssoconsole.platform.encryption.field.EncryptedTextField", [])
    assert kwargs == {"null": True, "blank": True}
    assert field.column == "spare"
    written = MigrationWriter.serialize(field)[0]
    assert written == "ssoconsole.platform.encryption.field.EncryptedTextField(blank=True, null=True)"


def test_the_class_gives_the_descriptor():
    assert isinstance(Vault.secret, ClearText)


def test_a_sound_model_passes_the_checks():
    assert Vault.check() == []


def test_a_model_that_cannot_work_fails_the_checks():
    class Numbered(models.Model):
        id = models.BigAutoField(primary_key=True)
        secret = EncryptedTextField(unique=True)

        class Meta:
            app_label = "encryption_tests"
            apps = vault_apps

        def __str__():
            return "numbered"

    try:
        found = [message.id for message in Numbered._meta.get_field("secret").check()]
    finally:
        del vault_apps.all_models["encryption_tests"]["numbered"]
        vault_apps.clear_cache()
    assert found == ["encryption.E001", "encryption.E002"]
