"""Every write of a registration is a version: who, when, what, and the whole of it, the secret encrypted."""

import json

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from providers.history import (
    VersionUnknown,
    VersionUnusable,
    configuration_in,
    difference_between,
    page_of_versions,
)
from providers.models import Provider, ProviderVersion
from providers.registration import services
from providers.registration.cautions import RISKY, differing
from providers.registration.errors import RegistrationInvalid
from providers.registration.fields import FIELDS
from providers.registration.secret import set_client_secret
from providers.registration.services import restore_version
from providers.retention import VERSIONS_STAY, drop_old_versions
from ssoconsole.platform.actors import Actor
from tests.providers.registrations import BOB, provider_events, somewhere
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
SECRET = "s3cret-that-nobody-may-see-anywhere"


def save(provider, **changes):
    secret = changes.pop("client_secret", None)
    for name, value in changes.items():
        setattr(provider, name, value)
    if secret:
        set_client_secret(provider, secret)
    services.save_provider(provider=provider, by=BOB, fetch_metadata=False, anyway=True)
    return provider


def versions():
    return list(ProviderVersion.objects.order_by("number"))


def told():
    return [(version.number, version.by, version.changed) for version in versions()]


@pytest.fixture
def corp():
    return save(somewhere(client_secret=SECRET))


class WritingTests:
    def test_a_new_provider_is_version_one(self, corp):
        assert told() == [(1, "user:bob", [])]
        assert configuration_in(versions()[0])["client_secret"] == SECRET

    def test_each_write_is_one_more_with_what_it_changed(self, corp):
        save(corp, leeway=30, name="Corporation")
        services.disable_provider(provider=corp, by=Actor.command("apply"))
        services.enable_provider(provider=corp, by=BOB, anyway=True)
        assert told()[1:] == [
            (2, "user:bob", ["name", "leeway"]),
            (3, "command:apply", ["enabled"]),
            (4, "user:bob", ["enabled"]),
        ]

    def test_a_save_that_changes_nothing_is_none(self, corp):
        save(corp)
        services.enable_provider(provider=corp, by=BOB)
        assert len(versions()) == 1

    def test_a_refused_save_is_none(self, corp):
        with pytest.raises(RegistrationInvalid):
            save(corp, scopes=["email"])
        assert len(versions()) == 1

    def test_the_secret_stands_nowhere_in_the_table(self, corp):
        save(corp, client_secret=f"another-{SECRET}")
        assert told()[1][2] == ["client_secret"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM providers_providerversion")
            assert_without(repr(cursor.fetchall()), SECRET)

    def test_a_version_is_bound_to_its_row(self, corp):
        save(corp, leeway=30)
        first, second = versions()
        ProviderVersion.objects.filter(pk=second.pk).update(configuration=first.configuration_envelope)
        with pytest.raises(VersionUnusable):
            configuration_in(versions()[1])

    def test_what_the_previous_release_has_written_becomes_a_version_of_its_own(self, corp):
        Provider.objects.update(leeway=10)
        save(Provider.objects.get(), name="Corporation")
        assert told()[1:] == [(2, "unknown", ["leeway"]), (3, "user:bob", ["name"])]
        assert "past it" in versions()[1].note

    def test_a_provider_from_before_the_history_begins_it_as_it_stood(self):
        somewhere().save()
        services.disable_provider(provider=Provider.objects.get(), by=BOB)
        assert told() == [(1, "unknown", []), (2, "user:bob", ["enabled"])]
        assert configuration_in(versions()[0])["enabled"] is True

    def test_an_older_version_of_the_history_goes_with_its_provider(self, corp):
        services.delete_provider(provider=corp, by=BOB)
        assert versions() == []

    def test_the_values_are_sealed_anew_under_the_newest_key(self, corp, settings, capsys):
        newer = "b" * 42 + "A"
        with override_settings(FIELD_ENCRYPTION_KEYS=[newer, *settings.FIELD_ENCRYPTION_KEYS]):
            call_command("reencrypt")
        assert "providers.ProviderVersion.configuration: 1 re-encrypted" in capsys.readouterr().out


class ReadingTests:
    def test_pages_go_on_by_number(self, corp):
        for leeway in range(1, 5):
            save(corp, leeway=leeway)
        page = page_of_versions(corp, size=2)
        assert ([entry.version.number for entry in page.entries], page.older) == ([5, 4], 4)
        assert page.entries[1].changes == [("leeway", "2", "3")]
        page = page_of_versions(corp, before=2, size=2)
        assert [(entry.version.number, entry.changes) for entry in page.entries] == [(1, None)]
        assert page.older is None

    def test_a_page_costs_one_query_whatever_there_is(self, corp, django_assert_num_queries):
        for leeway in range(1, 5):
            save(corp, leeway=leeway)
        with django_assert_num_queries(1):
            page_of_versions(corp)

    def test_any_two_can_be_compared_and_one_with_now(self, corp):
        save(corp, leeway=30)
        save(corp, prompt="login")
        expected = [("leeway", "60", "30"), ("prompt", "empty", "login")]
        assert difference_between(corp, "1", "3") == expected
        assert difference_between(corp, "1", "now") == expected
        assert difference_between(corp, "3", "now") == []

    @pytest.mark.parametrize("which", ["0", "2", "-1", "x", "", "²", "9" * 40])
    def test_what_is_no_version_is_unknown(self, corp, which):
        with pytest.raises(VersionUnknown):
            difference_between(corp, which, "now")

    def test_another_provider_s_version_is_unknown(self, corp):
        other = save(somewhere(slug="other"))
        save(other, leeway=30)
        with pytest.raises(VersionUnknown):
            difference_between(corp, "2", "now")

    def test_secrets_are_told_as_changed_also_inside(self, corp):
        save(corp, client_secret=f"another-{SECRET}", extra_params={"api_token": "one"})
        save(corp, extra_params={"api_token": "two"})
        assert difference_between(corp, "1", "2")[0] == ("client_secret", "(earlier)", "(changed)")
        [hidden] = difference_between(corp, "2", "3")
        assert "one" not in repr(hidden)
        assert "two" not in repr(hidden)
        assert hidden.after.endswith("(changed)")

    def test_a_version_whose_key_is_gone_is_listed_without_its_contents(self, corp, settings):
        save(corp, leeway=30)
        with override_settings(FIELD_ENCRYPTION_KEYS=["b" * 42 + "A"]):
            page = page_of_versions(corp)
        assert [(entry.version.number, entry.changes) for entry in page.entries] == [(2, None), (1, None)]


class RestoringTests:
    def test_everything_is_as_it_was_and_a_new_version(self, corp):
        save(corp, client_secret=f"another-{SECRET}", leeway=30, scopes=["openid"])
        restore_version(provider=corp, number=1, by=BOB)
        row = Provider.objects.get()
        assert (row.client_secret, row.leeway, len(row.scopes)) == (SECRET, 60, 3)
        assert versions()[2].note == "restored from version 1"
        assert json.loads(versions()[2].configuration) == json.loads(versions()[0].configuration)
        event = provider_events().first()
        assert (event.action, event.actor) == ("provider_changed", "user:bob")
        assert_without(repr((event.before, event.after)), SECRET)

    def test_what_stands_already_is_not_written(self, corp):
        restore_version(provider=corp, number=1, by=BOB)
        assert len(versions()) == 1

    def test_today_s_rules_hold(self, corp):
        save(corp, issuer="https://other.example", token_endpoint_auth_method="none")
        first = versions()[0]
        first.configuration = json.dumps({**configuration_in(first), "scopes": ["email"]})
        first.save()
        with pytest.raises(RegistrationInvalid):
            restore_version(provider=corp, number=1, by=BOB)
        assert Provider.objects.get().issuer == "https://other.example"

    def test_nobody_is_let_in_again_by_it(self, corp):
        save(corp, leeway=30)
        services.disable_provider(provider=corp, by=BOB)
        restore_version(provider=corp, number=1, by=BOB)
        row = Provider.objects.get()
        assert (row.leeway, row.enabled) == (60, False)

    def test_a_field_that_a_later_release_brought_stays_as_it_is(self, corp):
        save(corp, leeway=30, pushed_authorization=False)
        first = versions()[0]
        older = configuration_in(first)
        del older["pushed_authorization"]
        first.configuration = json.dumps({**older, "of_another_release": 1})
        first.save()
        restore_version(provider=corp, number=1, by=BOB)
        row = Provider.objects.get()
        assert (row.leeway, row.pushed_authorization) == (60, False)

    @pytest.mark.parametrize(("number", "error"), [(7, VersionUnknown), (1, VersionUnusable)])
    def test_what_is_gone_is_refused(self, corp, number, error):
        with override_settings(FIELD_ENCRYPTION_KEYS=["b" * 42 + "A"]), pytest.raises(error):
            restore_version(provider=corp, number=number, by=BOB)

    def test_a_secret_that_was_lost_then_cannot_come_back(self, corp):
        with override_settings(FIELD_ENCRYPTION_KEYS=["b" * 42 + "A"]):
            save(Provider.objects.get(), client_secret="a new one", leeway=30)
            # What stood could not be opened, so that its version says so.
            lost = next(version for version in versions() if version.by == "unknown")
            with pytest.raises(VersionUnusable, match="cannot be read"):
                restore_version(provider=corp, number=lost.number, by=BOB)


class RetentionTests:
    def test_the_newest_are_kept(self, corp):
        for leeway in range(1, VERSIONS_STAY + 5):
            save(corp, leeway=leeway)
        save(somewhere(slug="other"))
        assert drop_old_versions() == 5
        numbers = [version.number for version in versions() if version.provider_id == corp.pk]
        assert numbers == list(range(6, VERSIONS_STAY + 6))
        assert drop_old_versions() == 0

    def test_another_providers_trial_keeps_none_of_this_one(self, corp):
        from datetime import timedelta

        other = somewhere(slug="other")
        save(other)
        other.prompt = "login"
        services.save_provider(provider=other, by=BOB, fetch_metadata=False, trial=timedelta(hours=1))
        for leeway in range(1, VERSIONS_STAY + 5):
            save(corp, leeway=leeway)
        assert Provider.objects.get(slug="other").trial_baseline in range(1, 5)
        assert drop_old_versions() == 5

    def test_what_a_trial_would_go_back_to_is_kept(self, corp):
        from datetime import timedelta

        corp.prompt = "login"
        services.save_provider(provider=corp, by=BOB, fetch_metadata=False, trial=timedelta(hours=1))
        for leeway in range(1, VERSIONS_STAY + 5):
            save(corp, leeway=leeway)
        call_command("cleanup")
        assert [version.number for version in versions()][:2] == [1, 7]
        assert drop_old_versions() == 0


def test_every_field_is_risky_or_known_to_be_harmless():
    assert {*FIELDS, "slug"} - {*RISKY} == {
        "name",
        "icon",
        "order",
        "client_secret_expires_at",
        "signout_params",
    }


def test_risk_is_what_differs(corp):
    changed = Provider.objects.get()
    changed.name, changed.prompt = "Corporation", "login"
    set_client_secret(changed, "another")
    assert differing(corp, changed, RISKY) == ("client_secret", "prompt")
    assert differing(corp, Provider.objects.get(), RISKY) == ()
