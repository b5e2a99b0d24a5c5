"""(provider, sub) is the person; names and addresses are what she says of herself."""

import pytest
from django.contrib.auth import get_user_model

from providers.errors import EmailTaken, NotAdmitted, PrincipalMissing, UserDisabled
from providers.identities import services
from providers.models import Identity
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from ssoconsole.platform.jose.errors import MissingClaim
from tests.providers.registrations import sign_in_person

BY = Actor("provider", "corp")
User = get_user_model()
ALICE = {"sub": "s-alice", "email": "alice@corp.example", "email_verified": True, "name": "Alice Example"}


def come(provider, **claims):
    return sign_in_person(provider=provider, claims=ALICE | claims, by=BY)


def everything():
    users = list(User.objects.order_by("pk").values("username", "email", "name", "is_active", "is_superuser"))
    return users, list(Identity.objects.order_by("pk").values("sub", "user_id", "email"))


def refused(outcome, provider, **claims):
    before, events = everything(), Event.objects.count()
    with pytest.raises(outcome):
        come(provider, **claims)
    assert everything() == before
    assert Event.objects.count() == events


def test_a_new_person_gets_a_user_named_by_the_principal(provider):
    user = come(provider)
    assert (user.username, user.email, user.name) == (
        "alice@corp.example",
        "alice@corp.example",
        "Alice Example",
    )
    assert not user.has_usable_password()
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert {event.action for event in Event.objects.all()} >= {"user_created", "identity_created"}


def test_a_known_person_stays_who_she_is_whatever_she_is_called_now(provider):
    user = come(provider)
    again = come(provider, email="alice.new@corp.example", name="Alice Newname")
    assert again.pk == user.pk
    again.refresh_from_db()
    assert (again.username, again.email, again.name) == (
        "alice@corp.example",
        "alice.new@corp.example",
        "Alice Newname",
    )
    assert Identity.objects.get().last_signed_in_at is not None
    change = Event.objects.get(action="user_changed")
    assert change.after == {"email": "alice.new@corp.example", "name": "Alice Newname"}


def test_a_sign_in_that_changes_nothing_is_no_event(provider):
    come(provider)
    before = Event.objects.count()
    come(provider)
    assert Event.objects.count() == before


def test_subjects_are_compared_byte_for_byte(provider):
    come(provider)
    other = come(provider, sub="S-ALICE", email="other@corp.example")
    assert other.username == "other@corp.example"
    assert Identity.objects.count() == 2


@pytest.mark.parametrize("email", ["alice@corp.example", "ALICE@corp.example", "Alice@Corp.Example"])
def test_a_taken_name_is_refused_in_any_case(provider, email):
    come(provider)
    refused(EmailTaken, provider, sub="s-mallory", email=email)


@pytest.mark.parametrize("name", ["ärzte", "ÄRZTE", "Ärzte"])
def test_letters_that_are_not_ascii_have_cases_too(provider, name):
    provider.principal_claims = ["preferred_username"]
    come(provider, preferred_username="Ärzte", email="")
    refused(EmailTaken, provider, sub="s-mallory", preferred_username=name, email="")


def test_the_name_of_an_administrator_by_password_is_taken(provider):
    User.objects.create_superuser("alice@corp.example", password="x" * 20)
    refused(EmailTaken, provider)


def test_an_address_that_somebody_else_has_is_refused(provider):
    User.objects.create_user("bob", email="Alice@corp.example")
    provider.principal_claims = ["sub"]
    refused(EmailTaken, provider)


def test_a_name_that_is_somebody_elses_address_is_refused(provider):
    User.objects.create_user("bob", email="mallory")
    provider.principal_claims = ["preferred_username"]
    refused(EmailTaken, provider, preferred_username="mallory", email="")


@pytest.mark.parametrize("name", ["alice@corp.example", "Alice@Corp.Example"])
def test_an_address_that_is_somebody_elses_name_is_refused(provider, name):
    User.objects.create_user(name)  # has no address
    provider.principal_claims = ["sub"]
    refused(EmailTaken, provider, sub="s-mallory")


@pytest.mark.parametrize("email", ["bob@corp.example", "BOB@corp.example"])
def test_who_changes_to_anothers_address_remains_himself_without_it(provider, email):
    come(provider, sub="s-bob", email="bob@corp.example")
    mallory = come(provider, sub="s-mallory", email="mallory@corp.example")
    again = come(provider, sub="s-mallory", email=email)
    again.refresh_from_db()
    assert (again.pk, again.email) == (mallory.pk, "mallory@corp.example")


def test_who_changes_to_an_address_that_is_anothers_name_does_not_get_it(provider):
    come(provider, sub="s-bob", email="bob@corp.example")
    come(provider, sub="s-bob", email="robert@corp.example")
    mallory = come(provider, sub="s-mallory", email="mallory@corp.example")
    come(provider, sub="s-mallory", email="Bob@corp.example")
    mallory.refresh_from_db()
    assert mallory.email == "mallory@corp.example"


def test_an_address_that_the_provider_calls_unverified_is_not_taken_over(provider):
    come(provider)
    user = come(provider, email="new@corp.example", email_verified=False)
    user.refresh_from_db()
    assert user.email == "alice@corp.example"


def test_a_disabled_user_is_refused_and_not_changed(provider):
    user = come(provider)
    User.objects.filter(pk=user.pk).update(is_active=False)
    refused(UserDisabled, provider, name="Another Name")


def test_without_self_signup_a_stranger_is_refused_and_a_known_person_is_not(provider):
    user = come(provider)
    provider.self_signup = False
    assert come(provider).pk == user.pk
    refused(NotAdmitted, provider, sub="s-mallory", email="mallory@corp.example")


def test_the_domain_rule_is_for_known_people_too(provider):
    come(provider)
    provider.allowed_email_domains = ["other.example"]
    refused(NotAdmitted, provider)


def test_without_a_principal_there_is_no_person(provider):
    provider.principal_claims = ["upn"]
    refused(PrincipalMissing, provider)
    assert PrincipalMissing is not MissingClaim


def test_two_first_sign_ins_at_once_are_one_user(provider, monkeypatch):
    """The other request has made the identity just after this one had looked for it."""
    first = come(provider)
    honest, looks = services.known_identity, iter([None])
    monkeypatch.setattr(
        services, "known_identity", lambda *which, lock: next(looks, honest(*which, lock=lock))
    )
    assert come(provider).pk == first.pk
    assert (User.objects.count(), Identity.objects.count()) == (1, 1)


def test_the_database_decides_when_even_the_check_was_passed(provider, monkeypatch):
    """Both requests found the name free; one INSERT is refused, and it is no fault of ours."""
    come(provider, sub="s-bob", email="bob@corp.example")
    monkeypatch.setattr("providers.identities.accounts.is_taken", lambda matches, apart_from=None: False)
    refused(EmailTaken, provider, sub="s-mallory", email="bob@corp.example")
