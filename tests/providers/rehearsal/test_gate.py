"""What people depend on changes after a rehearsal, or by somebody who says “anyway” and is on record."""

import re
from copy import copy
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from providers.models import Identity, Provider, Rehearsal
from providers.registration import services
from providers.registration.cautions import RISKY
from providers.registration.errors import RehearsalRequired
from providers.registration.secret import set_client_secret
from ssoconsole.console.configuration.apply import apply_configuration
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from tests.providers.admin.test_kept_secret import KEPT, kept_in
from tests.providers.registrations import BOB, provider_at, provider_events
from tests.providers.rehearsal.stage import LIST
from tests.providers.signin.journey import Browser
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
DOCUMENT = Path(__file__).parents[3] / "docs" / "rehearsal.md"
# For each risky field another value that can be saved.
OTHER_VALUES = {
    "slug": "another",
    "kind": "onelogin",
    "issuer": "http://127.0.0.1:9/elsewhere",
    "client_id": "another",
    "client_secret": "another-secret-of-at-least-32-bytes",
    "token_endpoint_auth_method": "client_secret_post",
    "assertion_audience": "token_endpoint",
    "pushed_authorization": False,
    "response_type": "id_token",
    "scopes": ["openid"],
    "pkce": False,
    "signing_algs": ["ES256"],
    "leeway": 30,
    "max_age": 600,
    "prompt": "login",
    "acr_values": ["phr"],
    "required_acr": ["phr"],
    "required_amr": ["mfa"],
    "admin_required_acr": ["phr"],
    "admin_required_amr": ["mfa"],
    "extra_params": {"hd": "corp.example"},
    "callback": "shared",
    "trusted_audiences": ["project"],
    "userinfo": "never",
    "principal_claims": ["sub"],
    "mapping": {"email": "mail"},
    "group_rules": [{"claim_value": "staff", "group": "Staff"}],
    "admin_principals": ["alice@corp.example"],
    "allowed_email_domains": ["corp.example"],
    "self_signup": False,
    "link_by_verified_email": True,
}
HARMLESS = {
    "name": "Corporation",
    "icon": "cloud",
    "order": 5,
    "signout_params": {"client": "{client_id}"},
    "session_lifetime": 3600,
    "session_refresh": "prompt_none",
    "session_check_every": 600,
}


def save(provider, **kwargs):
    return services.save_provider(provider=provider, by=BOB, fetch_metadata=False, **kwargs)


def changed(provider, **values):
    """The registration with other values; not saved."""
    another = copy(provider)
    secret = values.pop("client_secret", provider.client_secret)
    for name, value in values.items():
        setattr(another, name, value)
    set_client_secret(another, secret)
    return another


def edge(name):
    """What goes with the other value so that the rules let it be saved."""
    more = {"link_by_verified_email": {"allowed_email_domains": ["corp.example"]}}
    return {name: OTHER_VALUES[name], **more.get(name, {})}


def page_of(provider):
    return f"{LIST}{provider.pk}/change/"


def messages_in(response):
    return [str(message) for message in response.context["messages"]]


class SavingTests:
    def test_every_risky_field_has_a_value_here(self):
        assert set(RISKY) == OTHER_VALUES.keys()

    def test_the_documentation_names_each(self):
        text = DOCUMENT.read_text().partition("These ask for it:")[2].partition("These never do")[0]
        assert set(re.findall(r"`(\w+)`", text)) == set(RISKY)

    @pytest.mark.parametrize("name", RISKY)
    def test_a_risky_change_of_an_enabled_provider_is_refused(self, corp, name):
        before = Provider.objects.values().get()
        with pytest.raises(RehearsalRequired) as refused:
            save(changed(corp, **edge(name)))
        assert refused.value.code == "rehearsal_required"
        assert name in refused.value.changed
        assert Provider.objects.values().get() == before
        assert not provider_events().exists()

    @pytest.mark.parametrize("name", HARMLESS)
    def test_any_other_change_is_not(self, corp, name):
        save(changed(corp, **{name: HARMLESS[name]}))
        assert getattr(Provider.objects.get(), name) == HARMLESS[name]
        assert Provider.objects.get().risky_change_at is None
        assert "anyway" not in provider_events().get().after

    def test_while_a_trial_runs_none_is_needed(self, corp):
        save(changed(corp, leeway=30), trial=timedelta(hours=1))
        save(changed(Provider.objects.get(), leeway=20))
        assert Provider.objects.get().leeway == 20
        assert provider_events().first().after == {"leeway": 20}

    def test_anyway_is_a_word_and_on_record(self, corp):
        save(changed(corp, leeway=30), anyway=True)
        event = provider_events().get()
        assert event.action == "provider_changed"
        assert event.after == {"leeway": 30, "anyway": True}
        assert Provider.objects.get().risky_change_at

    def test_who_says_it_for_nothing_is_not_on_record_with_it(self, corp):
        save(changed(corp, name="Corporation"), anyway=True)
        assert provider_events().get().after == {"name": "Corporation"}

    def test_a_new_provider_is_saved_enabled(self, op):
        save(
            Provider(
                slug="new", name="New", issuer=op.issuer, client_id="c", token_endpoint_auth_method="none"
            )
        )
        assert Provider.objects.get().risky_change_at is None

    def test_nobody_depends_on_one_that_is_disabled(self, corp):
        Provider.objects.update(enabled=False)
        corp.refresh_from_db()
        save(changed(corp, leeway=30))
        assert Provider.objects.get().risky_change_at

    def test_nor_on_one_that_is_disabled_by_the_same_save(self, corp):
        save(changed(corp, leeway=30, enabled=False))
        assert not Provider.objects.get().enabled


class EnablingTests:
    @pytest.fixture
    def off(self, corp):
        """Disabled, and changed riskily since."""
        services.disable_provider(provider=corp, by=BOB)
        save(changed(corp, leeway=30))
        return Provider.objects.get()

    def test_what_was_not_changed_is_enabled_again(self, corp):
        services.disable_provider(provider=corp, by=BOB)
        save(changed(corp, name="Corporation"))
        assert services.enable_provider(provider=corp, by=BOB) is True

    def test_what_was_changed_is_not(self, off):
        with pytest.raises(RehearsalRequired) as refused:
            services.enable_provider(provider=off, by=BOB)
        assert refused.value.changed == ("enabled",)
        assert not Provider.objects.get().enabled

    def test_nor_by_a_save(self, off):
        with pytest.raises(RehearsalRequired):
            save(changed(off, enabled=True))

    def test_anyway_is_on_record(self, off):
        assert services.enable_provider(provider=off, by=BOB, anyway=True)
        assert provider_events().first().after == {"anyway": True}

    def test_somebody_who_has_come_in_elsewhere_is_none(self, op, off):
        elsewhere = Provider.objects.create(slug="other", name="Other", issuer=op.issuer, client_id="c")
        alice = User.objects.create(username="alice")
        Identity.objects.create(provider=elsewhere, sub="s", user=alice, last_signed_in_at=timezone.now())
        with pytest.raises(RehearsalRequired):
            services.enable_provider(provider=off, by=BOB)
        assert not Provider.objects.get(pk=off.pk).enabled

    def test_somebody_who_has_come_in_since_is_proof_enough(self, off):
        alice = User.objects.create(username="alice")
        identity = Identity.objects.create(
            provider=off, sub="s", user=alice, last_signed_in_at=off.created_at
        )
        with pytest.raises(RehearsalRequired):
            services.enable_provider(provider=off, by=BOB)
        identity.last_signed_in_at = timezone.now()
        identity.save()
        assert services.enable_provider(provider=off, by=BOB)

    def test_a_sign_in_after_the_change_is_one(self, corp, op):
        save(changed(corp, leeway=30), anyway=True)
        Browser().sign_in(op)
        services.disable_provider(provider=corp, by=BOB)
        assert services.enable_provider(provider=corp, by=BOB)

    def test_enabling_what_is_enabled_asks_for_nothing(self, corp):
        save(changed(corp, leeway=30), anyway=True)
        assert services.enable_provider(provider=corp, by=BOB) is False

    def test_a_row_that_is_gone_is_not_enabled(self, corp):
        Provider.objects.all().delete()
        assert services.enable_provider(provider=corp, by=BOB) is False


class DraftTests:
    @pytest.fixture
    def draft(self, op):
        provider = provider_at(op, slug="new", name="New", scopes=["openid", "email", "groups"])
        services.save_provider(provider=provider, by=BOB, draft=True)
        return Provider.objects.get()

    def test_it_is_off_whatever_the_row_says_and_stands_on_no_sign_in_page(self, draft):
        assert not draft.enabled
        assert list(Provider.objects.drafts()) == [draft]
        assert "New" not in Browser().client.get("/signin").content.decode()

    def test_it_is_not_enabled_by_itself_nor_by_a_save(self, draft):
        with pytest.raises(RehearsalRequired):
            services.enable_provider(provider=draft, by=BOB)
        with pytest.raises(RehearsalRequired):
            save(changed(draft, enabled=True))
        assert not Provider.objects.get().enabled

    def test_it_is_after_a_rehearsal(self, draft, stage):
        stage.rehearse(draft, slug="new", name="New", client_secret="")
        assert services.enable_provider(provider=draft, by=BOB)
        assert not Provider.objects.drafts().exists()

    def test_not_after_one_of_something_else(self, draft, stage):
        stage.rehearse(draft, slug="new", name="New", client_secret="", leeway="30")
        with pytest.raises(RehearsalRequired):
            services.enable_provider(provider=draft, by=BOB)

    def test_anyway_goes_on_record(self, draft):
        assert services.enable_provider(provider=draft, by=BOB, anyway=True)
        assert provider_events().first().after == {"anyway": True}

    def test_one_that_was_on_and_let_somebody_in_is_none(self, draft, op):
        services.enable_provider(provider=draft, by=BOB, anyway=True)
        Browser().sign_in(op, "new")
        services.disable_provider(provider=draft, by=BOB)
        assert not Provider.objects.drafts().exists()
        assert services.enable_provider(provider=draft, by=BOB)

    def test_what_is_registered_off_by_another_door_is_none(self, op):
        save(provider_at(op, enabled=False))
        assert services.enable_provider(provider=Provider.objects.get(), by=BOB)


class RehearsedTests:
    def test_what_succeeded_may_be_saved_and_the_event_names_it(self, stage, corp):
        told = stage.rehearse(corp, leeway="30")
        save(changed(corp, leeway=30))
        assert provider_events().first().after == {"leeway": 30, "rehearsal": told["attempt"].reference}

    def test_so_may_what_is_harmless_beside_it(self, stage, corp):
        stage.rehearse(corp, leeway="30")
        save(changed(corp, leeway=30, name="Corporation"))

    def test_anything_else_may_not(self, stage, corp):
        stage.rehearse(corp, leeway="30")
        for name in RISKY:
            beside = {"leeway": 31} if name == "leeway" else {**edge(name), "leeway": 30}
            with pytest.raises(RehearsalRequired):
                save(changed(corp, **beside))
        save(changed(corp, leeway=30))

    def test_what_was_refused_may_not(self, stage, op, corp):
        op.id_token.append("iss")
        stage.rehearse(corp, leeway="30")
        with pytest.raises(RehearsalRequired):
            save(changed(corp, leeway=30))

    def test_what_is_still_under_way_may_not(self, stage, corp):
        stage.leave(corp, leeway="30")
        with pytest.raises(RehearsalRequired):
            save(changed(corp, leeway=30))

    def test_it_counts_for_half_an_hour(self, stage, corp):
        stage.rehearse(corp, leeway="30")
        later = timezone.now() + timedelta(minutes=30, seconds=1)
        with time_machine.travel(later, tick=False), pytest.raises(RehearsalRequired):
            save(changed(corp, leeway=30))

    def test_it_counts_for_its_provider_only(self, stage, corp):
        stage.rehearse(slug="other", leeway="30")
        with pytest.raises(RehearsalRequired):
            save(changed(corp, leeway=30))

    def test_that_of_a_user_who_is_disabled_does_not_count(self, stage, corp):
        stage.rehearse(corp, leeway="30")
        User.objects.filter(username="bob").update(is_active=False)
        with pytest.raises(RehearsalRequired):
            save(changed(corp, leeway=30))

    def test_one_that_no_key_opens_does_not_count(self, stage, corp, monkeypatch):
        from ssoconsole.platform.encryption.keyring import DecryptionFailed

        def fails(rehearsal):
            raise DecryptionFailed

        stage.rehearse(corp, leeway="30")
        monkeypatch.setattr("providers.rehearsal.services.rehearsed_provider", fails)
        with pytest.raises(RehearsalRequired):
            save(changed(corp, leeway=30))

    def test_another_administrator_may_save_it(self, stage, corp):
        stage.rehearse(corp, leeway="30")
        services.save_provider(provider=changed(corp, leeway=30), by=Actor("user", "eve"))

    def test_a_provider_is_enabled_after_it(self, stage, corp):
        services.disable_provider(provider=corp, by=BOB)
        save(changed(corp, leeway=30))
        stage.rehearse(corp, leeway="30", enabled="")
        assert services.enable_provider(provider=Provider.objects.get(), by=BOB)


class FormTests:
    def post(self, stage, corp, **changes):
        return stage.client.post(page_of(corp), stage.form | {"client_secret": ""} | changes, follow=True)

    def test_the_form_explains_and_offers_anyway(self, stage, corp):
        response = self.post(stage, corp, leeway="30")
        text = response.content.decode()
        assert "Not saved yet: this wants a rehearsal" in text
        assert "a change of leeway can lock them out" in text
        assert 'name="anyway"' in text
        assert "What you gave is kept" not in text
        assert Provider.objects.get().leeway == 60

    def test_a_secret_that_was_typed_is_rehearsed_and_saved_without_being_typed_again(self, stage, corp, op):
        op.client.client_secret = "another-secret"
        text = self.post(stage, corp, client_secret="another-secret").content.decode()
        assert "What you gave is kept" in text
        assert_without(text, "another-secret")
        kept = {"client_secret": "", KEPT: kept_in(text)}
        assert stage.rehearse(corp, **kept)["succeeded"]
        assert self.post(stage, corp, **kept).redirect_chain
        assert Provider.objects.get().client_secret == "another-secret"

    def test_without_need_there_is_no_anyway(self, stage, corp):
        assert 'name="anyway"' not in stage.client.get(page_of(corp)).content.decode()
        assert self.post(stage, corp, name="Corporation").redirect_chain

    def test_anyway_saves_it(self, stage, corp):
        self.post(stage, corp, leeway="30", anyway="on")
        assert Provider.objects.get().leeway == 30
        assert provider_events().first().after["anyway"] is True

    def test_the_word_stays_when_something_else_is_wrong(self, stage, corp):
        text = self.post(stage, corp, leeway="301", anyway="on").content.decode()
        assert 'name="anyway"' in text

    def test_what_was_rehearsed_is_saved(self, stage, corp):
        stage.rehearse(corp, leeway="30", client_secret="")
        assert self.post(stage, corp, leeway="30").redirect_chain
        assert Provider.objects.get().leeway == 30

    def test_a_rehearsal_that_ran_out_meanwhile_is_a_message(self, stage, corp, monkeypatch):
        monkeypatch.setattr("providers.admin.forms.pass_gate", lambda **kwargs: {})
        response = self.post(stage, corp, leeway="30")
        assert messages_in(response)[0].startswith("Not saved. This could lock people out")
        assert Provider.objects.get().leeway == 60

    def test_a_new_provider_comes_with_a_hint(self, stage):
        response = stage.client.post(f"{LIST}add/", stage.form, follow=True)
        assert any("Nobody has signed in through this provider yet" in text for text in messages_in(response))

    def test_the_action_names_those_it_does_not_enable_and_enables_the_rest(self, stage, corp, op):
        other = Provider.objects.create(slug="other", name="Other", issuer=op.issuer, enabled=False)
        services.disable_provider(provider=corp, by=BOB)
        save(changed(corp, leeway=30))
        action = {"action": "enable", "_selected_action": [str(corp.pk), str(other.pk)]}
        refusal, count = messages_in(stage.client.post(LIST, action, follow=True))
        assert refusal.startswith("Corp SSO: not enabled")
        assert "Rehearse sign-in" in refusal
        assert count == "Providers enabled: 1."


def test_a_file_says_anyway_by_itself_and_that_is_on_record(corp):
    document = "providers: [{slug: corp, leeway: 30, enabled: false}]"
    apply_configuration(document.encode(), environment={}, by=BOB)
    document = "providers: [{slug: corp, max_age: 60, enabled: true}]"
    apply_configuration(document.encode(), environment={}, by=BOB)
    events = provider_events().filter(action="provider_enabled")
    assert events.get().after == {"anyway": True}
    apply_configuration(b"providers: [{slug: corp, leeway: 40}]", environment={}, by=BOB)
    assert provider_events().filter(action="provider_changed").first().after["anyway"] is True
    assert not Rehearsal.objects.exists()
