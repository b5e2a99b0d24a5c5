"""Whoever reads a provider after the end of its trial sees what was before; whoever acts by it writes that down."""

import re
from contextlib import suppress

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from providers.errors import ProviderChanged
from providers.metadata import refresh_discovery
from providers.models import ConsoleSession, DiscoveryDrift, Provider, ProviderVersion
from providers.registration import services
from providers.registration.errors import ProviderInUse
from tests.providers.registrations import BOB
from tests.providers.rehearsal.stage import typed_form
from tests.providers.signin.journey import Browser, outcome_of, query_of
from tests.providers.trial.conftest import HOUR, happened, mallory, names, run_out, stored

pytestmark = pytest.mark.django_db


class OverdueTests:
    """The time is over, and no process has done anything about it."""

    @pytest.fixture
    def overdue(self, trial):
        run_out()

    def assert_rolled_back(self):
        assert names(happened()) == ["trial_started", "rolled_back"]
        assert stored().prompt == ""

    def assert_untouched(self):
        """The row is as it was left, and there is neither an event nor a version more."""
        assert names(happened()) == ["trial_started"]
        assert Provider.objects.filter(prompt="login", trial_ends_at__isnull=False).exists()

    def test_the_start_of_a_sign_in(self, overdue):
        assert "prompt" not in query_of(Browser().leave())
        self.assert_rolled_back()

    def test_the_sign_in_page(self, overdue):
        assert "/signin/corp" in Client().get("/signin").content.decode()
        self.assert_untouched()

    def test_the_sign_in_page_under_the_name_from_before(self, change):
        change(slug="corp-2", trial=HOUR)
        run_out("corp-2")
        page = Client().get("/signin").content.decode()
        assert "/signin/corp-2" not in page
        assert "/signin/corp" in page

    @pytest.mark.parametrize(("address", "status"), [("corp", 302), ("corp-2", 403)])
    def test_its_own_address(self, change, address, status):
        change(slug="corp-2", trial=HOUR)
        run_out("corp-2")
        assert Client().get(f"/signin/{address}").status_code == status
        assert Provider.objects.filter(slug=address, trial_ends_at=None).exists() == (status == 302)

    @pytest.mark.parametrize("path", ["", "/openmetadata?target=docker"])
    def test_the_api_under_the_name_from_before(self, bob, change, path):
        change(slug="corp-2", trial=HOUR)
        run_out("corp-2")
        assert bob.get(f"/api/v1/providers/corp{path}").status_code == 200
        assert bob.get(f"/api/v1/providers/corp-2{path}").status_code == 404
        assert Provider.objects.filter(slug="corp-2").exists()

    @pytest.mark.parametrize(
        "command",
        [
            ["provider_history", "corp"],
            ["openmetadata_config", "corp", "--target", "docker"],
            ["check_provider", "corp"],
        ],
    )
    def test_a_command_by_the_name_from_before(self, change, command):
        change(slug="corp-2", trial=HOUR)
        run_out("corp-2")
        with suppress(SystemExit):  # what a check finds is its exit code
            call_command(*command)
        with pytest.raises(CommandError, match="no such provider"):
            call_command(command[0], "corp-2", *command[2:])

    def test_a_logout_token_under_the_name_from_before(self, op, corp, change):
        visitor = mallory(op)
        visitor.sign_in(op)
        change(slug="corp-2", trial=HOUR)
        run_out("corp-2")
        form = f"logout_token={op.make_logout_token(sub='subject-2')}"
        kind = "application/x-www-form-urlencoded"
        assert Client().post("/backchannel-logout/corp", form, content_type=kind).status_code == 200
        assert not ConsoleSession.objects.filter(ended_at=None).exists()

    def test_a_portal_that_names_the_issuer(self, op, change, another_scripted_provider):
        change(issuer=another_scripted_provider.issuer, trial=HOUR)
        run_out()
        answer = Client().get("/signin", {"iss": another_scripted_provider.issuer})
        assert outcome_of(answer) == "provider_unknown"
        assert Client().get("/signin", {"iss": op.issuer}).status_code == 302

    def test_an_answer(self, op, trial):
        visitor = Browser()
        callback = op.visit(visitor.leave())
        run_out()
        assert visitor.arrive(callback).status_code == 302
        self.assert_rolled_back()

    def test_an_answer_of_another_issuer(self, op, change, another_scripted_provider):
        change(issuer=another_scripted_provider.issuer, trial=HOUR)
        visitor = Browser()
        callback = another_scripted_provider.visit(visitor.leave())
        run_out()
        assert outcome_of(visitor.arrive(callback)) == "provider_changed"

    def test_the_page_of_somebody_who_is_signed_in(self, op, trial):
        visitor = mallory(op)
        visitor.sign_in(op)
        run_out()
        visitor.is_signed_in()
        self.assert_rolled_back()

    def test_a_logout_token(self, op, overdue):
        form = f"logout_token={op.make_logout_token(sub='subject-1')}"
        kind = "application/x-www-form-urlencoded"
        assert Client().post("/backchannel-logout/corp", form, content_type=kind).status_code == 200
        self.assert_rolled_back()

    def test_a_logout_token_of_the_issuer_on_trial(self, op, change, another_scripted_provider):
        """It was good until the time was over; it is not read by what is undone."""
        change(issuer=another_scripted_provider.issuer, trial=HOUR)
        run_out()
        form = f"logout_token={another_scripted_provider.make_logout_token(sub='subject-1')}"
        kind = "application/x-www-form-urlencoded"
        assert Client().post("/backchannel-logout/corp", form, content_type=kind).status_code == 400
        assert stored().issuer == op.issuer

    @pytest.mark.parametrize(
        "path", ["/providers", "/providers/corp", "/providers/corp/openmetadata?target=docker"]
    )
    def test_the_api(self, bob, overdue, path):
        answer = bob.get(f"/api/v1{path}")
        assert answer.status_code == 200
        assert '"prompt":"login"' not in answer.content.decode()
        self.assert_untouched()

    @pytest.mark.parametrize("way", ["patch", "delete"])
    def test_a_change_by_the_api(self, bob, overdue, way):
        body = {"name": "Another"} if way == "patch" else None
        answer = getattr(bob, way)("/api/v1/providers/corp", body, content_type="application/json")
        assert answer.status_code in (200, 204)
        self.assert_rolled_back()
        assert (stored().name, stored().enabled) == (("Another", True) if body else ("Corp SSO", False))

    @pytest.mark.parametrize(
        "path",
        ["", "{pk}/change/", "{pk}/versions", "{pk}/versions/1/restore", "{pk}/openmetadata", "{pk}/check"],
    )
    def test_the_admin(self, bob, overdue, path):
        page = bob.get("/admin/providers/provider/" + path.format(pk=stored().pk))
        assert page.status_code == 200
        text = page.content.decode()
        assert "trial-heading" not in text
        assert "Rolled back at" not in text
        self.assert_untouched()

    def test_the_page_that_would_roll_it_back(self, bob, overdue):
        page = bob.get(f"/admin/providers/provider/{stored().pk}/roll-back", follow=True)
        assert "is not on trial any more" in page.content.decode()
        self.assert_untouched()

    def test_a_form_that_was_opened_before_the_end(self, op, bob, trial):
        """It holds what was on trial, which a save would keep for good."""
        address = f"/admin/providers/provider/{stored().pk}/change/"
        seen = re.search(r'name="seen" value="([^"]+)"', bob.get(address).content.decode())
        run_out()
        typed = typed_form(op) | {"client_secret": "", "prompt": "login", "seen": seen.group(1)}
        assert "It was changed since this page was opened" in bob.post(address, typed).content.decode()
        self.assert_untouched()

    @pytest.mark.parametrize(
        ("command", "shows"),
        [
            (["export"], "prompt: login"),
            (["openmetadata_config", "corp", "--target", "docker"], ""),
            (["provider_history", "corp"], "On trial"),
        ],
    )
    def test_a_command_that_shows(self, overdue, command, shows, capsys):
        call_command(*command)
        told = capsys.readouterr().out
        assert told
        assert not shows or shows not in told
        self.assert_untouched()

    @pytest.mark.parametrize("action", ["enable", "disable", "save", "delete"])
    def test_a_service_that_writes(self, overdue, action):
        provider = stored()
        if action == "save":
            provider.name = "Another"
            services.save_provider(provider=provider, by=BOB, fetch_metadata=False)
        elif action == "delete":
            with pytest.raises(ProviderInUse):
                services.delete_provider(provider=provider, by=BOB)
        else:
            getattr(services, f"{action}_provider")(provider=provider, by=BOB)
        assert stored().prompt == ""
        if action != "delete":  # what was refused has written nothing
            self.assert_rolled_back()

    @pytest.mark.parametrize("left", [None, "no JSON", "[1]", '{"leeway": "long"}', '{"max_age": [1]}'])
    def test_what_cannot_be_put_back_lets_nobody_in(self, overdue, left):
        before = ProviderVersion.objects.get(number=1)
        if left is None:
            before.delete()
        else:
            before.configuration = left
            before.save()
        assert not stored().enabled
        assert "/signin/corp" not in Client().get("/signin").content.decode()
        self.assert_untouched()
        assert Client().get("/signin/corp").status_code == 403
        assert not Provider.objects.filter(enabled=True).exists()

    def test_it_has_the_metadata_of_its_own_issuer(self, op, change, another_scripted_provider):
        before = stored().discovery
        change(issuer=another_scripted_provider.issuer, trial=HOUR)
        Browser().leave()
        run_out()
        row = stored()
        assert (row.issuer, row.discovery, row.jwks) == (op.issuer, before, None)

    @pytest.mark.parametrize("door", ["save", "refresh"])
    @pytest.mark.parametrize("member", ["authorization_endpoint", "token_endpoint"])
    def test_other_endpoints_wait_for_a_decision(
        self, op, bob, change, another_scripted_provider, monkeypatch, door, member
    ):
        before, shape = stored().discovery, op.discovery.shape
        change(issuer=another_scripted_provider.issuer, trial=HOUR)
        run_out()
        monkeypatch.setattr(op.discovery, "shape", lambda it: shape(it) | {member: "https://other.example/"})
        if door == "save":
            answer = bob.patch("/api/v1/providers/corp", {"name": "Another"}, content_type="application/json")
            assert answer.status_code == 200
        else:
            row = {"action": "refresh_metadata", "_selected_action": str(stored().pk)}
            assert bob.post("/admin/providers/provider/", row).status_code == 302
        assert names(happened()) == ["trial_started", "rolled_back"]
        assert (stored().enabled, stored().discovery) == (True, before)
        assert DiscoveryDrift.objects.count() == (door == "refresh")

    def test_a_document_that_comes_at_the_end_is_not_kept(self, op, change, another_scripted_provider):
        change(issuer=another_scripted_provider.issuer, trial=HOUR)
        run_out()
        with pytest.raises(ProviderChanged):
            refresh_discovery(provider=stored(), by=BOB)
        assert Provider.objects.filter(
            issuer=another_scripted_provider.issuer, discovery__isnull=True
        ).exists()

    def test_cleanup_says_so(self, overdue, capsys):
        call_command("cleanup")
        assert "trials that nobody confirmed: 1 rolled back" in capsys.readouterr().out

    @pytest.mark.parametrize("door", ["command", "admin"])
    def test_rotating_a_client_key(self, bob, change, capsys, door):
        change(token_endpoint_auth_method="private_key_jwt")
        change(prompt="login", trial=HOUR)
        run_out()
        if door == "command":
            call_command("rotate_client_key", "corp")
        else:
            row = {"action": "rotate_client_keys", "_selected_action": str(stored().pk), "confirmed": "yes"}
            bob.post("/admin/providers/provider/", row)
        self.assert_rolled_back()
