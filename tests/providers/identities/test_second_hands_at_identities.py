"""Another request makes the same person, or takes her account, between reading and writing."""

import pytest
from django.contrib.auth import get_user_model

from providers.errors import EmailTaken, IdentityTaken
from providers.identities import linking, services
from providers.identities.linking import link_identity
from providers.models import ConsoleSession, Identity
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import BOB, sign_in_person
from tests.providers.signin.journey import register

User = get_user_model()
CLAIMS = {"sub": "subject-9", "email": "carol@corp.example", "email_verified": True}


def after_reading(monkeypatch, module, name, hand):
    """Let `hand` do its work once, right after the function has read what it decides by."""
    read, hands = getattr(module, name), [hand]

    def reads(*args, **kwargs):
        found = read(*args, **kwargs)
        if hands:
            hands.pop()()
        return found

    monkeypatch.setattr(module, name, reads)


def test_the_identity_that_another_request_has_just_made_is_the_one(provider, monkeypatch):
    carol = User.objects.create(username="carol")

    def other():
        Identity.objects.create(provider=provider, sub="subject-9", user=carol)

    after_reading(monkeypatch, services, "decide_person", other)
    assert sign_in_person(provider=provider, claims=CLAIMS, by=BOB) == carol
    assert (User.objects.count(), Identity.objects.count()) == (1, 1)
    assert not Event.objects.filter(action__in=("user_created", "identity_created")).exists()


def test_a_name_that_another_request_has_just_taken_is_taken(provider, monkeypatch):
    after_reading(
        monkeypatch,
        services,
        "decide_person",
        lambda: User.objects.create(username="carol@corp.example"),
    )
    with pytest.raises(EmailTaken):
        sign_in_person(provider=provider, claims=CLAIMS, by=BOB)
    assert Identity.objects.count() == 0
    assert not Event.objects.filter(action="user_created").exists()


@pytest.mark.parametrize("whose", ["her own", "another person's"])
def test_an_account_that_was_connected_this_moment(op, provider, visitor, monkeypatch, whose):
    visitor.sign_in(op)
    session, other = ConsoleSession.objects.get(), register(op, slug="other")
    owner = session.user if whose == "her own" else User.objects.create(username="mallory")

    def connect():
        Identity.objects.create(provider=other, sub="subject-9", user=owner)

    after_reading(monkeypatch, linking, "_identity_of", connect)
    if whose == "her own":
        assert link_identity(provider=other, session=session, claims=CLAIMS, by=BOB).user == owner
    else:
        with pytest.raises(IdentityTaken):
            link_identity(provider=other, session=session, claims=CLAIMS, by=BOB)
    assert not Identity.objects.filter(sub="subject-9").exclude(user=owner).exists()
    assert not Event.objects.filter(action="identity_linked").exists()
