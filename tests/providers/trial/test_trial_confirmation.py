"""Only an administrator who comes in through the provider, from the beginning and in time, confirms."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from providers.models import ConsoleSession, Provider
from providers.registration.rolling_back import roll_back_overdue
from tests.providers.signin.journey import Browser, outcome_of, register
from tests.providers.trial.conftest import HOUR, happened, mallory, names, on_trial, run_out, stored

pytestmark = pytest.mark.django_db


class ConfirmingTests:
    def test_an_administrator_who_comes_in_through_it_confirms(self, op, trial):
        assert Browser().sign_in(op).status_code == 302
        row = stored()
        assert (row.prompt, row.trial_ends_at, row.trial_baseline) == ("login", None, None)
        event = happened()[-1]
        assert (event.action, event.actor) == ("provider_trial_confirmed", "user:alice@corp.example")
        with time_machine.travel(timezone.now() + 2 * HOUR):
            assert roll_back_overdue(at=timezone.now()) == 0
        assert names(happened()) == ["trial_started", "trial_confirmed"]

    def test_somebody_who_administers_nothing_does_not(self, op, trial):
        visitor = mallory(op)
        visitor.sign_in(op)
        assert visitor.is_signed_in()
        assert on_trial()

    def test_a_refused_administrator_does_not(self, op, change):
        change(allowed_email_domains=["other.example"], trial=HOUR)
        assert outcome_of(Browser().sign_in(op)) == "not_admitted"
        assert on_trial()

    def test_another_provider_does_not(self, op, trial, another_scripted_provider):
        register(another_scripted_provider, slug="other", admin_principals=["alice@corp.example"])
        another_scripted_provider.person["email"] = "alice@corp.example"
        visitor = Browser()
        assert visitor.sign_in(another_scripted_provider, "other").status_code == 302
        assert on_trial()

    def test_an_administrator_without_what_administrators_need_does_not(self, op, change):
        change(admin_required_acr=["phr"], admin_required_amr=["mfa"], trial=HOUR)
        visitor = Browser()
        for claims in ({}, {"acr": "phr"}, {"acr": "0", "amr": ["mfa"]}):
            op.id_token.claims |= {"acr": None, "amr": None} | claims
            visitor.sign_in(op)
            assert visitor.is_signed_in()
            assert on_trial()
        op.id_token.claims |= {"acr": "phr"}
        visitor.sign_in(op)
        assert not on_trial()

    def test_an_attempt_from_before_the_change_proves_half_of_it_and_does_not(self, op, change):
        visitor = Browser()
        callback = op.visit(visitor.leave())
        change(prompt="login", trial=HOUR)
        visitor.arrive(callback)
        assert visitor.client.get("/admin/").status_code == 200
        assert on_trial()
        visitor.sign_in(op)
        assert not on_trial()

    def test_connecting_an_account_does_not(self, op, corp, change):
        visitor = Browser()
        visitor.sign_in(op)
        change(prompt="login", trial=HOUR)
        from tests.providers.signin.journey import hop_of

        left = visitor.client.post("/account/connect/corp")
        visitor.arrive(op.visit(hop_of(left)))
        assert on_trial()

    def test_a_password_does_not(self, trial, django_user_model):
        django_user_model.objects.create_superuser("bob", password="x" * 20)
        bob = Client()
        answer = bob.post("/admin/login/", {"username": "bob", "password": "x" * 20, "next": "/admin/"})
        assert (answer.status_code, answer["Location"]) == (302, "/admin/")
        assert bob.get("/admin/providers/provider/").status_code == 200
        assert on_trial()
        assert names(happened()) == ["trial_started"]

    def test_too_late_signs_nobody_in_by_what_is_undone(self, op, trial):
        visitor = Browser()
        callback = op.visit(visitor.leave())
        run_out()
        visitor.arrive(callback)
        assert names(happened()) == ["trial_started", "rolled_back"]
        assert stored().prompt == ""

    @pytest.mark.parametrize("person", ["alice", "mallory"])
    @pytest.mark.parametrize("what", ["over", "rolled back", "changed"])
    def test_what_ends_while_the_provider_is_asked_signs_nobody_in(
        self, op, change, monkeypatch, person, what
    ):
        change(prompt="login", trial=HOUR)
        visitor = mallory(op) if person == "mallory" else Browser()
        callback = op.visit(visitor.leave())

        def meanwhile():
            if what == "changed":
                change(leeway=30)
                return
            run_out()
            if what == "rolled back":
                roll_back_overdue(at=timezone.now())

        _when_the_code_is_redeemed(monkeypatch, meanwhile)
        assert outcome_of(visitor.arrive(callback)) == "provider_changed"
        assert not visitor.is_signed_in()
        assert "trial_confirmed" not in names(happened())
        assert ConsoleSession.objects.count() == 0

    def test_who_comes_in_while_another_confirms_is_in(self, op, trial, monkeypatch):
        visitor = mallory(op)
        callback = op.visit(visitor.leave())
        confirmed = {"trial_ends_at": None, "trial_baseline": None}
        _when_the_code_is_redeemed(monkeypatch, lambda: Provider.objects.update(**confirmed))
        visitor.arrive(callback)
        assert visitor.is_signed_in()

    def test_at_the_last_moment(self, op, trial):
        """A millisecond before its end is in time."""
        with time_machine.travel(stored().trial_ends_at - timedelta(milliseconds=1), tick=False):
            visitor = Browser()
            visitor.sign_in(op)
        assert names(happened()) == ["trial_started", "trial_confirmed"]
        assert stored().prompt == "login"


def _when_the_code_is_redeemed(monkeypatch, act):
    from providers.signin import backend

    redeem = backend.redeem_code

    def meanwhile(*args, **kwargs):
        answer = redeem(*args, **kwargs)
        act()
        return answer

    monkeypatch.setattr(backend, "redeem_code", meanwhile)
