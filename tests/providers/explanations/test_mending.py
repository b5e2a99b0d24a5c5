"""“Mend this”: a refusal opens its provider's form at the field, the change filled in where there is no doubt."""

import re
import uuid

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from providers.models import Provider, SignInAttempt
from providers.registration.trial import NOBODY_COULD
from ssoconsole.platform.accounts.models import User
from tests.providers.rehearsal.stage import typed_form
from tests.providers.signin.journey import register
from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password

pytestmark = pytest.mark.django_db
LIST = "/admin/providers/provider/"


@pytest.fixture
def bob(client):
    come_in_by_password(client, administrator("bob"))
    return client


@pytest.fixture
def corp(op):
    return register(op, issuer="https://idp.example/realm", extra_params={"hd": "corp.example"})


def refused(provider, outcome, *, expected="", received=""):
    return SignInAttempt.objects.create(
        provider=provider,
        reference=uuid.uuid4().hex,
        outcome=outcome,
        expected=expected,
        received=received,
        started_at=timezone.now(),
    )


def link_on(browser, attempt):
    page = browser.get(f"/admin/providers/signinattempt/{attempt.pk}/change/").content.decode()
    found = re.search(r'href="([^"]*\?mend=[^"]*)">Mend this', page)
    return found.group(1) if found else None


ISSUER = "https://idp.example/realm"
TRUSTED = "console and no other than trusted audiences"
FILLED = [
    ("issuer_mismatch", ISSUER, ISSUER + "/", "issuer", ISSUER + "/"),
    ("issuer_mismatch", ISSUER, "https://IdP.example/realm", "issuer", "https://IdP.example/realm"),
    ("audience_mismatch", TRUSTED, "a b", "trusted_audiences", "a\nb"),
    ("algorithm_refused", "alg RS256", "alg ES256", "signing_algs", "RS256\nES256"),
    ("response_mode_mismatch", "", "", "extra_params", "hd: corp.example\nresponse_mode: form_post"),
    ("pushed_authorization_refused", "", "status 500", "pushed_authorization", False),
]
LEFT_OPEN = [
    ("issuer_mismatch", ISSUER, "https://idp.example/another", "issuer"),
    ("issuer_mismatch", ISSUER, "https://idp.example/Realm", "issuer"),
    ("issuer_mismatch", ISSUER, "", "issuer"),
    ("issuer_mismatch", ISSUER, "https://evil.example/realm", "issuer"),
    ("audience_mismatch", "console", "wiki", "client_id"),
    ("algorithm_refused", "alg RS256", "alg none", "signing_algs"),
    ("algorithm_refused", "alg RS256", "alg HS256", "signing_algs"),
    ("token_endpoint_error", "", "status 401, invalid_client", "client_secret"),
    ("pushed_authorization_refused", "", "status 401, invalid_client", "token_endpoint_auth_method"),
    ("principal_missing", "", "sub", "principal_claims"),
]


@pytest.mark.parametrize(("outcome", "expected", "received", "field", "value"), FILLED)
def test_the_change_is_filled_in_and_not_saved(bob, corp, outcome, expected, received, field, value):
    attempt = refused(corp, outcome, expected=expected, received=received)
    link = link_on(bob, attempt)
    assert link == f"{LIST}{corp.pk}/change/?mend={attempt.pk}#id_{field}"
    assert not received or received not in link
    page = bob.get(link)
    assert page.context["adminform"].form[field].value() == value
    assert page.context["mend"]["is_filled_in"]
    assert getattr(Provider.objects.get(), field) == getattr(corp, field)


@pytest.mark.parametrize(("outcome", "expected", "received", "field"), LEFT_OPEN)
def test_what_could_lead_to_somebody_else_is_left_to_a_person(bob, corp, outcome, expected, received, field):
    attempt = refused(corp, outcome, expected=expected, received=received)
    page = bob.get(link_on(bob, attempt))
    form = page.context["adminform"].form
    as_stored = bob.get(f"{LIST}{corp.pk}/change/").context["adminform"].form
    assert form[field].value() == as_stored[field].value()
    assert not page.context["mend"]["is_filled_in"]


@pytest.mark.parametrize("outcome", ["", "ok", "state_used", "expired", "user_disabled", "internal_error"])
def test_what_no_field_would_mend_offers_nothing(bob, corp, outcome):
    assert link_on(bob, refused(corp, outcome)) is None


def test_what_was_mended_since_offers_nothing(bob, corp):
    attempt = refused(corp, "algorithm_refused", expected="alg RS256", received="alg ES256")
    Provider.objects.update(signing_algs=["RS256", "ES256"])
    assert link_on(bob, attempt) is None


def test_it_is_rehearsed_as_it_stands(bob, op):
    corp = register(op, discovery=op.metadata())
    op.id_token.claims["aud"] = [op.client.client_id, "wiki"]
    op.id_token.claims["azp"] = op.client.client_id
    attempt = refused(
        corp, "audience_mismatch", expected="console and no other than trusted audiences", received="wiki"
    )
    form = bob.get(link_on(bob, attempt)).context["adminform"].form
    typed = typed_form(op, trusted_audiences=form["trusted_audiences"].value())
    assert bob.post(f"{LIST}{corp.pk}/rehearse", typed).status_code == 200


def staff(*rights):
    user = User.objects.create(username="carol", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    browser = Client()
    browser.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    return browser


class RefusalTests:
    @pytest.fixture
    def attempt(self, corp):
        return refused(corp, "algorithm_refused", expected="alg RS256", received="alg ES256")

    def test_who_may_not_change_providers_is_offered_nothing(self, corp, attempt):
        browser = staff("view_signinattempt", "view_provider")
        assert link_on(browser, attempt) is None
        page = browser.get(f"{LIST}{corp.pk}/change/?mend={attempt.pk}")
        assert page.context.get("mend") is None

    def test_who_may_not_read_attempts_gets_nothing_of_them_into_the_form(self, corp, attempt):
        page = staff("change_provider").get(f"{LIST}{corp.pk}/change/?mend={attempt.pk}")
        assert page.context.get("mend") is None
        assert page.context["adminform"].form["signing_algs"].value() == "RS256"

    def test_an_attempt_at_another_provider_changes_nothing(self, bob, op, corp, attempt):
        other = register(op, slug="other")
        page = bob.get(f"{LIST}{other.pk}/change/?mend={attempt.pk}")
        assert page.context.get("mend") is None

    @pytest.mark.parametrize("name", ["", "1", "x" * 200, str(uuid.UUID(int=0)), "signing_algs"])
    def test_what_names_no_attempt_changes_nothing(self, bob, corp, name):
        page = bob.get(f"{LIST}{corp.pk}/change/", {"mend": name})
        assert page.status_code == 200
        assert page.context.get("mend") is None


def test_the_page_has_its_own_address_to_copy(bob, corp):
    attempt = refused(corp, "expired")
    path = f"/admin/providers/signinattempt/{attempt.pk}/change/"
    assert f'value="http://localhost:8000{path}"' in bob.get(path).content.decode()


class TrialTests:
    """A trial is confirmed by an administrator who signs in through it; where there can be none, that is said."""

    def save_on_trial(self, bob, corp, op, **changes):
        form = typed_form(op, trial="30", leeway="30", **changes)
        answer = bob.post(f"{LIST}{corp.pk}/change/", form, follow=True)
        return [str(message) for message in answer.context["messages"]], bob.get(f"{LIST}{corp.pk}/change/")

    @pytest.fixture
    def corp(self, op):
        return register(op, discovery=op.metadata())

    def test_nobody_could_confirm_it(self, bob, corp, op):
        told, page = self.save_on_trial(bob, corp, op)
        assert any(NOBODY_COULD in said for said in told)
        assert NOBODY_COULD in page.content.decode().replace("&#x27;", "'")

    def test_whom_it_makes_an_administrator_could(self, bob, corp, op):
        told, page = self.save_on_trial(bob, corp, op, admin_principals="alice@corp.example")
        assert not any(NOBODY_COULD in said for said in told)
        assert NOBODY_COULD not in page.content.decode().replace("&#x27;", "'")

    @pytest.mark.parametrize("is_staff", [True, False])
    def test_an_administrator_who_has_come_through_it_could(self, bob, corp, op, is_staff):
        alice = User.objects.create(username="alice", is_staff=is_staff, is_superuser=is_staff)
        corp.identities.create(sub="a", user=alice)
        told, _ = self.save_on_trial(bob, corp, op)
        assert any(NOBODY_COULD in said for said in told) is not is_staff
