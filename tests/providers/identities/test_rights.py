"""Groups and administration come by the provider's rules, and go by them; what they did not give they do not take."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import sign_in_person
from tests.providers.signin.journey import register

BY = Actor("provider", "corp")
User = get_user_model()
RULES = [{"claim_value": "data-admins", "group": "Data admins"}, {"claim_value": "staff", "group": "Staff"}]


@pytest.fixture
def corp(op):
    return register(op, group_rules=RULES, admin_principals=["alice@corp.example"])


def come(provider, who="alice", **claims):
    base = {"sub": f"s-{who}", "email": f"{who}@corp.example", "email_verified": True}
    user = sign_in_person(provider=provider, claims=base | claims, by=BY)
    return User.objects.get(pk=user.pk)


def groups_of(user):
    return sorted(user.groups.values_list("name", flat=True))


def test_rules_give_groups_and_take_them_away(corp):
    assert groups_of(come(corp, "bob", groups=["staff", "data-admins", "unknown"])) == [
        "Data admins",
        "Staff",
    ]
    assert groups_of(come(corp, "bob", groups=["staff"])) == ["Staff"]
    assert groups_of(come(corp, "bob")) == []


def test_groups_that_no_rule_names_are_left_alone(corp):
    user = come(corp, "bob", groups=["staff"])
    user.groups.add(Group.objects.create(name="By hand"))
    assert groups_of(come(corp, "bob")) == ["By hand"]


def test_an_admin_principal_becomes_an_administrator_and_is_on_record(corp):
    user = come(corp)
    assert (user.is_staff, user.is_superuser) == (True, True)
    assert groups_of(user) == []
    assert Event.objects.get(action="user_changed").after["is_superuser"] is True


def test_nobody_else_does(corp):
    assert not come(corp, "bob").is_superuser


def test_who_is_no_longer_listed_is_no_longer_an_administrator(corp):
    come(corp)
    corp.admin_principals = []
    user = come(corp)
    assert (user.is_staff, user.is_superuser, groups_of(user)) == (False, False, [])


def test_who_was_made_an_administrator_by_hand_stays_one(corp):
    user = come(corp, "bob")
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    assert come(corp, "bob").is_superuser
    corp.admin_principals = ["bob@corp.example"]
    assert groups_of(come(corp, "bob")) == []
    corp.admin_principals = []
    assert come(corp, "bob").is_superuser


def test_an_administrator_by_command_who_is_linked_stays_one(op):
    provider = register(
        op,
        link_by_verified_email=True,
        allowed_email_domains=["corp.example"],
        admin_principals=["root@corp.example"],
    )
    User.objects.create_superuser("root", email="root@corp.example", password="x" * 20)
    assert come(provider, "root").is_superuser
    provider.admin_principals = []
    assert come(provider, "root").is_superuser


def test_an_administrator_by_two_providers_is_one_until_both_take_it_back(corp, op):
    user = come(corp)
    other = register(op, slug="other", admin_principals=["alice@corp.example"])
    user.identities.create(provider=other, sub="s-alice")
    User.objects.filter(pk=user.pk).update(is_superuser=False)
    come(other)
    corp.admin_principals = []
    assert come(corp).is_superuser
    other.admin_principals = []
    assert not come(other).is_superuser


def test_who_takes_an_administrators_principal_does_not_take_her_rights(corp):
    come(corp)
    come(corp, "mallory")
    mallory = come(corp, "mallory", email="alice@corp.example")
    assert not mallory.is_superuser
    assert come(corp).is_superuser


def test_who_takes_an_administrators_address_for_a_principal_does_not_either(corp):
    """Alice is called otherwise here; only her address is the principal that is listed."""
    alice = User.objects.create_user("alice", email="alice@corp.example")
    come(corp, "mallory")
    assert not come(corp, "mallory", email="Alice@corp.example").is_superuser
    assert not come(corp, "mallory", email="alice@corp.example").is_superuser
    alice.refresh_from_db()
    assert alice.email == "alice@corp.example"


def test_a_rule_that_is_removed_takes_what_it_gave_and_not_what_was_given_by_hand(corp):
    come(corp, "bob", groups=["staff"])
    carol = come(corp, "carol")
    carol.groups.add(Group.objects.get(name="Staff"))
    assert groups_of(come(corp, "carol", groups=["staff"])) == ["Staff"]
    corp.group_rules = []
    assert groups_of(come(corp, "carol", groups=["staff"])) == ["Staff"]
    corp.group_rules = RULES[:1]
    assert groups_of(come(corp, "bob", groups=["staff"])) == []


def test_an_unverified_address_makes_nobody_an_administrator(corp):
    come(corp, "mallory")
    assert not come(corp, "mallory", email="alice@corp.example", email_verified=False).is_superuser
