"""What can be saved on trial, and what a later save does to the trial."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from providers.models import Provider, ProviderVersion
from providers.registration import services
from providers.registration.errors import RegistrationInvalid
from providers.registration.rolling_back import roll_back_now, roll_back_overdue
from ssoconsole.platform.actors import Actor, SuperuserRequired
from tests.providers.registrations import BOB
from tests.providers.trial.conftest import HOUR, happened, names, on_trial, run_out, stored

pytestmark = pytest.mark.django_db
MALLORY = Actor("user", "mallory", is_limited=True)


class BeginningTests:
    def test_the_row_knows_until_when_and_what_comes_back(self, trial):
        row = stored()
        assert timedelta(minutes=59) < row.trial_ends_at - timezone.now() <= HOUR
        assert (row.trial_baseline, row.prompt) == (1, "login")
        [event] = happened()
        assert (event.action, event.actor, event.target) == ("provider_trial_started", "user:bob", "corp")
        assert event.after == {"baseline": 1, "ends_at": row.trial_ends_at.isoformat()}
        assert trial.told[0].startswith("On trial until ")

    def test_what_can_lock_nobody_out_is_kept_for_good(self, change):
        assert change(name="Corporation", trial=HOUR)[0].startswith("Nothing that could lock anybody out")
        assert (stored().name, on_trial(), happened()) == ("Corporation", False, [])

    def test_letting_people_in_can_be_on_trial(self, change):
        change(enabled=False)
        change(enabled=True, trial=HOUR)
        run_out()
        roll_back_overdue(at=timezone.now())
        assert not stored().enabled

    @pytest.mark.parametrize("lasts", [timedelta(0), timedelta(minutes=-1), timedelta(hours=24, seconds=1)])
    def test_a_trial_has_a_time(self, change, lasts):
        with pytest.raises(RegistrationInvalid) as invalid:
            change(prompt="login", trial=lasts)
        assert list(invalid.value.problems) == ["trial"]
        assert stored().prompt == ""

    @pytest.mark.parametrize("lasts", [timedelta(seconds=1), timedelta(hours=24)])
    def test_from_a_second_to_a_day(self, change, lasts):
        change(prompt="login", trial=lasts)
        assert (stored().prompt, on_trial()) == ("login", True)

    def test_what_nobody_could_confirm_is_refused(self, change):
        with pytest.raises(RegistrationInvalid, match="disabled"):
            change(enabled=False, prompt="login", trial=HOUR)

    def test_a_new_provider_has_nothing_to_go_back_to(self, op):
        with pytest.raises(RegistrationInvalid, match="no earlier version"):
            services.save_provider(
                provider=Provider(slug="new", name="New", issuer=op.issuer, client_id="console", pkce=True,
                                  token_endpoint_auth_method="none"),
                by=BOB,
                trial=HOUR,
            )  # fmt: skip
        assert not Provider.objects.filter(slug="new").exists()


class SavingMeanwhileTests:
    def test_a_trial_on_a_trial_starts_the_time_anew_and_keeps_the_first_baseline(self, change, trial):
        first = stored().trial_ends_at
        change(prompt="consent", trial=2 * HOUR)
        row = stored()
        assert row.trial_ends_at > first
        assert row.trial_baseline == 1
        run_out()
        roll_back_overdue(at=timezone.now())
        assert stored().prompt == ""

    def test_more_time_can_be_asked_for_without_a_change(self, change, trial):
        first = stored().trial_ends_at
        change(trial=2 * HOUR)
        assert stored().trial_ends_at > first

    def test_it_is_a_superusers_to_ask_for(self, change, trial):
        first = stored().trial_ends_at
        for changes in ({}, {"name": "Corporation"}):
            with pytest.raises(SuperuserRequired):
                change(trial=2 * HOUR, by=MALLORY, **changes)
        assert (stored().trial_ends_at, stored().name) == (first, "Corp SSO")
        change(name="Corporation", by=MALLORY)
        assert (stored().trial_ends_at, stored().name) == (first, "Corporation")

    def test_a_save_for_good_is_part_of_the_trial_and_says_so(self, change, trial):
        ends_at = stored().trial_ends_at
        assert change(leeway=30, name="Corporation")[0].startswith("On trial until ")
        assert stored().trial_ends_at == ends_at
        run_out()
        roll_back_overdue(at=timezone.now())
        row = stored()
        assert (row.prompt, row.leeway, row.name) == ("", 60, "Corp SSO")

    def test_bringing_back_what_was_ends_it(self, change, trial):
        assert "the trial is over" in change(prompt="")[0]
        assert not on_trial()
        assert names(happened()) == ["trial_started", "trial_ended"]

    def test_a_save_goes_on_though_the_baseline_is_lost(self, change, trial):
        ProviderVersion.objects.filter(number=1).delete()
        change(leeway=30)
        assert (on_trial(), stored().leeway) == (True, 30)

    def test_shutting_what_was_opened_on_trial_ends_it(self, change):
        change(enabled=False)
        change(enabled=True, trial=HOUR)
        services.disable_provider(provider=stored(), by=BOB)
        assert not on_trial()

    def test_a_row_that_was_read_before_the_trial_does_not_end_it(self, change, corp):
        early = stored()
        change(prompt="login", trial=HOUR)
        early.leeway = 30
        early.prompt = "login"
        services.save_provider(provider=early, by=BOB, fetch_metadata=False, anyway=True)
        assert (on_trial(), stored().trial_baseline) == (True, 1)

    @pytest.mark.parametrize(
        "end", ["the time is over", "rolled back by itself", "rolled back by hand", "another has begun"]
    )
    def test_a_row_that_was_read_before_the_end_keeps_nothing_for_good(self, change, trial, end):
        early = stored()
        if end in ("rolled back by hand", "another has begun"):
            roll_back_now(provider=stored(), by=BOB)
        else:
            run_out()
        if end == "rolled back by itself":
            roll_back_overdue(at=timezone.now())
        if end == "another has begun":
            change(pkce=False, trial=HOUR)
        early.leeway = 30
        with pytest.raises(RegistrationInvalid, match="trial under which this was read is over"):
            services.save_provider(provider=early, by=BOB, fetch_metadata=False, anyway=True)
        roll_back_overdue(at=timezone.now())
        assert (stored().prompt, stored().leeway) == ("", 60)


class ApplyTests:
    @pytest.fixture
    def apply(self, tmp_path, capsys):
        def apply(prompt):
            file = tmp_path / "console.yaml"
            file.write_text(f"providers: [{{slug: corp, prompt: {prompt}}}]\n")
            call_command("apply", str(file))
            out = capsys.readouterr()
            return out.out + out.err

        return apply

    def test_the_file_of_before_ends_the_trial(self, trial, apply):
        assert "the trial is over" in apply("null")
        assert (stored().prompt, on_trial()) == ("", False)

    def test_the_file_that_is_on_trial_changes_nothing(self, trial, apply):
        apply("login")
        assert on_trial()

    def test_another_file_is_part_of_the_trial_and_warned_of(self, trial, apply):
        assert "warning: On trial until" in apply("consent")
        run_out()
        roll_back_overdue(at=timezone.now())
        assert stored().prompt == ""

    def test_after_its_time_the_file_is_compared_with_what_came_back(self, trial, apply):
        run_out()
        apply("login")
        assert names(happened()) == ["trial_started", "rolled_back"]
        assert (stored().prompt, on_trial()) == ("login", False)
