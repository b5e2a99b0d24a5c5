"""
Any sequence of sign-ins at two providers, with claims as they please: nobody becomes somebody else.

Hypothesis plays the people. `weak` lets everybody choose a name and an address; `trusted` may link by verified
address, gives a group and makes an administrator.
"""

from collections import defaultdict

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from providers.errors import SignInRefused
from ssoconsole.platform.actors import Actor
from tests.providers.registrations import sign_in_person, somewhere

User = get_user_model()
ROOT = "root@corp.example"
ADDRESSES = [
    "alice@corp.example",
    "ALICE@corp.example",
    "Alice@Corp.example",
    "bob@corp.example",
    ROOT,
    "ROOT@corp.example",
    "mallory@evil.example",
    "",
]
NAMES = [*ADDRESSES, "alice", "Alice", "ärzte", "ÄRZTE", None]


class SignIns(RuleBasedStateMachine):
    """The model: which user each (provider, sub) is, and what was last said of it."""

    def __init__(self):
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.users, self.said = {}, {}
        self.providers = {
            "weak": somewhere(slug="weak", principal_claims=["preferred_username", "email", "sub"]),
            "trusted": somewhere(
                slug="trusted",
                issuer="https://trusted.example",
                link_by_verified_email=True,
                allowed_email_domains=["corp.example"],
                group_rules=[{"claim_value": "staff", "group": "Staff"}],
                admin_principals=[ROOT],
            ),
        }
        for provider in self.providers.values():
            provider.save()

    def teardown(self):
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    @rule(
        at=st.sampled_from(["weak", "trusted"]),
        sub=st.sampled_from(["1", "2", "3"]),
        email=st.sampled_from(ADDRESSES),
        verified=st.sampled_from([True, True, False, None]),
        name=st.sampled_from(NAMES),
        groups=st.sampled_from([[], ["staff"]]),
    )
    def come(self, at, sub, email, verified, name, groups):
        claims = {"sub": sub, "email": email, "preferred_username": name, "groups": groups}
        claims["email_verified"] = verified
        before = people()
        try:
            user = sign_in_person(provider=self.providers[at], claims=claims, by=Actor("provider", at))
        except SignInRefused:
            assert people() == before, "a refusal changed somebody"
            return
        self.check_who(user.pk, at, sub, email, verified)
        self.check_nobody_else(user.pk, before)
        self.check_rights(people()[user.pk], before.get(user.pk), at, claims)
        self.users[at, sub], self.said[at, sub] = user.pk, (email, verified)

    @rule()
    def the_list_of_administrators_changes(self):
        listed = self.providers["trusted"].admin_principals
        self.providers["trusted"].admin_principals = [] if listed else [ROOT]

    def check_who(self, pk, at, sub, email, verified):
        known = self.users.get((at, sub))
        if known is not None:
            assert pk == known, "a subject is another user now"
            return
        others = [pair for pair, owner in self.users.items() if owner == pk]
        if others:
            assert at == "trusted"
            assert (verified, email.lower().endswith("@corp.example")) == (True, True)
            assert all(pair[0] != at for pair in others), "linked to whom this provider knows already"
            assert all(self.said[pair] == (email, True) for pair in others), "an address nobody had verified"

    @staticmethod
    def check_nobody_else(pk, before):
        after = people()
        assert {key: row for key, row in after.items() if key != pk} == {
            key: row for key, row in before.items() if key != pk
        }, "somebody else was changed"
        if pk in before:
            assert after[pk]["username"] == before[pk]["username"], "a user was renamed"
        owners = defaultdict(set)
        for key, row in after.items():
            for text in (row["username"], row["email"]):
                if text:
                    owners[text.casefold()].add(key)
        assert all(len(keys) == 1 for keys in owners.values()), "one name or address of two users"

    @staticmethod
    def check_rights(now, before, at, claims):
        before = before or {"is_superuser": False, "groups": set()}
        if now["is_superuser"] and not before["is_superuser"]:
            assert (at, claims["email"]) == ("trusted", ROOT)
            assert claims["email_verified"] is not False
        if "Staff" in now["groups"] - before["groups"]:
            assert (at, claims["groups"]) == ("trusted", ["staff"])
        if at == "trusted":
            assert ("Staff" in now["groups"]) == (claims["groups"] == ["staff"])


def people():
    """Everybody as the database has them, by primary key."""
    return {
        user.pk: {
            "username": user.username,
            "email": user.email,
            "is_superuser": user.is_superuser,
            "groups": {group.name for group in user.groups.all()},
        }
        for user in User.objects.prefetch_related("groups")
    }


@pytest.mark.django_db
def test_nobody_becomes_somebody_else():
    run_state_machine_as_test(
        SignIns,
        settings=settings(
            max_examples=40,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
