"""What nobody has confirmed is undone, or, where that cannot be, switched off."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from providers.models import ConsoleSession, Provider, ProviderVersion
from providers.registration import services
from providers.registration.cautions import RIGHTS
from providers.registration.rolling_back import roll_back_if_overdue, roll_back_now, roll_back_overdue
from providers.registration.secret import set_client_secret
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import BOB
from tests.providers.signin.journey import Browser, register
from tests.providers.trial.conftest import HOUR, happened, mallory, names, on_trial, run_out, stored
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
# For each field that decides who comes in, as whom and with which rights, another value by which Mallory still does.
OTHER_RULES = {
    "principal_claims": ["sub"],
    "mapping": {"name": "full_name"},
    "group_rules": [{"claim_value": "staff", "group": "Staff"}],
    "admin_principals": ["alice@corp.example", "eve@corp.example"],
    "allowed_email_domains": ["corp.example", "other.example"],
    "self_signup": False,
    "link_by_verified_email": True,
}


class RollingBackTests:
    def test_it_comes_back_by_itself_with_an_event_and_a_version(self, trial):
        run_out()
        assert roll_back_overdue(at=timezone.now()) == 1
        row = stored()
        assert (row.prompt, row.trial_ends_at, row.trial_baseline) == ("", None, None)
        event = happened()[-1]
        assert (event.action, event.actor, event.outcome) == ("provider_rolled_back", "trial", "ok")
        assert (event.before, event.after) == ({"prompt": "login"}, {"prompt": ""})
        version = ProviderVersion.objects.first()
        assert (version.number, version.by, version.note) == (3, "trial", "rolled back to version 1")
        assert roll_back_overdue(at=timezone.now()) == 0

    def test_not_before_its_time(self, trial):
        assert roll_back_overdue(at=timezone.now()) == 0
        assert roll_back_if_overdue(stored()) is False
        assert on_trial()

    def test_the_secret_comes_back_and_is_in_no_event(self, change, corp):
        before = corp.client_secret
        row = stored()
        set_client_secret(row, "another-secret-of-the-trial")
        services.save_provider(provider=row, by=BOB, fetch_metadata=False, trial=HOUR)
        run_out()
        roll_back_overdue(at=timezone.now())
        assert stored().client_secret == before
        kept = repr([(event.before, event.after) for event in Event.objects.all()])
        assert before not in kept
        assert_without(kept, "another-secret")

    def test_who_came_in_by_another_provider_stays_signed_in(self, op, change):
        register(op, slug="other")
        change(group_rules=[{"claim_value": "staff", "group": "Staff"}], trial=HOUR)
        elsewhere = mallory(op)
        elsewhere.sign_in(op, slug="other")
        run_out()
        assert roll_back_overdue(at=timezone.now()) == 1
        assert elsewhere.is_signed_in()

    def test_another_issuer_s_sessions_end_and_its_own_metadata_is_back(
        self, op, change, another_scripted_provider
    ):
        metadata = stored().discovery
        change(issuer=another_scripted_provider.issuer, trial=HOUR)
        another_scripted_provider.person["email"] = "mallory@corp.example"
        visitor = Browser()
        visitor.sign_in(another_scripted_provider)
        assert visitor.is_signed_in()
        run_out()
        op.requests.clear()
        assert not visitor.is_signed_in()
        session = ConsoleSession.objects.get()
        assert (session.ended_by, stored().issuer) == ("trial", op.issuer)
        assert stored().discovery == metadata
        assert op.requests_to("discovery") == []
        assert Browser().sign_in(op).status_code == 302

    def test_a_secret_of_before_any_document_was_read_goes_where_the_known_one_leads(
        self, op, change, another_scripted_provider
    ):
        whole = stored().client_secret_for
        Provider.objects.update(client_secret_for=[op.issuer])
        change(issuer=another_scripted_provider.issuer, trial=HOUR)
        run_out()
        assert roll_back_overdue(at=timezone.now()) == 1
        assert stored().client_secret_for == whole
        assert len(whole) > 1
        assert Browser().sign_in(op).status_code == 302

    def test_who_came_in_by_other_rules_is_out_again(self, op, change):
        early = mallory(op)
        early.sign_in(op)
        change(admin_principals=["alice@corp.example", "mallory@corp.example"], trial=HOUR)
        late = Browser()
        callback = op.visit(late.leave())
        # Not by her own sign-in, which would confirm it: she is no administrator until the rules are applied.
        Provider.objects.update(updated_at=timezone.now())
        late.arrive(callback)
        assert late.client.get("/admin/").status_code == 200
        assert on_trial()
        run_out()
        assert late.client.get("/admin/").status_code == 302
        assert early.is_signed_in()
        late.sign_in(op)
        assert late.client.get("/admin/").status_code == 302

    @pytest.mark.parametrize("name", OTHER_RULES)
    def test_what_began_under_other_rules_ends_with_them(self, op, change, name):
        change(allowed_email_domains=["corp.example"])
        early, late = mallory(op), Browser()
        early.sign_in(op)
        change(**{name: OTHER_RULES[name]}, trial=HOUR)
        late.sign_in(op)
        assert late.is_signed_in()
        assert on_trial()
        run_out()
        assert not late.is_signed_in()
        assert early.is_signed_in()
        assert ConsoleSession.objects.latest("started_at").ended_by == "trial"

    def test_what_is_saved_while_it_runs_is_no_later_beginning(self, op, change):
        change(allowed_email_domains=["corp.example"])
        visitor = mallory(op)
        change(allowed_email_domains=OTHER_RULES["allowed_email_domains"], trial=HOUR)
        visitor.sign_in(op)
        change(prompt="login")
        assert visitor.is_signed_in()
        run_out()
        assert not visitor.is_signed_in()

    @pytest.mark.parametrize(("aside", "ends"), [(0, True), (-1, False)])
    def test_what_began_in_the_same_moment_ends_and_what_was_there_before_does_not(
        self, op, change, aside, ends
    ):
        Browser().sign_in(op)
        change(self_signup=False, trial=HOUR)
        began = ProviderVersion.objects.latest("number").at
        ConsoleSession.objects.update(started_at=began + timedelta(microseconds=aside))
        run_out()
        roll_back_if_overdue(Provider.objects.get())
        assert (ConsoleSession.objects.get().ended_at is not None) is ends

    def test_every_such_rule_has_another_value_here(self):
        assert OTHER_RULES.keys() == set(RIGHTS)

    def test_nobody_is_out_where_only_the_flow_was_another(self, op, trial):
        visitor = mallory(op)
        visitor.sign_in(op)
        run_out()
        assert visitor.is_signed_in()
        assert not on_trial()

    def test_whoever_has_read_it_before_it_was_prolonged_rolls_nothing_back(self, trial, change):
        run_out()
        read_before = stored()
        Provider.objects.update(trial_ends_at=timezone.now() + HOUR)
        assert roll_back_if_overdue(read_before)
        assert (read_before.prompt, stored().prompt, on_trial()) == ("login", "login", True)
        assert names(happened()) == ["trial_started"]

    def test_whoever_has_read_it_before_it_was_confirmed_rolls_nothing_back(self, trial):
        run_out()
        read_before = stored()
        Provider.objects.update(trial_ends_at=None, trial_baseline=None)
        assert roll_back_if_overdue(read_before)
        assert (stored().prompt, stored().enabled) == ("login", True)
        assert names(happened()) == ["trial_started"]

    def test_by_hand_at_once(self, trial):
        provider = stored()
        assert roll_back_now(provider=provider, by=BOB)
        assert (provider.prompt, provider.trial_ends_at) == ("", None)
        assert happened()[-1].actor == "user:bob"
        assert not roll_back_now(provider=provider, by=BOB)

    def test_a_provider_that_was_shut_meanwhile_stays_shut(self, trial):
        services.disable_provider(provider=stored(), by=BOB)
        run_out()
        roll_back_overdue(at=timezone.now())
        row = stored()
        assert (row.prompt, row.enabled) == ("", False)

    def test_a_client_key_is_there_again(self, op, change):
        change(token_endpoint_auth_method="private_key_jwt")
        change(token_endpoint_auth_method="client_secret_basic", trial=HOUR)
        stored().client_keys.all().delete()
        run_out()
        roll_back_overdue(at=timezone.now())
        assert stored().client_keys.signing().count() == 1

    def test_where_nothing_differs_any_more_it_is_an_event_all_the_same(self, trial):
        Provider.objects.update(prompt="")  # past the services
        run_out()
        assert roll_back_overdue(at=timezone.now()) == 1
        assert (names(happened())[-1], happened()[-1].before) == ("rolled_back", None)
        assert not on_trial()


class UnusableBaselineTests:
    """What cannot be put back is not left standing: nobody signs in there, and the event says why."""

    @pytest.fixture
    def overdue(self, trial, op):
        visitor = mallory(op)
        visitor.sign_in(op)
        run_out()
        return visitor

    def assert_disabled(self, visitor, why):
        assert Browser().client.get("/signin/corp").status_code == 403
        row = stored()
        assert (row.enabled, row.prompt, row.trial_ends_at) == (False, "login", None)
        event = happened()[-1]
        assert (event.action, event.outcome) == ("provider_rolled_back", "baseline_unusable")
        assert why in event.after["why"]
        version = ProviderVersion.objects.first()
        assert version.changed == ["enabled"]
        assert version.note.startswith("disabled, because version 1 could not be put back")
        assert not visitor.is_signed_in()
        Provider.objects.update(enabled=True)  # past the services: what was ended does not come back
        assert not ConsoleSession.objects.live(at=timezone.now()).exists()

    def test_by_today_s_rules(self, overdue, monkeypatch):
        monkeypatch.setattr("providers.registration.rules.RULES", (("prompt", lambda provider: "No more."),))
        self.assert_disabled(overdue, "prompt: No more.")

    def test_gone(self, overdue):
        ProviderVersion.objects.filter(number=1).delete()
        self.assert_disabled(overdue, "no such version")

    def test_under_a_key_that_is_gone(self, overdue):
        elsewhere = ProviderVersion.objects.get(number=2).configuration_envelope  # sealed for another row
        ProviderVersion.objects.filter(number=1).update(configuration=elsewhere)
        self.assert_disabled(overdue, "cannot be read")

    def test_refused_by_the_database(self, overdue, monkeypatch):
        from django.db import IntegrityError

        def refuse(provider):
            raise IntegrityError("the row holds s3cret")

        monkeypatch.setattr("providers.registration.rolling_back.refuse_problems", refuse)
        self.assert_disabled(overdue, "The database refuses it.")
        assert_without(happened()[-1].after, "s3cret")

    def test_half_of_it_is_not_put_back(self, overdue, monkeypatch):
        """It fails after the row, the event and the version were written; none of them stays."""
        from django.db import DataError

        def fail(provider):
            raise DataError("the row holds s3cret")

        monkeypatch.setattr("providers.registration.rolling_back.uses_client_keys", fail)
        self.assert_disabled(overdue, "The database refuses it.")
        assert names(happened()) == ["trial_started", "rolled_back"]
        assert ProviderVersion.objects.count() == 3

    def test_its_name_is_taken_by_another(self, op, change):
        change(slug="corp-2", trial=HOUR)
        register(op, slug="corp")
        run_out("corp-2")
        roll_back_overdue(at=timezone.now())
        row = Provider.objects.get(slug="corp-2")
        assert not row.enabled
        assert "slug" in happened()[-1].after["why"]


def test_without_loopback_the_roll_back_disables(trial):
    """A rule that a setting has switched on since."""
    run_out()
    with override_settings(ALLOW_LOOPBACK_PROVIDERS=False):
        roll_back_overdue(at=timezone.now())
    assert not stored().enabled
