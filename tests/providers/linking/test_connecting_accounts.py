"""A signed-in person connects another account at a provider to her own, and nobody connects his to hers."""

import datetime
from contextlib import nullcontext

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from providers.errors import IdentityTaken, SessionEnded
from providers.identities import linking
from providers.identities.linking import link_identity
from providers.models import ConsoleSession, Identity, Provider, SignInAttempt
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.providers.signin.journey import Browser, hop_of, outcome_of, query_of, register, trace_of

User = get_user_model()


@pytest.fixture
def alice(op, provider, visitor):
    visitor.sign_in(op)
    return visitor


@pytest.fixture
def other(op, alice):
    """Her other account is at another provider under another name; `op` speaks of it from now on."""
    op.person |= {"sub": "subject-b", "email": "a.lice@b.example", "name": "A. Lice"}
    return register(op, slug="other")


def leave(browser, slug="other"):
    response = browser.client.post(f"/account/connect/{slug}")
    assert response.status_code == 200, response.content.decode()
    return hop_of(response)


def connect(op, browser, slug="other"):
    return browser.arrive(op.visit(leave(browser, slug)))


def link():
    return Identity.objects.filter(provider__slug="other").first()


def test_who_is_signed_out_meanwhile_is_told_so_whatever_the_answer_is(op, alice, other):
    """The browser is judged first: nothing of an answer is anybody's business who may not finish it."""
    op.refuse()
    callback = op.visit(leave(alice))
    alice.client.post("/signout")
    assert outcome_of(alice.arrive(callback)) == "session_ended"


class ConnectedTests:
    def test_it_opens_her_account_from_then_on(self, op, alice, other):
        response = connect(op, alice)
        assert (response.status_code, response["Location"]) == (302, "/account")
        assert "Other SSO is connected." in alice.client.get("/account").content.decode()
        assert link().user.username == "alice@corp.example"
        elsewhere = Browser()
        assert elsewhere.sign_in(op, slug="other").status_code == 302
        assert elsewhere.client.get("/account").wsgi_request.user.username == "alice@corp.example"
        assert User.objects.count() == 1

    @pytest.mark.parametrize("verified", [True, False, None])
    def test_an_address_is_kept_with_it_only_where_the_provider_has_verified_it(
        self, op, alice, other, verified
    ):
        """By an address that is kept, somebody else's provider may link a new subject to her account."""
        op.person["email_verified"] = verified
        connect(op, alice)
        assert link().email == ("a.lice@b.example" if verified else "")

    def test_who_she_is_and_her_session_stay_as_they_were(self, op, alice, other):
        key, before = alice.client.session.session_key, User.objects.values().get()
        connect(op, alice)
        assert User.objects.values().get() == before
        assert alice.client.session.session_key == key
        session = ConsoleSession.objects.get()
        assert (session.provider.slug, session.sub, session.ended_at) == ("corp", "subject-1", None)

    def test_it_is_on_record_with_a_trace(self, op, alice, other):
        connect(op, alice)
        event = Event.objects.get(action="identity_linked")
        assert (event.actor, event.target) == ("user:alice@corp.example", "alice@corp.example")
        assert event.after == {"provider": "other", "sub": "subject-b"}
        attempt = SignInAttempt.objects.get(purpose="link")
        assert (attempt.outcome, attempt.user.username) == ("ok", "alice@corp.example")
        assert (attempt.nonce, attempt.code_verifier) == (None, None)

    def test_the_provider_is_to_ask_again_who_she_is(self, alice, other):
        assert query_of(leave(alice))["prompt"] == "login"

    def test_a_second_account_at_the_same_provider(self, op, alice):
        op.person |= {"sub": "subject-b", "email": "alice2@corp.example"}
        assert connect(op, alice, "corp").status_code == 302
        assert set(Identity.objects.values_list("sub", flat=True)) == {"subject-1", "subject-b"}

    def test_what_is_connected_already_changes_nothing(self, op, alice, other):
        connect(op, alice)
        assert connect(op, alice).status_code == 302
        assert Identity.objects.count() == 2
        assert Event.objects.filter(action="identity_linked").count() == 1

    def test_no_self_signup_is_needed(self, op, alice, other):
        Provider.objects.update(self_signup=False)
        assert connect(op, alice).status_code == 302
        assert link()

    def test_the_page_offers_the_enabled_providers(self, alice, other):
        register_disabled = Provider.objects.filter(slug="other")
        assert "/account/connect/other" in alice.client.get("/account").content.decode()
        register_disabled.update(enabled=False)
        page = alice.client.get("/account").content.decode()
        assert "/account/connect/corp" in page
        assert "/account/connect/other" not in page


def sign_in_as_another(op, alice):
    person = dict(op.person)
    op.person |= {"sub": "subject-m", "email": "mallory@corp.example"}
    alice.sign_in(op)
    op.person.clear()
    op.person.update(person)


MEANWHILE = {
    "she signed out": (lambda op, b: b.client.post("/signout"), "session_ended"),
    "her session was ended": (
        lambda op, b: ConsoleSession.objects.update(ended_at=timezone.now()),
        "session_ended",
    ),
    "she signed in again": (lambda op, b: b.sign_in(op, slug="corp"), "session_ended"),
    "somebody else signed in": (sign_in_as_another, "session_ended"),
    "she was disabled": (lambda op, b: User.objects.update(is_active=False), "session_ended"),
    "the provider was disabled": (
        lambda op, b: Provider.objects.filter(slug="other").update(enabled=False),
        "provider_disabled",
    ),
    "the provider became another": (
        lambda op, b: Provider.objects.filter(slug="other").update(issuer="https://evil.example"),
        "provider_changed",
    ),
    "its rules admit others only": (
        lambda op, b: Provider.objects.update(allowed_email_domains=["corp.example"]),
        "not_admitted",
    ),
    "the nonce is another's": (lambda op, b: op.id_token.claims.update(nonce="x"), "nonce_mismatch"),
    "the signature is broken": (lambda op, b: op.id_token.break_signature(), "signature_invalid"),
}


class RefusedTests:
    @pytest.mark.parametrize(("change", "outcome"), MEANWHILE.values(), ids=MEANWHILE.keys())
    def test_nothing_is_connected_if_meanwhile(self, op, alice, other, change, outcome):
        callback = op.visit(leave(alice)) if not outcome.startswith(("nonce", "sign")) else None
        url = None if callback else leave(alice)
        change(op, alice)
        response = alice.arrive(callback or op.visit(url))
        assert (outcome_of(response), response.status_code in (400, 403)) == (outcome, True)
        assert trace_of(response).purpose == "link"
        assert link() is None
        assert not Event.objects.filter(action="identity_linked").exists()

    def test_an_account_of_somebody_else_stays_his(self, op, alice, other):
        mallory = Browser()
        mallory.sign_in(op, slug="other")
        response = connect(op, alice)
        assert (outcome_of(response), response.status_code) == ("identity_taken", 403)
        assert link().user.username == "a.lice@b.example"
        assert alice.is_signed_in()
        assert mallory.is_signed_in()

    def test_another_browser_cannot_finish_it(self, op, alice, other):
        callback = op.visit(leave(alice))
        assert outcome_of(Browser().arrive(callback)) == "browser_mismatch"
        assert link() is None
        assert alice.arrive(callback).status_code == 302

    def test_an_answer_counts_once_and_not_for_ever(self, op, alice, other):
        callback = op.visit(leave(alice))
        with time_machine.travel(timezone.now() + datetime.timedelta(minutes=11), tick=False):
            assert outcome_of(alice.arrive(callback)) == "attempt_expired"
        assert outcome_of(alice.arrive(callback)) == "state_used"
        assert link() is None

    def test_a_sign_in_is_never_taken_for_it(self, op, alice, other):
        callback = op.visit(alice.leave(slug="other"))
        alice.arrive(callback)
        assert link().user.username == "a.lice@b.example"

    def test_another_site_cannot_begin_it(self, op, provider):
        visitor = Browser(enforce_csrf_checks=True)
        visitor.sign_in(op)
        assert visitor.client.post("/account/connect/corp").status_code == 403
        assert visitor.client.get("/account/connect/corp").status_code == 405
        assert not SignInAttempt.objects.filter(purpose="link").exists()

    @pytest.mark.parametrize("by_password", [False, True])
    def test_who_has_no_session_through_a_provider_is_sent_to_sign_in(self, provider, by_password):
        client = Client()
        if by_password:
            user = User.objects.create(username="root")
            client.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
        assert client.post("/account/connect/corp")["Location"] == "/signin?next=%2Faccount"
        assert not SignInAttempt.objects.exists()

    @pytest.mark.parametrize(
        ("slug", "outcome"), [("nobody", "provider_unknown"), ("other", "provider_disabled")]
    )
    def test_no_such_provider(self, alice, other, slug, outcome):
        Provider.objects.filter(slug="other").update(enabled=False)
        assert outcome_of(alice.client.post(f"/account/connect/{slug}")) == outcome
        assert alice.is_signed_in()


@pytest.mark.parametrize("hers", [True, False])
def test_of_two_who_connect_it_at_once_the_first_one_has_it(alice, other, monkeypatch, hers):
    session = ConsoleSession.objects.get()
    owner = session.user if hers else User.objects.create(username="mallory")
    carol = User.objects.create(username="carol")
    Identity.objects.create(provider=session.provider, sub="subject-b", user=carol)
    Identity.objects.create(provider=other, sub="subject-b", user=owner)
    monkeypatch.setattr(linking, "_identity_of", lambda provider, sub: None)  # it was not there a moment ago
    claims = {"sub": "subject-b", "email": "a.lice@b.example"}
    with nullcontext() if hers else pytest.raises(IdentityTaken):
        link_identity(provider=other, session=session, claims=claims, by=Actor("user", "alice"))
    assert link().user == owner
    assert not Event.objects.filter(action="identity_linked").exists()


def test_a_session_that_ends_before_the_last_step_connects_nothing(alice, other):
    session = ConsoleSession.objects.get()
    ConsoleSession.objects.update(ended_at=timezone.now())
    claims = {"sub": "subject-b", "email": "a.lice@b.example"}
    with pytest.raises(SessionEnded):
        link_identity(provider=other, session=session, claims=claims, by=Actor("user", "alice"))
    assert link() is None
