from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.forms import modelform_factory
from encryption_vault import Vault, column, vault_apps

from ssoconsole.platform.encryption import reencrypt
from ssoconsole.platform.encryption.field import Envelope
from ssoconsole.platform.encryption.keyring import key_id_of, key_ring
from ssoconsole.platform.encryption.reencrypt import outdated_counts, reencrypt_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vault_table")]

SECRET, SPARE = "encryption_tests.Vault.secret", "encryption_tests.Vault.spare"


@pytest.fixture
def vaults(old_ring, rotate, monkeypatch):
    """Five rows under the old key and one without a secret; batches of two."""
    monkeypatch.setattr(reencrypt, "BATCH_ROWS", 2)
    rows = [Vault.objects.create(secret=f"s{n}", spare="extra" if n == 0 else None) for n in range(5)]
    Vault.objects.create(secret="")
    rotate()
    return rows


def command():
    out = StringIO()
    call_command("reencrypt", stdout=out)
    return out.getvalue()


def test_every_value_moves_to_the_newest_key_and_stays_readable(vaults, rotate):
    assert outdated_counts(vault_apps) == {SECRET: 5, SPARE: 1}
    assert reencrypt_all(vault_apps) == {SECRET: 5, SPARE: 1}
    rotate(keep=False)
    assert {row.secret for row in Vault.objects.all()} == {"", "s0", "s1", "s2", "s3", "s4"}
    assert outdated_counts(vault_apps) == {SECRET: 0, SPARE: 0}


def test_a_second_run_changes_nothing(vaults):
    reencrypt_all(vault_apps)
    before = set(Vault.objects.values_list("secret", flat=True))
    assert reencrypt_all(vault_apps) == {SECRET: 0, SPARE: 0}
    assert set(Vault.objects.values_list("secret", flat=True)) == before


def test_a_run_that_was_cut_short_is_finished_by_the_next(vaults):
    done = Vault.objects.get(pk=vaults[0].pk)
    done.secret = "s0"
    done.save()
    assert reencrypt_all(vault_apps)[SECRET] == 4


def test_a_value_changed_meanwhile_is_not_overwritten(vaults, monkeypatch):
    mine = vaults[0]
    encrypt = type(key_ring()).encrypt

    def encrypt_while_alice_changes_it(ring, plaintext, *, context):
        if plaintext == "s0":
            changed = Envelope(encrypt(ring, "newer", context=context))
            Vault.objects.filter(pk=mine.pk).update(secret=changed)
        return encrypt(ring, plaintext, context=context)

    monkeypatch.setattr(type(key_ring()), "encrypt", encrypt_while_alice_changes_it)
    assert reencrypt_all(vault_apps)[SECRET] == 4
    assert Vault.objects.get(pk=mine.pk).secret == "newer"


def test_a_value_that_does_not_open_stays_and_is_counted(vaults):
    broken = column(vaults[1])
    Vault.objects.filter(pk=vaults[0].pk).update(secret=broken)
    assert reencrypt_all(vault_apps)[SECRET] == 4
    assert outdated_counts(vault_apps)[SECRET] == 1
    assert column(vaults[0]) == broken


def test_values_that_do_not_open_are_met_once_however_many_there_are(vaults):
    """Whole batches of them: the run ends, and asks for each batch once."""
    first, second = column(vaults[0]), column(vaults[1])
    Vault.objects.filter(pk__in=[row.pk for row in vaults[1:]]).update(secret=first)
    Vault.objects.filter(pk=vaults[0].pk).update(secret=second)
    asked = []

    def count(execute, sql, params, many, context):
        asked.append(sql)
        assert len(asked) < 50, "it goes round in circles"
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        assert reencrypt_all(vault_apps)[SECRET] == 0
    assert outdated_counts(vault_apps)[SECRET] == 5


def test_no_form_and_no_lookup_comes_near_a_secret():
    for field in reencrypt.encrypted_fields():
        assert not field.editable, field
        assert field.name not in modelform_factory(field.model, fields="__all__").base_fields
        assert [name for name in field.get_lookups() if field.get_lookup(name)] == ["isnull"]
        assert field.get_transform("length") is None


@pytest.fixture
def only_vaults(monkeypatch):
    fields = list(reencrypt.encrypted_fields(vault_apps))
    monkeypatch.setattr(reencrypt, "encrypted_fields", lambda registry=None: fields)


def test_the_command_says_how_many_moved(vaults, only_vaults):
    said = command()
    assert f"{SECRET}: 5 re-encrypted, 0 still under an older key" in said
    assert "Nothing that lasts needs an older key" in said
    assert key_id_of(column(vaults[0])) == key_ring().newest_key_id


def test_the_command_fails_while_values_are_left(vaults, only_vaults):
    Vault.objects.filter(pk=vaults[0].pk).update(secret=column(vaults[1]))
    with pytest.raises(CommandError, match="Keep the keys that have to stay"):
        command()


def test_each_column_is_met_once_and_plain_fields_are_left_out():
    assert [str(field) for field in reencrypt.encrypted_fields(vault_apps)] == [SECRET, SPARE]
    assert all(field.attname.endswith("_envelope") for field in reencrypt.encrypted_fields())
