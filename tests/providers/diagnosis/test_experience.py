"""What people came with is used: a claim that nobody has, an administrator who can never match, a group."""

import json

import pytest
from django.utils import timezone

from providers.diagnosis.registration import examine_attempt
from providers.models import Provider, SignInAttempt
from providers.protocol.preflight.experience import Rules, gains, judge_claims
from tests.providers.registrations import registered_at
from tests.providers.signin.journey import Browser

ALICE = {
    "sub": "1",
    "preferred_username": "alice",
    "email": "alice@corp.example",
    "groups": ["/staff", "Data"],
}


def rules(**fields):
    usual = {"email": "email", "name": "name", "groups": "groups"}
    values = {"principal_claims": ["preferred_username"], "mapping": usual, "usual": usual, "group_rules": []}
    values |= {"admin_principals": [], "needed": frozenset()}
    return Rules(**values | fields)


def rule(value):
    return {"claim_value": value, "group": "G"}


FINDINGS = {
    "a path that nobody has": (
        {"mapping": {"groups": "realm_access.roles"}},
        "mapped_claim_absent",
        "groups: realm_access.roles",
        "claims that came: email, groups, preferred_username, sub",
    ),
    "groups that are needed": (
        {"mapping": {"groups": "roles"}, "usual": {"groups": "roles"}, "needed": frozenset({"groups"})},
        "mapped_claim_absent",
        "groups: roles",
        "claims that came",
    ),
    "an administrator by address where user names name people": (
        {"admin_principals": ["alice@corp.example"]},
        "administrator_never_matches",
        "alice@corp.example",
        "named by preferred_username, such as alice; alice@corp.example stands in email",
    ),
    "one who has not come yet, by address": (
        {"admin_principals": ["bob@corp.example"]},
        "administrator_never_matches",
        "bob@corp.example",
        "such as alice",
    ),
    "a user name where addresses name people": (
        {"principal_claims": ["email"], "admin_principals": ["bob"]},
        "administrator_never_matches",
        "bob",
        "named by email, such as alice@corp.example",
    ),
    "an administrator in another case": (
        {"principal_claims": ["email"], "admin_principals": ["Alice@Corp.example"]},
        "administrator_never_matches",
        "Alice@Corp.example",
        "named by email, such as alice@corp.example",
    ),
    "a group by its whole path": (
        {"group_rules": [rule("/corp/staff")]},
        "group_value_differs",
        "/corp/staff",
        "/staff",
    ),
    "a group with a slash": ({"group_rules": [rule("staff")]}, "group_value_differs", "staff", "/staff"),
    "a group in another case": ({"group_rules": [rule("data")]}, "group_value_differs", "data", "Data"),
    "a group of Windows": (
        {"group_rules": [rule("CORP\\Data")]},
        "group_value_differs",
        "CORP\\Data",
        "Data",
    ),
    "a group by its distinguished name": (
        {"group_rules": [rule("CN=data,OU=groups,DC=corp,DC=example")]},
        "group_value_differs",
        "CN=data,OU=groups,DC=corp,DC=example",
        "Data",
    ),
    "an administrator by a name of Windows": (
        {"admin_principals": ["CORP\\alice"]},
        "administrator_never_matches",
        "CORP\\alice",
        "named by preferred_username, such as alice",
    ),
    "a group that nobody has": (
        {"group_rules": [rule("admins")]},
        "group_value_absent",
        "admins",
        "/staff, Data",
    ),
}
SILENT = [
    {},
    {"group_rules": [rule("/staff"), rule("Data")]},
    {"admin_principals": ["alice"]},
    {"admin_principals": ["alice", "bob"]},
    {"principal_claims": ["email"], "admin_principals": ["bob@corp.example"]},
    {"mapping": {"groups": "roles, groups"}},
    {"mapping": {"groups": ""}},
    {"mapping": {"name": "name"}},
]


@pytest.mark.parametrize(("fields", "code", "expected", "received"), [*FINDINGS.values()], ids=FINDINGS)
def test_what_can_never_fit_is_told_with_what_came(fields, code, expected, received):
    [found] = judge_claims([ALICE], rules(**fields))
    assert (found.code, found.expected) == (code, expected)
    assert received in found.received


@pytest.mark.parametrize(
    ("came", "remedy"),
    [
        ("Data,staff", "Type “,” as group separator."),
        ("staff; Data", "Type “;” as group separator."),
        ([{"id": 1, "name": "Data"}], "names a group: groups.id, groups.name."),
        ([{"display": "Data", "value": "7"}], "groups.display, groups.value."),
    ],
)
def test_groups_that_are_written_otherwise_are_told_with_what_to_type(came, remedy):
    [found] = judge_claims([ALICE | {"groups": came}], rules(group_rules=[rule("Data")]))
    assert found.code == "group_value_absent"
    assert found.remedy.endswith(remedy)


@pytest.mark.parametrize("came", [[], "", None, {}, [[]], [None], "Data", "Team Data", ["a,Data"]])
def test_where_there_is_no_group_or_the_right_one_nothing_is_to_be_typed(came):
    found = judge_claims([ALICE | {"groups": came}], rules(group_rules=[rule("Data")]))
    assert not any("Type" in each.remedy for each in found)


@pytest.mark.parametrize(
    ("came", "wanted"),
    [
        ("cn=data,ou=a,dc=corp", "cn=data,ou=b,dc=corp"),
        ("ONE\\data", "TWO\\data"),
        ("cn=data,ou=a", "cn=more,ou=a"),
    ],
)
def test_groups_of_one_name_in_two_places_are_two(came, wanted):
    [found] = judge_claims([ALICE | {"groups": [came]}], rules(group_rules=[rule(wanted)]))
    assert found.code == "group_value_absent"


@pytest.mark.parametrize("fields", SILENT)
def test_what_fits_or_may_fit_is_silent(fields):
    assert judge_claims([ALICE], rules(**fields)) == []


@pytest.mark.parametrize("fields", [fields for fields, *_ in FINDINGS.values()])
def test_nothing_is_said_before_anybody_has_come(fields):
    assert judge_claims([], rules(**fields)) == []


def test_one_person_who_has_it_is_enough():
    bob = {"sub": "2", "preferred_username": "bob", "roles": ["admins"]}
    fields = {"mapping": {"groups": "roles"}, "group_rules": [rule("admins")]}
    assert judge_claims([ALICE, bob], rules(**fields)) == []


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({}, []),
        ({"group_rules": [rule("admins")]}, ["nothing_gained"]),
        ({"admin_principals": ["bob"]}, ["nothing_gained"]),
        ({"group_rules": [rule("Data")]}, []),
        ({"admin_principals": ["alice"]}, []),
    ],
)
def test_a_person_who_gains_nothing_by_the_rules_is_told(fields, codes):
    assert [found.code for found in gains(ALICE, rules(**fields))] == codes


def signed_in(provider, claims, outcome="ok", received=""):
    attempt = SignInAttempt(
        provider=provider,
        reference=f"r{SignInAttempt.objects.count()}",
        started_at=timezone.now(),
        outcome=outcome,
    )
    attempt.claims, attempt.received = json.dumps(claims), received
    attempt.save()


def codes(report):
    return [each.code for each in report.findings if each.severity != "info"]


class CheckTests:
    def test_it_uses_what_sign_ins_have_taught(self, examine):
        report = examine(
            breaks=lambda op: {
                "mapping": {"groups": "roles"},
                "admin_principals": ["alice@corp.example"],
                "principal_claims": ["preferred_username"],
                "after": lambda provider: signed_in(provider, ALICE),
            }
        )
        assert {"mapped_claim_absent", "administrator_never_matches"} <= {*codes(report)}
        assert report.ok

    def test_without_sign_ins_it_says_why_it_did_not_look(self, examine):
        told = {each["name"]: each["because"] for each in examine().as_json()["not_tried"]}
        assert told["sign_ins"] == "nobody has signed in yet, or what came is past its retention"

    def test_a_refused_sign_in_teaches_nothing_about_the_rules(self, examine):
        report = examine(
            breaks=lambda op: {
                "mapping": {"groups": "roles"},
                "after": lambda provider: signed_in(provider, ALICE, outcome="not_admitted"),
            }
        )
        assert codes(report) == []

    @pytest.mark.parametrize(
        ("claims", "userinfo", "told"),
        [
            (ALICE | {"name": "Alice"}, "always", "when_needed"),
            (ALICE | {"name": "Alice"}, "never", ""),
            ({"sub": "1", "email": "a@corp.example", "name": "Alice"}, "when_needed", "never"),
            ({"sub": "1", "preferred_username": "alice", "name": "Alice"}, "when_needed", ""),
            ({"sub": "1"}, "always", ""),
        ],
    )
    def test_a_userinfo_that_fails_and_is_not_needed_is_told(self, examine, claims, userinfo, told):
        report = examine(
            breaks=lambda op: {
                "userinfo": userinfo,
                "after": lambda provider: signed_in(provider, claims, "userinfo_error", "status 403"),
            }
        )
        found = [each for each in report.findings if each.code == "userinfo_not_needed"]
        assert [each.expected for each in found] == [told] * bool(told)
        assert all("status 403" in each.received for each in found)

    @pytest.mark.parametrize(
        ("outcome", "stage", "told"),
        [
            ("provider_unreachable", "userinfo", True),
            ("token_too_large", "userinfo", True),
            ("unknown_key", "userinfo", True),
            ("provider_unreachable", "token", False),
            ("userinfo_subject_mismatch", "userinfo", False),
            ("not_admitted", "person", False),
        ],
    )
    def test_whatever_kept_userinfo_out_is_told_likewise(self, examine, outcome, stage, told):
        def came(provider):
            signed_in(provider, ALICE | {"name": "Alice"}, outcome)
            SignInAttempt.objects.update(stage=stage)

        report = examine(breaks=lambda op: {"after": came})
        assert ("userinfo_not_needed" in codes(report)) is told

    def test_every_step_that_was_left_out_says_why(self, examine):
        report = examine("public", lambda op: {})
        left_out = [check for check in report.checks if check.ok is None]
        assert left_out
        assert all(check.because or check.reason for check in left_out)
        assert Provider.objects.count() == 1


@pytest.mark.parametrize("claims", [{"sub": "1"}, {"sub": "1", "preferred_username": ["x"]}])
def test_of_claims_that_name_nobody_by_the_rules_of_today_nothing_is_said(claims):
    assert gains(claims, rules(group_rules=[rule("admins")])) == []


class TraceTests:
    """Where userinfo failed, the trace speaks of that, and not of claims that would have come with it."""

    @pytest.mark.parametrize(
        ("claims", "found"),
        [
            ({"email": "alice@corp.example", "name": "Alice"}, []),
            ({"email": "alice@corp.example", "name": "Alice", "groups": []}, ["userinfo_not_needed"]),
        ],
    )
    @pytest.mark.parametrize("broken", [lambda op: op.userinfo.respond(403), lambda op: op.userinfo.html()])
    def test_of_a_sign_in(self, scripted_provider, db, broken, claims, found):
        op = scripted_provider
        registered_at(op, group_rules=[rule("staff")])
        op.id_token.claims.update(claims)
        broken(op)
        Browser().sign_in(op)
        assert [each.code for each in examine_attempt(SignInAttempt.objects.get())] == found

    @pytest.mark.parametrize("groups", [None, [], ["sales"], ["Staff "]])
    def test_what_somebody_lacks_and_others_came_with_is_no_fault_of_the_rules(
        self, scripted_provider, db, groups
    ):
        op = scripted_provider
        registered_at(op, group_rules=[rule("staff")], scopes=["openid", "email", "groups"])
        Browser().sign_in(op)
        op.person.update(sub="2", email="bob@corp.example", groups=groups)
        Browser().sign_in(op)
        newest = SignInAttempt.objects.order_by("-started_at").first()
        assert [each.code for each in examine_attempt(newest)] == ["nothing_gained"]

    def test_what_nobody_came_with_is(self, scripted_provider, db):
        registered_at(scripted_provider, group_rules=[rule("Staff")], scopes=["openid", "email", "groups"])
        Browser().sign_in(scripted_provider)
        found = examine_attempt(SignInAttempt.objects.get())
        assert [each.code for each in found] == ["group_value_differs", "nothing_gained"]
