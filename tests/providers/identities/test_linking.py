"""An e-mail address links to a user only where the provider is trusted for it by name, and never by chance."""

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from providers.errors import EmailTaken, NotAdmitted, UserDisabled
from providers.models import Identity
from ssoconsole.platform.actors import Actor
from tests.providers.registrations import sign_in_person
from tests.providers.signin.journey import register

BY = Actor("provider", "corp")
User = get_user_model()
CLAIMS = {"sub": "s-alice", "email": "alice@corp.example", "email_verified": True}


@pytest.fixture
def trusted(op):
    return register(op, link_by_verified_email=True, allowed_email_domains=["corp.example"])


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice", email="alice@corp.example")


def come(provider, **claims):
    return sign_in_person(provider=provider, claims=CLAIMS | claims, by=BY)


def test_a_trusted_provider_links_by_a_verified_address(trusted, alice):
    assert come(trusted).pk == alice.pk
    assert Identity.objects.get().user == alice
    assert come(trusted).pk == alice.pk


def test_linking_needs_no_self_signup(trusted, alice):
    trusted.self_signup = False
    assert come(trusted).pk == alice.pk


REFUSALS = {
    "not trusted": (lambda p: setattr(p, "link_by_verified_email", False), {}, EmailTaken),
    "no domain listed": (lambda p: setattr(p, "allowed_email_domains", []), {}, EmailTaken),
    "another domain": (lambda p: setattr(p, "allowed_email_domains", ["other.example"]), {}, NotAdmitted),
    "said to be unverified": (lambda p: None, {"email_verified": False}, NotAdmitted),
    "not said to be verified": (lambda p: None, {"email_verified": None}, EmailTaken),
    "verified as a word": (lambda p: None, {"email_verified": "yes"}, NotAdmitted),
    "another case": (lambda p: None, {"email": "Alice@corp.example"}, EmailTaken),
}


@pytest.mark.parametrize(("change", "claims", "outcome"), REFUSALS.values(), ids=REFUSALS.keys())
def test_is_not_linked(trusted, alice, change, claims, outcome):
    change(trusted)
    with pytest.raises(outcome):
        come(trusted, **claims)
    assert Identity.objects.count() == 0
    assert User.objects.count() == 1


def test_an_address_of_two_users_is_nobodys(trusted, alice):
    User.objects.create_user("alice2", email="ALICE@corp.example")
    with pytest.raises(EmailTaken):
        come(trusted)


def test_a_break_glass_administrator_is_never_linked_to(trusted, alice):
    User.objects.filter(pk=alice.pk).update(expires_at=timezone.now())
    with pytest.raises(EmailTaken):
        come(trusted)


def test_an_address_that_was_given_to_a_new_person_does_not_bring_the_old_account(trusted, alice):
    come(trusted)
    with pytest.raises(EmailTaken):
        come(trusted, sub="s-new-owner-of-the-address")
    assert Identity.objects.get().sub == "s-alice"


def test_a_disabled_user_is_not_entered_by_linking(trusted, alice):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    with pytest.raises(UserDisabled):
        come(trusted)
    assert Identity.objects.count() == 0


@pytest.mark.parametrize("verified", [None, False])
def test_a_user_made_under_somebodys_address_does_not_lie_in_wait_for_her(trusted, op, verified):
    """Mallory names herself by Alice's address where nobody looks; Alice comes later, where she is known."""
    weak = register(op, slug="weak", principal_claims=["sub"])
    mallory = come(weak, sub="s-mallory", email="alice@corp.example", email_verified=None)
    come(weak, sub="s-mallory", email_verified=verified)
    with pytest.raises(EmailTaken):
        come(trusted)
    assert [identity.sub for identity in mallory.identities.all()] == ["s-mallory"]


def test_a_user_whose_address_another_provider_has_verified_is_linked_to(trusted, op):
    other = register(op, slug="other", principal_claims=["sub"])
    known = come(other)
    assert come(trusted).pk == known.pk


def test_an_address_that_he_no_longer_has_there_does_not_count(trusted, op):
    other = register(op, slug="other", principal_claims=["sub"])
    come(other)
    come(other, email="")
    with pytest.raises(EmailTaken):
        come(trusted)


def test_a_second_provider_that_is_not_trusted_is_not_linked(trusted, alice, op):
    come(trusted)
    other = register(op, slug="other")
    with pytest.raises(EmailTaken):
        come(other)
