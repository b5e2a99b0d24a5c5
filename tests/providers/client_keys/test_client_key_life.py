"""A client key is published, signs, is retired and goes; there is always one before the provider needs it."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from providers.client_keys import (
    OVERLAP,
    ClientKeysNotUsed,
    drop_retired_client_keys,
    ensure_client_key,
    published_client_keys,
    replace_client_keys,
    rotate_client_key,
)
from providers.metadata import refresh_discovery
from providers.models import ClientKey
from providers.registration.services import delete_provider, save_provider
from ssoconsole.platform.eventlog.models import Event
from ssoconsole.platform.jose.sign import private_key_from_pem
from tests.providers.registrations import BOB, provider_at, registered_at

SUPPORTED = "token_endpoint_auth_signing_alg_values_supported"


def kids(provider, *, at=None):
    published = published_client_keys(slug=provider.slug, at=at or timezone.now())
    return [jwk["kid"] for jwk in published]


def signing(provider):
    return ClientKey.objects.signing().get(provider=provider)


def waiting(provider):
    return ClientKey.objects.get(provider=provider, signing_from=None, retired_at=None)


def key_events():
    return list(Event.objects.filter(action__startswith="client_key").values_list("action", flat=True))


class MakingTests:
    def test_saving_a_registration_makes_the_key_that_signs_and_the_next_one(self, op):
        provider = provider_at(op)
        save_provider(provider=provider, by=BOB, anyway=True)
        assert ClientKey.objects.count() == 2
        assert kids(provider) == [signing(provider).kid, waiting(provider).kid]
        assert key_events() == ["client_key_created", "client_key_created"]
        assert {event.actor for event in Event.objects.filter(action="client_key_created")} == {"user:bob"}

    def test_saving_again_makes_no_more(self, op, corp):
        before = list(ClientKey.objects.values())
        corp.name = "Another"
        save_provider(provider=corp, by=BOB, anyway=True)
        assert list(ClientKey.objects.values()) == before

    @pytest.mark.parametrize("method", ["none", "client_secret_basic", "client_secret_jwt"])
    def test_no_other_method_needs_a_key(self, op, method):
        op.client.token_endpoint_auth_method, op.client.client_secret = method, "s" * 32
        save_provider(provider=provider_at(op), by=BOB, anyway=True)
        assert not ClientKey.objects.exists()

    def test_the_private_half_is_encrypted_and_belongs_to_the_public_one(self, corp):
        key = signing(corp)
        stored = " ".join(map(str, ClientKey.objects.values().get(pk=key.pk).values()))
        assert "PRIVATE KEY" not in stored
        numbers = private_key_from_pem(key.private_key).public_key().public_numbers()
        assert key.public_jwk["kid"] == key.kid
        assert numbers.n.bit_length() == 2048

    def test_two_providers_never_share_a_key(self, op, corp):
        other = registered_at(op, slug="other")
        ensure_client_key(provider=other, by=BOB)
        assert signing(other) != signing(corp)
        assert len(set(kids(corp)) | set(kids(other))) == 4

    def test_whoever_is_second_gets_the_key_of_the_first(self, corp):
        """Between looking and writing somebody else has made it: the database decides."""
        taken = signing(corp)
        seen = []

        def blind(execute, sql, params, many, context):
            looks = sql.startswith("SELECT") and "client" in sql and "signing_from" in sql
            if looks and not seen:
                seen.append(sql)
                params = tuple(
                    "0" * 32 if str(value).replace("-", "") == corp.pk.hex else value for value in params
                )
            return execute(sql, params, many, context)

        with connection.execute_wrapper(blind):
            assert ensure_client_key(provider=corp, by=BOB) == taken
        assert seen
        assert ClientKey.objects.count() == 2

    def test_no_event_holds_a_private_key(self, corp):
        rotate_client_key(provider=corp, by=BOB)
        told = " ".join(str((event.before, event.after)) for event in Event.objects.all())
        assert "PRIVATE" not in told
        assert not any(key.private_key[60:100] in told for key in ClientKey.objects.all())

    def test_deleting_the_registration_deletes_its_keys(self, corp):
        delete_provider(provider=corp, by=BOB)
        assert not ClientKey.objects.exists()


class AlgorithmTests:
    @pytest.mark.parametrize(
        ("listed", "alg"),
        [
            (None, "RS256"),
            (["RS256", "ES256"], "ES256"),
            (["PS256", "RS256"], "RS256"),
            (["EdDSA", "PS256"], "PS256"),
            (["HS256", "EdDSA"], "EdDSA"),
            (["ES384"], "ES384"),
            (["HS256", "ES256K"], "RS256"),
        ],
    )
    def test_it_is_what_the_provider_takes(self, op, listed, alg):
        if listed:
            op.discovery[SUPPORTED] = listed
        provider = registered_at(op)
        assert ensure_client_key(provider=provider, by=BOB).alg == alg
        assert ensure_client_key(provider=provider, by=BOB) == signing(provider)
        assert waiting(provider).alg == alg

    def test_metadata_that_rules_the_key_out_brings_another_one(self, op, corp):
        old = signing(corp)
        assert old.alg == "RS256"
        op.discovery[SUPPORTED] = ["PS256", "ES256"]
        assert refresh_discovery(provider=corp, by=BOB)
        assert signing(corp).alg == "ES256"
        assert waiting(corp).alg == "ES256"
        assert old.kid in kids(corp)

    def test_metadata_that_still_takes_the_key_changes_nothing(self, op, corp):
        before = signing(corp)
        op.discovery[SUPPORTED] = ["ES256", "RS256"]
        refresh_discovery(provider=corp, by=BOB)
        assert signing(corp) == before

    def test_a_better_algorithm_comes_with_the_next_keys(self, op, corp):
        """The next key is published already, so that it signs first, whatever would be preferred now."""
        op.discovery[SUPPORTED] = ["ES256", "RS256"]
        refresh_discovery(provider=corp, by=BOB)
        assert rotate_client_key(provider=corp, by=BOB).alg == "RS256"
        assert rotate_client_key(provider=corp, by=BOB).alg == "ES256"


class RotationTests:
    def test_the_next_key_signs_and_the_old_one_stays_published(self, corp):
        old, following = signing(corp), waiting(corp)
        new = rotate_client_key(provider=corp, by=BOB)
        assert new == following == signing(corp)
        assert kids(corp) == [old.kid, new.kid, waiting(corp).kid]
        event = Event.objects.get(action="client_key_rotated")
        assert (event.target, event.before["kid"], event.after["kid"]) == ("corp", old.kid, new.kid)

    def test_of_two_rotations_at_once_one_wins(self, corp, monkeypatch):
        """The second has seen the same old key before the first was through with it."""
        old = signing(corp)
        won = []

        def first_comes_another(execute, sql, params, many, context):
            if sql.startswith("UPDATE") and "retired_at" in sql and not won:
                won.append("under way")
                won[:] = [rotate_client_key(provider=corp, by=BOB)]
            return execute(sql, params, many, context)

        with connection.execute_wrapper(first_comes_another):
            assert rotate_client_key(provider=corp, by=BOB) == won[0]
        assert signing(corp) == won[0]
        assert ClientKey.objects.filter(retired_at__isnull=False).get() == old
        assert key_events().count("client_key_rotated") == 1
        assert ClientKey.objects.count() == 3

    def test_without_a_key_it_makes_one(self, op):
        provider = registered_at(op)
        assert rotate_client_key(provider=provider, by=BOB) == signing(provider)

    @pytest.mark.parametrize("change", [rotate_client_key, replace_client_keys])
    def test_it_is_refused_where_no_key_is_used(self, op, corp, change):
        corp.token_endpoint_auth_method = "client_secret_basic"
        before = list(ClientKey.objects.values())
        with pytest.raises(ClientKeysNotUsed):
            change(provider=corp, by=BOB)
        assert list(ClientKey.objects.values()) == before

    def test_after_a_compromise_nothing_of_before_is_left(self, corp):
        before = kids(corp)
        new = replace_client_keys(provider=corp, by=BOB)
        assert kids(corp) == [new.kid, waiting(corp).kid]
        assert not set(before) & set(kids(corp))
        dropped = Event.objects.filter(action="client_key_dropped")
        assert {event.before["kid"] for event in dropped} == set(before)


class EndTests:
    def test_a_retired_key_is_published_for_a_day(self, corp):
        old = signing(corp)
        rotate_client_key(provider=corp, by=BOB)
        retired = ClientKey.objects.get(pk=old.pk).retired_at
        assert old.kid in kids(corp, at=retired + OVERLAP - timedelta(seconds=1))
        assert old.kid not in kids(corp, at=retired + OVERLAP)

    def test_the_clean_up_drops_it_then_and_says_so(self, corp, capsys):
        old = signing(corp)
        rotate_client_key(provider=corp, by=BOB)
        call_command("cleanup", verbosity=0)
        assert ClientKey.objects.filter(pk=old.pk).exists()
        ClientKey.objects.filter(pk=old.pk).update(retired_at=timezone.now() - OVERLAP)
        capsys.readouterr()
        call_command("cleanup", verbosity=0)
        assert "retired client keys: 1 deleted" in capsys.readouterr().out
        assert not ClientKey.objects.filter(pk=old.pk).exists()
        event = Event.objects.get(action="client_key_dropped")
        assert (event.target, event.before["kid"], event.actor) == ("corp", old.kid, "command:cleanup")

    def test_keys_that_sign_or_wait_are_never_dropped(self, corp):
        at = timezone.now() + timedelta(days=10_000)
        assert drop_retired_client_keys(at=at, by=BOB) == 0
        assert ClientKey.objects.count() == 2
