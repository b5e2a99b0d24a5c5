"""The configuration history in the admin: seen by who may see the provider, restored by who may change it."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from providers.models import Provider, ProviderVersion
from providers.registration import services
from providers.registration.secret import set_client_secret
from ssoconsole.platform.accounts.models import User
from tests.providers.registrations import BOB
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
SECRET = "s3cret-that-no-page-may-show"


def save(provider, **changes):
    for name, value in changes.items():
        setattr(provider, name, value)
    services.save_provider(provider=provider, by=BOB, fetch_metadata=False, anyway=True)


@pytest.fixture
def changed(corp):
    """corp with three versions: as it was, another leeway, another secret."""
    save(corp, leeway=30)
    set_client_secret(corp, SECRET)
    save(corp)
    return corp


def under(provider, place):
    return f"/admin/providers/provider/{provider.pk}/{place}"


def browser_of(name, *permissions):
    user = User.objects.create(username=name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    return client


def messages_in(response):
    return [str(message) for message in response.context["messages"]]


class HistoryPageTests:
    def test_it_is_a_link_away_and_tells_who_changed_what(self, bob, changed):
        assert under(changed, "versions") in bob.get(under(changed, "change/")).content.decode()
        page = bob.get(under(changed, "versions")).content.decode()
        assert re.findall(r"<h2 [^>]*>Version (\d)", page) == ["3", "2", "1"]
        assert '<th scope="row">leeway</th><td>60</td><td>30</td>' in page
        assert '<th scope="row">client_secret</th><td>(earlier)</td><td>(changed)</td>' in page
        assert "by user:bob" in page
        assert_without(page, SECRET)

    def test_a_provider_that_nobody_has_changed_says_so(self, bob, corp):
        assert "Nothing was changed since" in bob.get(under(corp, "versions")).content.decode()

    def test_older_ones_are_a_page_further(self, bob, corp):
        for leeway in range(1, 24):
            save(corp, leeway=leeway)
        page = bob.get(under(corp, "versions")).content.decode()
        assert 'href="?before=5"' in page
        older = bob.get(under(corp, "versions"), {"before": "5"}).content.decode()
        assert re.findall(r"<h2 [^>]*>Version (\d+)", older) == ["4", "3", "2", "1"]
        assert "?before" not in older

    @pytest.mark.parametrize("before", ["", "x", "-1", "9" * 30])
    def test_nonsense_is_the_first_page(self, bob, changed, before):
        assert "Version 3" in bob.get(under(changed, "versions"), {"before": before}).content.decode()

    def test_two_versions_are_compared(self, bob, changed):
        page = bob.get(under(changed, "versions/compare"), {"from": "1", "to": "now"}).content.decode()
        assert '<th scope="row">leeway</th><td>60</td><td>30</td>' in page
        assert "<td>(changed)</td>" in page
        assert_without(page, SECRET)
        same = bob.get(under(changed, "versions/compare"), {"from": "3", "to": "now"})
        assert "They are the same." in same.content.decode()

    @pytest.mark.parametrize("first", ["", "9", "x", "0"])
    def test_what_is_no_version_is_not_found(self, bob, changed, first):
        assert bob.get(under(changed, "versions/compare"), {"from": first}).status_code == 404

    def test_values_are_text_on_the_page(self, bob, changed):
        save(changed, name="<script>alert(1)</script>")
        page = bob.get(under(changed, "versions")).content.decode()
        assert "&lt;script&gt;" in page
        assert "<script>alert" not in page


class RestoringTests:
    def test_it_asks_and_shows_what_would_change(self, bob, changed):
        page = bob.get(under(changed, "versions/1/restore")).content.decode()
        assert '<th scope="row">leeway</th><td>30</td><td>60</td>' in page
        assert Provider.objects.get().leeway == 30

    def test_it_is_a_save_with_rules_event_and_version(self, bob, changed):
        before = ProviderVersion.objects.count()
        response = bob.post(under(changed, "versions/1/restore"), {"trial": ""}, follow=True)
        assert "Version 1 of Corp SSO is restored." in messages_in(response)
        row = Provider.objects.get()
        assert (row.leeway, row.client_secret == SECRET) == (60, False)
        version = ProviderVersion.objects.first()
        assert (version.number, version.by) == (before + 1, "user:bob")

    def test_it_can_be_on_trial(self, bob, changed):
        response = bob.post(under(changed, "versions/1/restore"), {"trial": "5"}, follow=True)
        assert any(text.startswith("On trial until") for text in messages_in(response))
        assert Provider.objects.get().trial_baseline == 3

    def test_what_rules_refuse_is_said_and_not_done(self, bob, changed, monkeypatch):
        monkeypatch.setattr("providers.registration.rules.RULES", (("prompt", lambda provider: "No more."),))
        response = bob.post(under(changed, "versions/1/restore"), {"trial": ""})
        assert "prompt: No more." in response.content.decode()
        assert Provider.objects.get().leeway == 30

    def test_a_trial_that_nobody_could_confirm_is_refused(self, bob, changed):
        services.disable_provider(provider=changed, by=BOB)
        page = bob.get(under(changed, "versions/1/restore")).content.decode()
        assert "The provider stays disabled." in page
        response = bob.post(under(changed, "versions/1/restore"), {"trial": "5"})
        assert "nobody could confirm it" in response.content.decode()

    def test_a_version_that_does_not_open_is_not_found(self, bob, changed):
        other = ProviderVersion.objects.get(number=2).configuration_envelope
        ProviderVersion.objects.filter(number=1).update(configuration=other)
        for ask in (bob.get, bob.post):
            assert ask(under(changed, "versions/1/restore")).status_code == 404
        assert bob.get(under(changed, "versions/7/restore")).status_code == 404


class TrialTests:
    @pytest.fixture
    def change(self, bob, form, corp):
        form["client_secret"] = ""
        save(corp, prompt="")
        return lambda **changes: bob.post(under(corp, "change/"), form | changes, follow=True)

    @pytest.fixture
    def on_trial(self, corp):
        corp.prompt = "login"
        services.save_provider(provider=corp, by=BOB, fetch_metadata=False, trial=timedelta(minutes=30))
        return corp

    def test_a_change_is_saved_on_trial_and_the_page_and_the_list_say_so(self, bob, change, corp):
        response = change(prompt="login", trial="10")
        assert any(text.startswith("On trial until") for text in messages_in(response))
        page = bob.get(under(corp, "change/")).content.decode()
        assert "On trial: 9\xa0minutes left" in page
        assert under(corp, "roll-back") in page
        assert "9\xa0minutes left" in bob.get("/admin/providers/provider/").content.decode()

    @pytest.mark.parametrize(
        ("changes", "field"), [({"trial": "7"}, "trial"), ({"trial": "5", "enabled": ""}, "trial")]
    )
    def test_what_cannot_be_is_shown_at_the_choice(self, change, changes, field):
        response = change(prompt="login", **changes)
        assert list(response.context["adminform"].form.errors) == [field]
        assert Provider.objects.get().prompt == ""

    def test_without_a_trial_there_is_no_banner(self, bob, corp):
        assert "trial-heading" not in bob.get(under(corp, "change/")).content.decode()

    def test_the_add_page_has_no_such_choice(self, bob):
        assert 'name="trial"' not in bob.get("/admin/providers/provider/add/").content.decode()

    def test_rolling_back_asks_first(self, bob, on_trial):
        page = bob.get(under(on_trial, "roll-back")).content.decode()
        assert '<th scope="row">prompt</th><td>login</td><td>empty</td>' in page
        assert Provider.objects.get().prompt == "login"

    def test_and_then_does_it(self, bob, on_trial):
        response = bob.post(under(on_trial, "roll-back"), follow=True)
        assert messages_in(response) == ["Corp SSO is rolled back."]
        assert Provider.objects.get().prompt == ""
        again = bob.post(under(on_trial, "roll-back"), follow=True)
        assert messages_in(again) == ["Corp SSO is not on trial any more."]

    def test_what_cannot_be_put_back_is_announced(self, bob, on_trial):
        ProviderVersion.objects.filter(number=1).delete()
        assert "will be disabled instead" in bob.get(under(on_trial, "roll-back")).content.decode()
        response = bob.post(under(on_trial, "roll-back"), follow=True)
        assert messages_in(response) == ["Corp SSO is rolled back. It is disabled."]

    def test_a_page_from_before_the_end_of_a_trial_saves_nothing(self, bob, form, on_trial):
        seen = re.search(r'name="seen" value="([^"]+)"', bob.get(under(on_trial, "change/")).content.decode())
        bob.post(under(on_trial, "roll-back"))
        form |= {"client_secret": "", "prompt": "login", "seen": seen.group(1)}
        response = bob.post(under(on_trial, "change/"), form)
        assert "changed since this page was opened" in response.content.decode()
        assert Provider.objects.get().prompt == ""


class RightsTests:
    PAGES = ("versions", "versions/compare?from=1&to=now")
    WRITES = ("versions/1/restore", "roll-back")

    @pytest.fixture
    def on_trial(self, changed):
        changed.prompt = "login"
        services.save_provider(provider=changed, by=BOB, fetch_metadata=False, trial=timedelta(minutes=30))
        return changed

    def test_who_may_look_looks_and_changes_nothing(self, on_trial):
        viewer = browser_of("carol", "view_provider")
        for place in self.PAGES:
            assert viewer.get(under(on_trial, place)).status_code == 200
        assert "Restore this version" not in viewer.get(under(on_trial, "versions")).content.decode()
        assert "Roll back now" not in viewer.get(under(on_trial, "change/")).content.decode()
        for place in self.WRITES:
            assert viewer.get(under(on_trial, place)).status_code == 403
            assert viewer.post(under(on_trial, place)).status_code == 403
        assert Provider.objects.get().prompt == "login"

    def test_who_may_change_it_may(self, on_trial):
        editor = browser_of("dora", "view_provider", "change_provider")
        for place in (*self.PAGES, *self.WRITES):
            assert editor.get(under(on_trial, place)).status_code == 200

    def test_mallory_sees_none_of_it(self, mallory, on_trial):
        for place in (*self.PAGES, *self.WRITES):
            assert mallory.get(under(on_trial, place)).status_code == 403
            assert mallory.post(under(on_trial, place)).status_code == 403
        assert Provider.objects.get().prompt == "login"

    def test_a_stranger_is_sent_to_sign_in(self, on_trial):
        for place in (*self.PAGES, *self.WRITES):
            assert Client().get(under(on_trial, place)).status_code == 302

    def test_no_other_site_can_press_the_button(self, bob, on_trial):
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = bob.cookies
        for place in self.WRITES:
            assert strict.post(under(on_trial, place)).status_code == 403
        assert Provider.objects.get().prompt == "login"
