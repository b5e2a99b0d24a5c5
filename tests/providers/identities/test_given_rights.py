"""Rights that rested on a provider go with it at once: also from a browser that came in another way."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from providers.errors import ProviderChanged
from providers.identities.linking import unlink_identity
from providers.models import GivenRight, Identity, Provider
from providers.registration.rolling_back import roll_back_now
from providers.registration.secret import set_client_secret
from providers.registration.services import disable_provider, enable_provider, save_provider
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import sign_in_person
from tests.providers.signin.journey import register

BY = Actor("user", "bob")
User = get_user_model()
RULES = [{"claim_value": "staff", "group": "Staff"}]
CLAIMS = {
    "sub": "s-alice",
    "email": "alice@corp.example",
    "email_verified": True,
    "groups": ["staff"],
}
DOOR = "/admin/search"  # the page of the administration that reads the least


@pytest.fixture
def corp(op):
    return register(op, group_rules=RULES, admin_principals=["alice@corp.example"])


@pytest.fixture
def alice(corp):
    """An administrator by her principal, whose browser has come in by something that is not the provider."""
    user = sign_in_person(provider=corp, claims=CLAIMS, by=BY)
    client = Client()
    client.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    assert client.get(DOOR).status_code == 200
    assert groups() == ["Staff"]
    return client


def groups():
    names = User.objects.get(username="alice@corp.example").groups.values_list("name", flat=True)
    return sorted(names)


def change(**fields):
    provider = Provider.objects.get()
    for name, value in fields.items():
        setattr(provider, name, value)
    if "client_secret" in fields:
        set_client_secret(provider, fields["client_secret"])
    save_provider(provider=provider, by=BY, fetch_metadata=False, anyway=True)


def unlink():
    unlink_identity(identity=Identity.objects.get(), by=BY, keep_a_way_in=False)


def disable():
    disable_provider(provider=Provider.objects.get(), by=BY)


WAYS = {
    "removed from admin_principals": (lambda: change(admin_principals=[]), ["Staff"]),
    "another in her place": (lambda: change(admin_principals=["carol@corp.example"]), ["Staff"]),
    "the rule and the principal removed": (lambda: change(admin_principals=[], group_rules=[]), []),
    "another claim value": (
        lambda: change(admin_principals=[], group_rules=[{"claim_value": "x", "group": "Staff"}]),
        [],
    ),
    "another group for the value": (
        lambda: change(admin_principals=[], group_rules=[{"claim_value": "staff", "group": "Crew"}]),
        [],
    ),
    "unlinked": (unlink, []),
    "disabled": (disable, []),
    "disabled by a save": (lambda: change(enabled=False), []),
    "another issuer": (lambda: change(issuer="https://other.example", client_secret="s" * 40), []),
    "another client": (lambda: change(client_id="another"), []),
}


@pytest.mark.parametrize("slug", ["corp", "renamed"])
@pytest.mark.parametrize("way", WAYS)
def test_it_is_gone_at_the_next_request_whatever_the_provider_is_called(corp, alice, way, slug):
    take, left = WAYS[way]
    if slug != corp.slug:
        change(slug=slug)
        assert alice.get(DOOR).status_code == 200  # a name is no reason
    take()
    assert alice.get(DOOR).status_code == 302
    assert alice.get("/api/v1/providers").status_code == 404
    user = User.objects.get(username="alice@corp.example")
    assert (user.is_staff, user.is_superuser, groups()) == (False, False, left)
    told = Event.objects.filter(action="user_changed").first()
    assert (told.before["is_superuser"], told.after["is_superuser"]) == (True, False)
    assert not GivenRight.objects.filter(group=None).exists()


@pytest.mark.parametrize("slug", ["corp", "renamed"])
def test_a_sign_in_takes_away_what_the_claims_do_not_say_any_more(corp, alice, slug):
    change(slug=slug)
    provider = Provider.objects.get()
    sign_in_person(provider=provider, claims=CLAIMS | {"groups": [], "email": "a@corp.example"}, by=BY)
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, groups()) == (False, False, [])


def test_what_two_values_give_goes_with_the_last_of_them(corp, alice):
    both = [{"claim_value": value, "group": "Staff"} for value in ("staff", "office")]
    change(group_rules=both)
    for held in (["staff", "office"], ["office"]):
        sign_in_person(provider=Provider.objects.get(), claims=CLAIMS | {"groups": held}, by=BY)
        assert groups() == ["Staff"]
    change(group_rules=both[:1])
    assert groups() == []


@pytest.mark.parametrize("take", [disable, lambda: change(admin_principals=[], group_rules=[])])
def test_it_is_gone_from_everybody_who_had_it(corp, alice, take):
    carol = CLAIMS | {"sub": "s-carol", "email": "carol@corp.example"}
    sign_in_person(provider=Provider.objects.get(), claims=carol, by=BY)
    assert Group.objects.get(name="Staff").user_set.count() == 2
    take()
    assert not Group.objects.get(name="Staff").user_set.exists()
    changed = Event.objects.filter(action="user_changed").values_list("target", flat=True)
    assert set(changed) == {"alice@corp.example", "carol@corp.example"}


def test_a_trial_that_is_rolled_back_takes_away_what_it_gave(corp, alice):
    provider = Provider.objects.get()
    provider.admin_principals = ["alice@corp.example", "eve@corp.example"]
    save_provider(provider=provider, by=BY, fetch_metadata=False, trial=timedelta(minutes=5))
    claims = CLAIMS | {"sub": "s-eve", "email": "eve@corp.example"}
    assert sign_in_person(provider=Provider.objects.get(), claims=claims, by=BY).is_superuser
    roll_back_now(provider=Provider.objects.get(), by=BY)
    assert not User.objects.get(username="eve@corp.example").is_superuser
    assert alice.get(DOOR).status_code == 200


def test_what_is_taken_out_by_hand_in_the_database_is_gone_with_the_next_save(corp, alice):
    change(order=7)
    Provider.objects.update(group_rules=[], admin_principals=[])
    change(name="Another")
    assert groups() == []
    assert alice.get(DOOR).status_code == 302


def test_they_come_back_with_the_next_sign_in_and_not_before(corp, alice):
    disable()
    enable_provider(provider=Provider.objects.get(), by=BY, anyway=True)
    assert alice.get(DOOR).status_code == 302
    sign_in_person(provider=Provider.objects.get(), claims=CLAIMS, by=BY)
    assert alice.get(DOOR).status_code == 200


def test_what_another_provider_gives_too_stays(corp, alice, op):
    other = register(op, slug="other", group_rules=RULES, admin_principals=["alice@corp.example"])
    User.objects.get().identities.create(provider=other, sub="s-alice")
    sign_in_person(provider=other, claims=CLAIMS, by=BY)
    disable_provider(provider=corp, by=BY)
    assert alice.get(DOOR).status_code == 200
    assert groups() == ["Staff"]
    disable_provider(provider=other, by=BY)
    assert alice.get(DOOR).status_code == 302
    assert groups() == []


@pytest.mark.parametrize("take", [disable, unlink, lambda: change(admin_principals=[], group_rules=[])])
def test_what_was_given_by_hand_stays(corp, take):
    bob = User.objects.create(username="alice@corp.example", is_staff=True, is_superuser=True)
    bob.groups.add(Group.objects.create(name="Staff"))
    bob.identities.create(provider=corp, sub="s-alice")
    sign_in_person(provider=corp, claims=CLAIMS, by=BY)
    take()
    bob.refresh_from_db()
    assert (bob.is_staff, bob.is_superuser, groups()) == (True, True, ["Staff"])


def test_what_an_administrator_sets_on_the_persons_page_is_by_hand(corp, alice):
    bob = User.objects.create(username="bob", is_staff=True, is_superuser=True)
    client, user = Client(), User.objects.get(username="alice@corp.example")
    client.force_login(bob, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    page = f"/admin/accounts/user/{user.pk}/change/"
    shown = {"name": "", "email": user.email, "is_active": "on", "groups": [Group.objects.get().pk]}
    client.post(page, shown)
    client.post(page, shown | {"is_staff": "on", "is_superuser": "on"})
    disable()
    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser, groups()) == (True, True, [])


# What an administrator saves on her page, one form after the other: the fields of rights in it, and what is left
# of them when the provider is disabled.
RIGHTS_OF_A_FORM = {
    "another name": ([{"name": "Alice"}], (False, [])),
    "one group more": ([{"groups": ["Staff", "Crew"]}], (False, ["Crew"])),
    "another group": ([{"groups": ["Crew"]}], (False, ["Crew"])),
    "her group taken and given again": ([{"groups": []}, {"groups": ["Staff"]}], (False, ["Staff"])),
    "no administrator any more": ([{"is_superuser": None, "is_staff": None}], (False, [])),
    "no staff any more, and again": ([{"is_staff": None}, {"is_staff": "on"}], (True, [])),
    "a superuser no more, and again": ([{"is_superuser": None}, {"is_superuser": "on"}], (True, [])),
}


@pytest.mark.parametrize("saved", RIGHTS_OF_A_FORM)
def test_what_he_leaves_as_it_is_stays_the_providers_to_take(corp, alice, saved):
    forms, left = RIGHTS_OF_A_FORM[saved]
    Group.objects.create(name="Crew")
    client, user = Client(), User.objects.get(username="alice@corp.example")
    bob = User.objects.create(username="bob", is_staff=True, is_superuser=True)
    client.force_login(bob, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    keys = dict(Group.objects.values_list("name", "pk"))
    shown = {"name": "", "email": user.email, "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    for form in forms:
        form = {**shown, "groups": ["Staff"], **form}
        data = {name: value for name, value in form.items() if value is not None}
        data["groups"] = [keys[name] for name in form["groups"]]
        assert client.post(f"/admin/accounts/user/{user.pk}/change/", data).status_code == 302
    disable()
    user.refresh_from_db()
    assert (user.is_superuser, groups()) == left


def test_a_sign_in_that_began_with_an_earlier_registration_gives_nothing_new(corp):
    stale = Provider.objects.get()
    change(admin_principals=[])
    with pytest.raises(ProviderChanged):
        sign_in_person(provider=stale, claims=CLAIMS, by=BY)
    assert not User.objects.exists()
