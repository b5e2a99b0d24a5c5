"""A person's page opens with who vouches, where he is signed in, what became of it, and which rule gave each right."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import ClaimedName, ConsoleSession, GivenRight, Identity, SignInAttempt
from providers.signin.traces import normal_name
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import key_ring
from tests.ssoconsole.pages.pages_cast import person, session_of, staff
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
PARTS = {
    "identity": 'id="identities-title"',
    "consolesession": 'id="sessions-title"',
    "signinattempt": 'id="attempts-title"',
}
TOLD = {
    "identity": ("00u-alice", "by-subject"),
    "consolesession": ("192.0.2.77",),
    "signinattempt": ("one-two-three", "by-subject"),
}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"


@pytest.fixture
def alice(corp):
    user = person("alice@corp.example", email="alice.a@mail.example")
    Identity.objects.create(provider=corp, sub="00u-alice", user=user, last_signed_in_at=timezone.now())
    return user


def attempt(corp, reference, *, user=None, claims=(), ago=timedelta(0), **fields):
    at = timezone.now() - ago
    found = SignInAttempt.objects.create(
        provider=corp, reference=reference, user=user, started_at=at, finished_at=at, **fields
    )
    for name in claims:
        hashed = key_ring().keyed_hash(normal_name(name), purpose=ClaimedName.PURPOSE)
        ClaimedName.objects.create(attempt=found, name_hash=hashed)
    return found


def page_of(client, user):
    return client.get(f"/admin/accounts/user/{user.pk}/change/").content.decode()


def about(client, user):
    return client.get(f"/admin/accounts/user/{user.pk}/change/").context["about"]


class PersonPageTests:
    def test_it_shows_each_identity_with_its_provider(self, bob, alice):
        page = page_of(bob, alice)
        assert "<code>00u-alice</code>" in page
        assert f"/admin/providers/identity/{alice.identities.get().pk}/change/" in page

    def test_it_shows_live_sessions_and_no_ended_one(self, bob, alice, corp):
        live = session_of(alice, corp, user_agent=FIREFOX)
        ended = session_of(alice, corp, ended_at=timezone.now(), ended_by="user:bob")
        page = page_of(bob, alice)
        assert "Firefox on Linux" in page
        assert f"/consolesession/{live.pk}/" in page
        assert str(ended.pk) not in page

    def test_what_is_ticked_there_ends(self, bob, alice, corp):
        first, second = (session_of(alice, corp) for _ in range(2))
        form = f"/admin/providers/consolesession/?user__id__exact={alice.pk}"
        assert f'action="{form}"' in page_of(bob, alice)
        answer = bob.post(
            form,
            {"_selected_action": [str(first.pk)], "action": "end_sessions", "confirmed": "yes"},
            follow=True,
        )
        assert "Sessions ended: 1." in answer.content.decode()
        assert list(ConsoleSession.objects.filter(ended_at=None)) == [second]

    def test_it_shows_what_came_of_signing_in_and_who_was_refused_under_the_same_name(self, bob, alice, corp):
        ours = attempt(corp, "one-two-three", user=alice, outcome="ok", ago=timedelta(hours=1))
        theirs = [
            attempt(corp, f"by-{name.partition('@')[0]}", claims=[name], outcome="not_admitted")
            for name in ("ALICE@corp.example", "Alice.A@mail.example", "00u-alice")
        ]
        attempt(corp, "of-mallory", claims=["mallory"], outcome="not_admitted")
        shown = about(bob, alice)["attempts"]
        assert shown == [*reversed(theirs), ours]
        page = page_of(bob, alice)
        assert page.count("no: it claimed the name, address or subject") == 3
        assert f"/admin/providers/signinattempt/?user__id__exact={alice.pk}" in page

    def test_the_newest_ten_are_shown(self, bob, alice, corp):
        for hour in range(14):
            owner = {"user": alice} if hour % 2 else {"claims": ["alice@corp.example"]}
            attempt(corp, f"at-{hour}", ago=timedelta(hours=hour), outcome="expired", **owner)
        assert [each.reference for each in about(bob, alice)["attempts"]] == [
            f"at-{hour}" for hour in range(10)
        ]

    def test_groups_that_the_provider_did_not_tell_are_said_to_have_stayed(self, bob, alice, corp):
        attempt(corp, "a", user=alice, outcome="ok", trace={"groups_untold": ["groups"]})
        assert "no group was taken away" in page_of(bob, alice)
        attempt(corp, "b", user=alice, outcome="ok")
        assert "no group was taken away" not in page_of(bob, alice)
        attempt(corp, "c", user=alice, outcome="expired", trace={"groups_untold": ["groups"]})
        assert "no group was taken away" not in page_of(bob, alice)


class RightsTests:
    def rights(self, client, user):
        return dict(about(client, user)["rights"])

    def test_each_group_names_the_rule_or_the_hand_that_gave_it(self, bob, alice, corp):
        ruled, by_hand = (Group.objects.create(name=name) for name in ("Data", "Friends"))
        alice.groups.add(ruled, by_hand)
        for value in ("team-data", "analysts"):
            GivenRight.objects.create(identity=alice.identities.get(), group=ruled, reason=value)
        assert self.rights(bob, alice) == {
            "Group Data": ["Corp SSO: the claim value “team-data”", "Corp SSO: the claim value “analysts”"],
            "Group Friends": ["By hand"],
        }

    def test_administration_names_the_principal(self, bob, alice):
        User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
        assert set(self.rights(bob, alice)) == {"Superuser", "Staff"}
        assert self.rights(bob, alice)["Superuser"] == ["By hand"]
        GivenRight.objects.create(identity=alice.identities.get(), reason="alice@corp.example")
        told = ["Corp SSO: the administrator “alice@corp.example”"]
        assert self.rights(bob, alice) == {"Superuser": told, "Staff": told}

    def test_break_glass_comes_by_a_command(self, bob, db):
        user, _ = bootstrap_admin(name="rescue", by=Actor.command("test"))
        assert self.rights(bob, user)["Superuser"] == ["A temporary administrator, by a command"]

    def test_who_may_not_view_providers_reads_no_rule(self, client, alice):
        group = Group.objects.create(name="Data")
        alice.groups.add(group)
        GivenRight.objects.create(identity=alice.identities.get(), group=group, reason="team-data")
        dave = staff(client, "view_user")
        assert self.rights(dave, alice) == {"Group Data": ["A rule of a provider"]}
        assert_without(page_of(dave, alice), "team-data")


class RefusalTests:
    @pytest.fixture
    def full(self, alice, corp):
        session_of(alice, corp, address="192.0.2.77")
        attempt(corp, "one-two-three", user=alice, outcome="ok")
        attempt(corp, "by-subject", claims=["00u-alice"], outcome="not_admitted")
        return alice

    @pytest.mark.parametrize("part", PARTS)
    def test_each_part_is_for_who_may_view_it(self, client, full, part):
        every = [f"view_{name}" for name in ("user", "provider", *PARTS)]
        dave = staff(client, *every)
        page = page_of(dave, full)
        assert all(shown in page for shown in (*PARTS.values(), *TOLD[part]))
        page = page_of(staff_without(dave, f"view_{part}"), full)
        assert {name for name, title in PARTS.items() if title in page} == set(PARTS) - {part}
        assert_without(page, *TOLD[part])

    def test_who_may_only_look_is_offered_no_end(self, client, full):
        page = page_of(staff(client, "view_user", "view_consolesession"), full)
        assert "End the ticked sessions" not in page
        assert "_selected_action" not in page

    def test_without_the_right_to_view_people_there_is_no_page(self, client, full):
        dave = staff(client, *(f"view_{name}" for name in PARTS))
        assert dave.get(f"/admin/accounts/user/{full.pk}/change/").status_code == 403


def staff_without(client, right):
    User.objects.get(username="dave").user_permissions.remove(Permission.objects.get(codename=right))
    return client


def statements(client, user):
    with CaptureQueriesContext(connection) as asked:
        page_of(client, user)
    return [query["sql"] for query in asked]


def test_it_asks_as_often_however_much_there_is(bob, alice, corp):
    page_of(bob, alice)
    few = len(statements(bob, alice))
    for number in range(30):
        Identity.objects.create(provider=corp, sub=f"sub-{number}", user=alice)
        session_of(alice, corp)
        attempt(corp, f"ours-{number}", user=alice, outcome="ok")
        attempt(corp, f"theirs-{number}", claims=["alice@corp.example"], outcome="expired")
        group = Group.objects.create(name=f"Group {number}")
        alice.groups.add(group)
        GivenRight.objects.create(identity=alice.identities.first(), group=group, reason="x")
    many = statements(bob, alice)
    assert len(many) <= few + 1
    assert len(many) <= 22
    tables = (
        "providers_identity",
        "providers_consolesession",
        "providers_signinattempt",
        "providers_claimedname",
    )
    asked = [sql for sql in many if any(f'FROM "{table}"' in sql for table in tables)]
    ours = [sql for sql in asked if str(alice.pk) in sql or "name_hash" in sql]
    assert len(ours) >= 4
    assert [sql for sql in ours if "LIMIT" not in sql] == []
    assert [sql for sql in many if '"providers_provider"."discovery"' in sql or "id_token" in sql] == []
