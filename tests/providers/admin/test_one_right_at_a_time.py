"""
Each action and page of the admin of providers, with exactly the right that it needs, and with every right but that.

What there is comes from the admin itself, so that a new action or page wants a line here.
"""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from providers.client_keys import ensure_client_key
from providers.drift.watch import look_again
from providers.models import ConsoleSession, Identity, Provider, Rehearsal, SignInAttempt
from providers.registration import services
from providers.rehearsal.services import written
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import BOB
from tests.providers.rehearsal.stage import every_row, typed_form
from tests.providers.signin.journey import Browser, register
from tests.support.name_server import know_only_this_machine

BASE = "/admin/providers/"
PROVIDER = "providers.change_provider"
# What a request may write of itself.
OF_THE_REQUEST = ("sessions.Session", "providers.SignInAttempt", "providers.Rehearsal", "admin.LogEntry")

ACTIONS = {
    ("provider", "enable"): (PROVIDER, "provider_enabled"),
    ("provider", "disable"): (PROVIDER, "provider_disabled"),
    ("provider", "refresh_metadata"): (PROVIDER, "provider_discovery_changed"),
    ("provider", "rotate_client_keys"): (PROVIDER, "client_key_rotated"),
    ("identity", "unlink"): ("providers.delete_identity", "identity_unlinked"),
    ("consolesession", "end_sessions"): ("providers.change_consolesession", "session_ended"),
    ("user", "end_sessions"): ("providers.change_consolesession", "sessions_ended"),
}
MODELS = {
    "provider": Provider,
    "identity": Identity,
    "consolesession": ConsoleSession,
    "user": User,
    "signinattempt": SignInAttempt,
}
AT_ONCE = {("provider", "enable"), ("provider", "refresh_metadata")}  # which end nothing


def admins():
    """The admin of each model that this app brings."""
    return {
        model._meta.model_name: found
        for model, found in admin.site._registry.items()
        if type(found).__module__.startswith("providers.")
    }


# Who decides these decides who comes in as a superuser.
OF_SUPERUSERS = [("provider", "enable")]
PAGES_OF_SUPERUSERS = (
    *("add", "register", "restore_page", "roll_back_page", "drift"),
    *("rehearse", "rehearse_new", "check", "check_new"),
)


def staff(*rights, superuser=False):
    """The browser of somebody with these rights and no others."""
    user = User.objects.create(username="carol", is_staff=True, is_superuser=superuser)
    user.user_permissions.set(permissions(*rights))
    browser = Client(raise_request_exception=False)
    browser.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    return browser


def permissions(*rights):
    known = Permission.objects.select_related("content_type")
    found = [each for each in known if f"{each.content_type.app_label}.{each.codename}" in rights]
    assert len(found) == len(rights)
    return found


def every_right_but(*withheld):
    named = Permission.objects.values_list("content_type__app_label", "codename")
    return [right for app, code in named if (right := f"{app}.{code}") not in withheld]


@pytest.fixture
def corp(op):
    """Enabled, with client keys, another document at the provider, and Alice signed in."""
    op.discovery["token_endpoint_auth_signing_alg_values_supported"] = ["ES256"]
    provider = register(op, discovery=op.discovery.shape(op.metadata()))
    Browser().sign_in(op)
    Provider.objects.update(token_endpoint_auth_method="private_key_jwt")
    provider.refresh_from_db()
    ensure_client_key(provider=provider, by=BOB)
    op.discovery["claims_supported"] = ["sub"]
    return provider


@pytest.fixture(autouse=True)
def _no_other_names(monkeypatch):
    know_only_this_machine(monkeypatch)


class ActionTests:
    def test_every_action_stands_here(self):
        named = {
            (name, getattr(action, "__name__", action))
            for name, found in admins().items()
            for action in found.actions or ()
        }
        assert named == ACTIONS.keys()

    def act(self, browser, corp, model, action, confirmed="yes"):
        if action == "enable":
            Provider.objects.update(enabled=False)
        rows = (
            User.objects.filter(username="alice@corp.example") if model == "user" else MODELS[model].objects
        )
        data = {"action": action, "_selected_action": [str(row.pk) for row in rows.all()]}
        data |= {"confirmed": confirmed}
        assert data["_selected_action"]
        before = every_row(apart_from=OF_THE_REQUEST)
        app = "accounts" if model == "user" else "providers"
        return browser.post(f"/admin/{app}/{model}/", data), before

    @pytest.mark.parametrize(("model", "action"), ACTIONS)
    def test_with_exactly_its_right_it_is_done(self, corp, model, action):
        needed, event = ACTIONS[model, action]
        seen = f"{'accounts' if model == 'user' else 'providers'}.view_{model}"
        superuser = (model, action) in OF_SUPERUSERS
        response, _ = self.act(staff(seen, needed, superuser=superuser), corp, model, action)
        assert response.status_code == 302
        assert event in Event.objects.filter(actor="user:carol").values_list("action", flat=True)

    @pytest.mark.parametrize(("model", "action"), [each for each in ACTIONS if each not in AT_ONCE])
    def test_what_ends_something_asks_first_and_names_it(self, corp, model, action):
        response, before = self.act(staff(superuser=True), corp, model, action, confirmed="")
        page = response.content.decode()
        assert "Are you sure?" in page
        assert "You have chosen <strong>1 " in page
        assert every_row(apart_from=OF_THE_REQUEST) == before

    @pytest.mark.parametrize(("model", "action"), OF_SUPERUSERS)
    def test_what_gives_rights_is_not_done_by_who_is_no_superuser(self, corp, model, action):
        _, before = self.act(staff(*every_right_but()), corp, model, action)
        assert every_row(apart_from=OF_THE_REQUEST) == before

    @pytest.mark.parametrize(("model", "action"), ACTIONS)
    def test_with_every_right_but_that_nothing_is(self, corp, model, action):
        needed, _ = ACTIONS[model, action]
        _, before = self.act(staff(*every_right_but(needed)), corp, model, action)
        assert every_row(apart_from=OF_THE_REQUEST) == before


def pages(op, corp):
    """Method, arguments and form of each page."""
    form = typed_form(op, token_endpoint_auth_method="private_key_jwt")
    one, rehearsal, drift = {"pk": corp.pk}, Rehearsal.objects.first(), corp.drifts.first()
    return {
        "changelist": ("get", {}, {}),
        "change": ("get", {"object_id": corp.pk}, {}),
        "history": ("get", {"object_id": corp.pk}, {}),
        "add": ("post", {}, form | {"slug": "new"}),
        "delete": ("post", {"object_id": corp.pk}, {"post": "yes"}),
        "history_page": ("get", one, {}),
        "compare_page": ("get", one, {"from": "1"}),
        "restore_page": ("post", one | {"number": 1}, {}),
        "roll_back_page": ("post", one, {}),
        "drift": ("post", one | {"number": drift.pk}, {"decision": "adopt"}),
        "openmetadata_lint": ("post", {}, {"content": "A=b"}),
        "openmetadata": ("get", one, {}),
        "register": ("post", {}, form | {"slug": "new"}),
        "register_draft": ("post", one, {"do": "try"}),
        "check_new": ("post", {}, form | {"slug": "new"}),
        "check": ("post", one, form),
        "rehearse_new": ("post", {}, form | {"slug": "new"}),
        "rehearse": ("post", one, form),
        "rehearsal": ("get", {"pk": rehearsal.pk}, {}),
        "replay": ("post", one, form),
        "preflight": ("post", one, {}),
    }


# What each page needs. Who may change a provider may see it.
NEEDS = {
    **dict.fromkeys(("changelist", "change", "history", "history_page", "compare_page"), ("view",)),
    **dict.fromkeys(("openmetadata_lint", "openmetadata"), ("view",)),
    **dict.fromkeys(("restore_page", "roll_back_page", "drift", "rehearse", "check"), ("view", "change")),
    **dict.fromkeys(("rehearsal", "replay", "preflight", "register_draft"), ("view", "change")),
    **dict.fromkeys(("add", "register", "rehearse_new", "check_new"), ("add",)),
    "delete": ("view", "delete"),
}
# That somebody has checked goes on record.
EXAMINES = ("preflight", "register_draft", "check", "check_new")
# And of the sign-ins, whose claims it tells of.
ALSO = {"replay": ("providers.view_signinattempt",)}
WRITES = ("add", "register", "restore_page", "roll_back_page", "drift", *EXAMINES)


def of_providers(*verbs):
    return [f"providers.{verb}_provider" for verb in verbs]


class PageTests:
    @pytest.fixture
    def corp(self, op):
        """On trial, with endpoints that wait for a decision."""
        op.discovery["token_endpoint_auth_signing_alg_values_supported"] = ["ES256"]
        published = op.discovery.shape(op.metadata())
        provider = register(op, discovery=published, token_endpoint_auth_method="private_key_jwt")
        ensure_client_key(provider=provider, by=BOB)
        op.client.jwks = {"keys": [key.public_jwk for key in provider.client_keys.all()]}
        op.client.token_endpoint_auth_method = "private_key_jwt"
        provider.prompt = "login"
        hour = timedelta(hours=1)
        services.save_provider(provider=provider, by=BOB, trial=hour, fetch_metadata=False)
        op.discovery["userinfo_endpoint"] = op.url("userinfo") + "-2"
        look_again(provider=provider, by=BOB)
        return provider

    def ask(self, op, corp, name, rights, *, superuser=False):
        """What the page answers to somebody with these rights, and every row as it was before."""
        browser = staff(*rights, superuser=superuser)
        user = User.objects.get(username="carol")
        started = Rehearsal(provider=corp, by=user, started_at=timezone.now())
        started.registration = written(corp)
        started.save()
        SignInAttempt.objects.create(
            reference="one-two-three",
            purpose="rehearsal",
            rehearsal=started,
            provider=corp,
            started_at=timezone.now(),
        )
        method, arguments, form = pages(op, corp)[name]
        url = reverse(f"admin:providers_provider_{name}", kwargs=arguments)
        before = every_row(apart_from=OF_THE_REQUEST)
        op.requests.clear()
        return getattr(browser, method)(url, form), before

    def test_every_page_stands_here(self):
        named = {url.name for url in admins()["provider"].get_urls() if url.name}
        assert named == {f"providers_provider_{name}" for name in NEEDS}

    @pytest.mark.parametrize("name", [name for name in NEEDS if name != "delete"])
    def test_with_exactly_its_rights_it_is_there(self, op, corp, name):
        needed = [*of_providers(*NEEDS[name]), *ALSO.get(name, ())]
        response, before = self.ask(op, corp, name, needed, superuser=name in PAGES_OF_SUPERUSERS)
        assert response.status_code in (200, 302), response.content.decode()[:2000]
        assert "/login" not in response.headers.get("Location", "")
        assert (every_row(apart_from=OF_THE_REQUEST) != before) is (name in WRITES)

    @pytest.mark.parametrize("name", PAGES_OF_SUPERUSERS)
    def test_what_gives_rights_is_not_for_who_is_no_superuser(self, op, corp, name):
        _, before = self.ask(op, corp, name, every_right_but())
        assert every_row(apart_from=OF_THE_REQUEST) == before

    @pytest.mark.parametrize("superuser", [True, False])
    def test_the_form_of_a_new_provider_is_offered_to_superusers_alone(self, db, superuser):
        browser, path = staff(*every_right_but(), superuser=superuser), f"{BASE}provider/"
        assert browser.get(f"{path}add/").status_code == (200 if superuser else 403)
        assert browser.get(f"{path}register").status_code == (200 if superuser else 404)
        assert (f'href="{path}register"' in browser.get(path).content.decode()) is superuser

    def test_what_nobody_has_used_is_deleted_with_exactly_that_right(self, op):
        other = register(op, slug="unused")
        browser = staff(*of_providers("delete", "view"))
        response = browser.post(f"{BASE}provider/{other.pk}/delete/", {"post": "yes"})
        assert response.status_code == 302
        assert not Provider.objects.filter(slug="unused").exists()

    @pytest.mark.parametrize("name", NEEDS)
    def test_with_every_right_but_that_it_is_not(self, op, corp, name):
        alone = NEEDS[name] == ("view",) or name in EXAMINES[:2]
        rights = every_right_but(*of_providers(*(("view", "change") if alone else NEEDS[name][-1:])))
        response, before = self.ask(op, corp, name, rights)
        assert response.status_code in (403, 404)
        assert every_row(apart_from=OF_THE_REQUEST) == before
        assert Rehearsal.objects.count() == 1
        assert op.requests == []

    @pytest.mark.parametrize("name", ALSO)
    def test_with_every_right_but_what_it_reads_it_is_not(self, op, corp, name):
        rights = every_right_but(*ALSO[name])
        response, _ = self.ask(op, corp, name, rights)
        assert response.status_code == 404
        browser = Client()
        browser.force_login(
            User.objects.get(username="carol"), "ssoconsole.platform.accounts.passwords.PasswordBackend"
        )
        page = browser.get(f"{BASE}provider/{corp.pk}/change/").content.decode()
        assert "/rehearse" in page
        assert f"/{name}" not in page

    def test_changing_needs_the_right_to_change(self, op, corp):
        form = typed_form(op, name="Another", token_endpoint_auth_method="private_key_jwt", anyway="on")
        url = f"{BASE}provider/{corp.pk}/change/"
        response = staff(*every_right_but(PROVIDER)).post(url, form)
        assert response.status_code in (200, 403)
        assert Provider.objects.get().name == "Corp SSO"

    @pytest.mark.parametrize("model", ["identity", "consolesession", "signinattempt"])
    def test_records_are_seen_with_the_right_to_see_them_alone(self, op, corp, model):
        Browser().sign_in(op)
        row = MODELS[model].objects.first()
        paths = (f"{BASE}{model}/", f"{BASE}{model}/{row.pk}/change/")
        seeing = f"providers.view_{model}"
        browser = staff(seeing)
        assert [browser.get(path).status_code for path in paths] == [200, 200]
        carol = User.objects.get(username="carol")
        carol.user_permissions.set(permissions(*every_right_but(seeing, f"providers.change_{model}")))
        # A trace that may not be seen is not told apart from one that is not there.
        assert all(browser.get(path).status_code in (403, 302) for path in paths)
