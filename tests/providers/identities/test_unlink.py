"""An account at a provider stops opening a user's own: its sessions end, and its rights go."""

import pytest
from django.contrib.auth import get_user_model

from providers.identities.linking import LastWayIn, unlink_identity
from providers.models import ConsoleSession, Identity
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.providers.signin.journey import Browser, register, register_read
from tests.providers.signin.test_sign_in_races import MANY
from tests.support.at_once import at_once

BOB = Actor("user", "bob")
User = get_user_model()


@pytest.fixture
def alice(op, provider, visitor):
    visitor.sign_in(op)
    return User.objects.get()


@pytest.fixture
def second(op, alice):
    """Her other account, at another provider."""
    other = register(op, slug="other")
    return Identity.objects.create(provider=other, sub="subject-1", user=alice)


def unlink(identity, *, keep=True):
    return unlink_identity(identity=identity, by=BOB, keep_a_way_in=keep)


def first():
    return Identity.objects.get(provider__slug="corp")


def test_it_opens_nothing_any_more_and_its_sessions_end(op, alice, second, visitor):
    elsewhere = Browser()
    elsewhere.sign_in(op, slug="other")
    assert unlink(first())
    assert not visitor.is_signed_in()
    assert elsewhere.is_signed_in()
    ended = ConsoleSession.objects.exclude(ended_at=None).get()
    assert (ended.ended_by, ended.id_token) == ("user:bob", None)
    assert Identity.objects.get() == second
    event = Event.objects.get(action="identity_unlinked")
    assert (event.actor, event.target) == ("user:bob", alice.username)
    assert event.before == {"provider": "corp", "sub": "subject-1"}
    assert event.after == {"sessions": 1}


def test_the_sessions_of_her_other_account_there_go_on(op, alice, visitor):
    op.person["sub"] = "subject-2"
    Identity.objects.create(provider=first().provider, sub="subject-2", user=alice)
    elsewhere = Browser()
    elsewhere.sign_in(op)
    unlink(Identity.objects.get(sub="subject-2"))
    assert visitor.is_signed_in()
    assert not elsewhere.is_signed_in()
    assert ConsoleSession.objects.exclude(ended_at=None).get().sub == "subject-2"


def test_a_second_time_it_is_gone_already(alice, second):
    identity = first()
    assert unlink(identity)
    assert not unlink(identity)
    assert Event.objects.filter(action="identity_unlinked").count() == 1


LAST = {
    "nothing else": lambda alice, second: second.delete(),
    "the other provider is disabled": lambda alice, second: (
        type(second.provider).objects.filter(slug="other").update(enabled=False)
    ),
    "a temporary password": lambda alice, second: (
        second.delete(),
        alice.set_password("x" * 20),
        setattr(alice, "is_staff", True),
        setattr(alice, "expires_at", alice.date_joined),
    ),
    "a password that was never set": lambda alice, second: (
        second.delete(),
        setattr(alice, "password", ""),
        setattr(alice, "is_staff", True),
    ),
    "a password that no door takes": lambda alice, second: (second.delete(), alice.set_password("x" * 20)),
}


@pytest.mark.parametrize("change", LAST.values(), ids=LAST.keys())
def test_the_last_way_in_stays(alice, second, change):
    change(alice, second)
    alice.save()
    with pytest.raises(LastWayIn):
        unlink(first())
    assert first().user == alice
    assert ConsoleSession.objects.get().ended_at is None
    assert not Event.objects.filter(action="identity_unlinked").exists()


def test_a_lasting_password_is_a_way_in(alice):
    alice.set_password("x" * 20)
    alice.is_staff = True
    alice.save()
    assert unlink(first())


def test_an_administrator_may_take_the_last_one(alice, visitor):
    assert unlink(first(), keep=False)
    assert not visitor.is_signed_in()
    assert Identity.objects.count() == 0


def test_what_its_provider_gave_goes_with_it(op, visitor):
    rules = [{"claim_value": "staff", "group": "Staff"}]
    op.person["groups"] = ["staff"]
    scopes = ["openid", "email", "groups"]
    register_read(op, scopes=scopes, group_rules=rules, admin_principals=["alice@corp.example"])
    visitor.sign_in(op)
    alice = User.objects.get()
    assert alice.is_superuser
    assert alice.groups.filter(name="Staff").exists()
    unlink(first(), keep=False)
    alice.refresh_from_db()
    assert (alice.is_superuser, alice.is_staff, list(alice.groups.all())) == (False, False, [])
    changed = Event.objects.filter(action="user_changed").first()
    assert (changed.before["is_superuser"], changed.after["is_superuser"]) == (True, False)


def test_what_it_gave_to_others_stays(op, visitor):
    rules = [{"claim_value": "staff", "group": "Staff"}]
    op.person["groups"] = ["staff"]
    register(
        op, scopes=["openid", "email", "groups"], group_rules=rules, admin_principals=["bob@corp.example"]
    )
    visitor.sign_in(op)
    alices = first()
    op.person |= {"sub": "subject-2", "email": "bob@corp.example"}
    Browser().sign_in(op)
    unlink(alices, keep=False)
    bob = User.objects.get(username="bob@corp.example")
    assert (bob.is_superuser, [group.name for group in bob.groups.all()]) == (True, ["Staff"])


def test_what_one_account_gave_does_not_stay_for_another_one_there(op, visitor):
    register(op, admin_principals=["alice@corp.example"])
    visitor.sign_in(op)
    alice = User.objects.get()
    Identity.objects.create(provider=first().provider, sub="subject-2", user=alice)
    unlink(Identity.objects.get(sub="subject-1"))
    alice.refresh_from_db()
    assert not alice.is_superuser


@pytest.mark.django_db(transaction=True)
def test_two_who_unlink_at_once_leave_one(scripted_provider):
    alice = User.objects.create(username="alice")
    for number in range(MANY):
        provider = register(scripted_provider, slug=f"p{number}")
        Identity.objects.create(provider=provider, sub="s", user=alice)
    identities = list(Identity.objects.all())

    def one(number):
        try:
            return unlink(identities[number])
        except LastWayIn:
            return "stays"

    assert sorted(at_once(one, MANY), key=str) == [True] * (MANY - 1) + ["stays"]
    assert Identity.objects.count() == 1
