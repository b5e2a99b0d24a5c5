"""What a sign-in leaves behind when all is well."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session

from providers.models import ConsoleSession, Identity, SignInAttempt
from ssoconsole.platform.eventlog.models import Event
from tests.providers.signin.journey import Browser, assert_refused, register

pytestmark = pytest.mark.usefixtures("provider")


@pytest.fixture
def provider(unread):
    """The first sign-in fetches what there is to fetch."""
    return unread


def test_a_new_person_is_signed_in_by_her_subject(op, visitor):
    response = visitor.sign_in(op)
    assert (response.status_code, response["Location"]) == (302, "/")
    identity = Identity.objects.get()
    assert (identity.sub, identity.user.username) == ("subject-1", "alice@corp.example")
    assert not identity.user.has_usable_password()
    assert visitor.is_signed_in()
    assert op.violations == []


def test_the_trace_of_a_success_tells_claims_and_times_and_no_secret(op, visitor):
    visitor.sign_in(op)
    attempt = SignInAttempt.objects.get()
    assert (attempt.outcome, attempt.stage) == ("ok", "done")
    assert attempt.claims_shown["email"] == "alice@corp.example"
    assert {"token", "id_token", "userinfo", "person", "session"} <= attempt.trace["timings"].keys()
    assert (attempt.nonce, attempt.code_verifier, attempt.posted_answer) == (None, None, None)
    assert "nonce" not in attempt.claims_shown
    assert attempt.user.username == "alice@corp.example"
    event = Event.objects.get(action="signin")
    assert (event.outcome, event.target, event.after["reference"]) == ("ok", "corp", attempt.reference)


def test_roles_that_are_the_members_of_an_object_become_groups(op, provider, visitor):
    roles = "urn:zitadel:iam:org:project:roles"
    provider.mapping, provider.group_rules = {"groups": roles}, [{"claim_value": "admin", "group": "Admins"}]
    provider.save()
    op.id_token.claims[roles] = {"admin": {"234": "corp.example"}}
    visitor.sign_in(op)
    assert [group.name for group in get_user_model().objects.get().groups.all()] == ["Admins"]


@pytest.mark.parametrize("flag", [1, "1", "True"])
def test_a_domain_admits_whose_address_is_verified_in_the_providers_own_spelling(op, provider, visitor, flag):
    provider.mapping = {"email_verified": "xms_edov"}
    provider.allowed_email_domains = ["corp.example"]
    provider.save()
    op.id_token.claims |= {"email": "alice@corp.example", "xms_edov": flag}
    visitor.sign_in(op)
    assert visitor.is_signed_in()
    assert SignInAttempt.objects.get().claims_shown["xms_edov"] == flag


@pytest.mark.parametrize("flag", [0, "0", "False", False, "yes", [True]])
@pytest.mark.parametrize("email", [None, "alice@corp.example"], ids=["none in the ID token", "in both"])
def test_and_nobody_whose_address_is_not_although_userinfo_names_it(op, provider, visitor, flag, email):
    provider.mapping = {"email_verified": "xms_edov"}
    provider.allowed_email_domains = ["corp.example"]
    provider.save()
    op.id_token.claims |= {"email": email, "xms_edov": flag}
    assert_refused(visitor.sign_in(op), "not_admitted", 403)


def test_each_tab_goes_where_it_wanted_to_go(op, visitor):
    starts = [op.visit(visitor.leave(next=f"/account?tab={n}")) for n in range(8)]
    for n, callback in reversed(list(enumerate(starts))):
        response = visitor.arrive(callback)
        assert (response.status_code, response["Location"]) == (302, f"/account?tab={n}")
    assert SignInAttempt.objects.filter(outcome="ok").count() == 8
    assert ConsoleSession.objects.filter(ended_at=None).count() == 1


def test_an_anonymous_visit_makes_no_session(op, visitor):
    visitor.client.get("/signin")
    visitor.leave()
    assert Session.objects.count() == 0
    assert "session" not in visitor.client.cookies


def test_the_binding_cookie_is_for_this_console_and_this_quarter_of_an_hour(op, visitor, settings):
    settings.BASE_URL = "https://console.example"
    visitor.leave()
    cookie = visitor.client.cookies["__Host-signin"]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["domain"], cookie["max-age"]) == ("/", "", 900)


def test_a_session_key_planted_before_signing_in_is_worth_nothing_after(op, visitor):
    session = visitor.client.session
    session["planted"] = True
    session.save()
    visitor.client.cookies["session"] = planted = session.session_key
    visitor.sign_in(op)
    assert visitor.client.cookies["session"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_the_same_person_gets_a_new_session_key_too(op, visitor):
    visitor.sign_in(op)
    first = visitor.client.cookies["session"].value
    visitor.sign_in(op)
    assert visitor.client.cookies["session"].value != first
    assert ConsoleSession.objects.filter(ended_at=None).count() == 1


def test_another_person_in_the_same_browser_finds_nothing_of_the_first(op, visitor):
    visitor.sign_in(op)
    session = visitor.client.session
    session["basket"] = "Alice's"
    session.save()
    op.person |= {"sub": "subject-2", "email": "bob@corp.example"}
    visitor.sign_in(op)
    assert "basket" not in visitor.client.session
    assert [s.user.username for s in ConsoleSession.objects.filter(ended_at=None)] == ["bob@corp.example"]
    assert get_user_model().objects.count() == 2


def test_two_browsers_of_one_person_are_two_sessions(op, visitor):
    visitor.sign_in(op)
    Browser().sign_in(op)
    assert ConsoleSession.objects.filter(ended_at=None).count() == 2
    assert get_user_model().objects.count() == 1


def test_a_second_provider_with_the_same_subject_is_somebody_else(op, another_scripted_provider, visitor):
    other = another_scripted_provider
    other.person |= {"email": "other@corp.example"}
    register(other, slug="other")
    visitor.sign_in(op)
    Browser().sign_in(other, slug="other")
    assert {i.user.username for i in Identity.objects.filter(sub="subject-1")} == {
        "alice@corp.example",
        "other@corp.example",
    }


def test_the_session_of_the_browser_lasts_as_long_as_the_registration_says(op, visitor, provider):
    provider.session_lifetime = 3600
    provider.save()
    visitor.sign_in(op)
    session = ConsoleSession.objects.get()
    assert (session.expires_at - session.started_at).total_seconds() == 3600
    assert visitor.client.session.get_expiry_age() == 3600


def test_odd_characters_in_a_claim_are_kept_from_the_trace_and_nowhere_a_fault(op, visitor):
    op.discovery.drop("userinfo_endpoint")
    op.id_token.claims.update(email="alice@corp.example", name="A\x00lice", nested=[{"a": "\x00"}])
    assert visitor.sign_in(op).status_code == 302
    assert SignInAttempt.objects.get().claims_shown["name"] == "A\ufffdlice"
    assert get_user_model().objects.get().name == "Alice"
