"""Claims make one person, the same one every time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import PrincipalMissing, PrincipalUnusable, SignInRefused
from providers.protocol.claims import value_at, values_at
from providers.protocol.mapping import map_claims

CLAIMS = {
    "sub": "subject-1",
    "name": "Alice Example",
    "preferred_username": "alice",
    "email": "alice@corp.example",
    "email_verified": True,
    "groups": ["staff", "data-admins"],
}


def person(claims=CLAIMS, **changes):
    settings = {
        "principal_claims": ["email", "preferred_username", "sub"],
        "mapping": {},
        "group_rules": [],
        "admin_principals": [],
    }
    return map_claims(claims, **settings | changes)


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("a", [1]),
        ("b.c", [2]),
        ("b.missing", []),
        ("b.c.d", []),
        ("nothing", []),
        ("list.0", ["x"]),
        ("list.1", ["y"]),
        ("list.2", []),
        ("list.99999999999999999999", []),
        (f"list.{'9' * 5000}", []),
        ("list.000000", ["x"]),
        ("list.-1", []),
        ("list.²", []),
        ("people.name", ["p", "q"]),
        ("people.1.name", ["q"]),
        ("https://corp.example/groups", [["g"]]),
        ("https://corp.example/nested.roles", [["r"]]),
        ("null", []),
    ],
)
def test_a_path_leads_to_its_values(path, values):
    claims = {
        "a": 1,
        "b": {"c": 2},
        "list": ["x", "y"],
        "people": [{"name": "p"}, {"name": "q"}, {}],
        "https://corp.example/groups": ["g"],
        "https://corp.example/nested": {"roles": ["r"]},
        "null": None,
    }
    assert values_at(claims, path) == values
    assert value_at(claims, path) == (values[0] if values else None)


def test_a_whole_person():
    mapped = person(
        mapping={"groups": "groups"},
        group_rules=[{"claim_value": "data-admins", "group": "Data admins"}],
        admin_principals=["alice@corp.example"],
    )
    assert (mapped.principal, mapped.email, mapped.email_verified) == (
        "alice@corp.example",
        "alice@corp.example",
        True,
    )
    assert (mapped.name, mapped.groups, mapped.is_admin) == (
        "Alice Example",
        frozenset({"Data admins"}),
        True,
    )


@pytest.mark.parametrize(
    ("claims", "principal"),
    [
        ({"sub": "s"}, "s"),
        ({"email": None, "preferred_username": "a", "sub": "s"}, "a"),
        ({"email": "Alice@Corp.example", "sub": "s"}, "Alice@Corp.example"),
        ({"sub": "a b"}, "a b"),
        ({"sub": "ñandú"}, "ñandú"),
        ({"sub": "x" * 255}, "x" * 255),
    ],
)
def test_the_first_claim_that_is_there_names_the_user_as_it_stands(claims, principal):
    assert person(claims).principal == principal


def test_a_nested_claim_can_name_the_user():
    assert person({"account": {"login": "alice"}}, principal_claims=["account.login"]).principal == "alice"


@pytest.mark.parametrize("claims", [{}, {"email": None}, {"name": "Alice"}])
def test_without_any_principal_claim_there_is_no_user(claims):
    with pytest.raises(PrincipalMissing) as refused:
        person(claims)
    assert refused.value.expected == "email or preferred_username or sub"


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        " alice",
        "alice\n",
        "x" * 256,
        7,
        True,
        ["alice"],
        {"a": "b"},
        "ali\0ce",
        "ali\nce",
        "ali\u202ece",
        "ali\u2066ce",
        "ali\u200bce",
        "ali\u200fce",
        "ali\u2028ce",
        "ali\x7fce",
        "ali\ud800ce",
    ],
)
def test_a_spoilt_principal_claim_is_refused_and_the_next_one_not_tried(value):
    with pytest.raises(PrincipalUnusable) as refused:
        person({"email": value, "preferred_username": "root", "sub": "s"})
    assert refused.value.expected.startswith("email")


@pytest.mark.parametrize(
    ("value", "verified"),
    [
        (True, True),
        ("true", True),
        (False, False),
        ("false", False),
        (None, None),
        # As providers write it.
        (1, True),
        ("1", True),
        ("True", True),
        ("TRUE", True),
        # What cannot be read is no confirmation.
        ("yes", False),
        ("t", False),
        (" true", False),
        ("true\0", False),
        ("", False),
        ("0", False),
        ("01", False),
        (0, False),
        (2, False),
        (-1, False),
        (1.0, False),
        ([], False),
        ([True, False], False),
        ({"true": 1}, False),
    ],
)
def test_email_verified_is_read_strictly(value, verified):
    assert person(CLAIMS | {"email_verified": value}).email_verified is verified


def test_an_absent_email_verified_is_neither_yes_nor_no():
    assert person({"email": "a@corp.example"}).email_verified is None


@pytest.mark.parametrize("value", [7, ["a@b.example"], "x" * 255, "a@b\n.example", "a@b\0.example", None])
def test_an_unusable_address_is_no_address(value):
    assert person(CLAIMS | {"email": value}, principal_claims=["sub"]).email == ""


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("Alice", "Alice"),
        ("  Ali\u202ece\n ", "Alice"),
        (7, ""),
        (None, ""),
        ("n" * 300, "n" * 255),
    ],
)
def test_a_name_is_shown_without_tricks(value, name):
    assert person(CLAIMS | {"name": value}).name == name


def test_a_field_can_be_mapped_to_another_claim_or_to_none():
    mapped = person(
        {"sub": "s", "mail": ["a@corp.example"], "name": "Alice", "mail_ok": "true"},
        mapping={"email": "mail.0", "email_verified": "mail_ok", "name": ""},
    )
    assert (mapped.email, mapped.email_verified, mapped.name) == ("a@corp.example", True, "")


RULES = [{"claim_value": "a", "group": "A"}, {"claim_value": "b", "group": "B"}]


@pytest.mark.parametrize(
    ("groups", "found"),
    [
        (["a", "b", "c"], {"A", "B"}),
        (["a", 7, None, ["b"]], {"A"}),
        ("a", {"A"}),
        ("a b", set()),
        ("A", set()),
        ({"a": {"234": "corp.example"}, "c": {}}, {"A"}),
        ({"a": {}, "b": True}, {"A", "B"}),
        ({"a": False, "b": None, "c": 0}, set()),
        ({"a": "false", "b": "0"}, set()),
        ({"a": "", "b": " False "}, set()),
        ([{"a": {}}], set()),
        ({}, set()),
        (None, set()),
    ],
)
def test_groups_come_from_exact_values(groups, found):
    assert person({"sub": "s", "groups": groups}, group_rules=RULES).groups == found


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ({"groups": ["a"], "roles": ["b"]}, {"A", "B"}),
        ({"groups": ["a"]}, {"A"}),
        ({"params": {"roles": "b"}}, {"B"}),
        ({"groups, roles": ["a"]}, frozenset()),
        ({}, frozenset()),
    ],
)
def test_groups_can_come_from_several_claims(claims, found):
    mapping = {"groups": "groups, roles ,params.roles"}
    assert person({"sub": "s", **claims}, mapping=mapping, group_rules=RULES).groups == found


@pytest.mark.parametrize(
    ("groups", "separator", "found"),
    [
        ("a;b", ";", {"A", "B"}),
        (" a ; b;", ";", {"A", "B"}),
        ("a", ";", {"A"}),
        (["a", "b"], ";", {"A", "B"}),
        (["a;b"], ";", frozenset()),
        ("a;b", "", frozenset()),
        (7, ";", frozenset()),
    ],
)
def test_a_text_is_taken_apart_only_for_a_provider_that_joins_its_groups(groups, separator, found):
    claims = {"sub": "s", "groups": groups}
    assert person(claims, group_rules=RULES, group_separator=separator).groups == found


ZITADEL = "urn:zitadel:iam:org:project:roles"


@pytest.mark.parametrize(
    ("path", "claims", "found"),
    [
        (ZITADEL, {ZITADEL: {"a": {"234": "corp.example"}}}, {"A"}),
        (f"roles, {ZITADEL}", {ZITADEL: {"a": {}}, "roles": ["b"]}, {"A", "B"}),
        ("realm_access.roles", {"realm_access": {"roles": {"b": {}}}}, {"B"}),
        ("https://corp.example/roles", {"https://corp.example/roles": {"a": {}}}, {"A"}),
        ("https://corp.example/access.roles", {"https://corp.example/access": {"roles": {"a": {}}}}, {"A"}),
        # A claim of exactly this name wins over a path through another one.
        ("org.roles", {"org.roles": {"a": {}}, "org": {"roles": {"b": {}}}}, {"A"}),
    ],
)
def test_groups_can_be_the_names_of_the_members_of_an_object(path, claims, found):
    assert person({"sub": "s", **claims}, mapping={"groups": path}, group_rules=RULES).groups == found


@pytest.mark.parametrize("groups", [[1001, True], ["1001"], 1001, "1001", [1001, 1001.5, None, {}]])
def test_a_group_that_is_a_number_is_named_by_its_digits(groups):
    rules = [{"claim_value": value, "group": value} for value in ("1001", "True", "1", "1001.5")]
    assert person({"sub": "s", "groups": groups}, group_rules=rules).groups == {"1001"}


def test_groups_can_be_the_names_in_a_list_of_objects():
    claims = {"sub": "s", "roles": [{"id": "a"}, {"id": "b"}]}
    assert person(claims, mapping={"groups": "roles.id"}, group_rules=RULES).groups == {"A", "B"}


@pytest.mark.parametrize(
    ("changes", "is_admin"),
    [
        ({}, True),
        ({"email_verified": None}, True),
        ({"email": "Alice@corp.example"}, False),
        # An address that anybody may type into his profile makes nobody an administrator.
        ({"email_verified": False}, False),
    ],
)
def test_administrators_are_named_exactly_and_not_by_an_unverified_address(changes, is_admin):
    assert person(CLAIMS | changes, admin_principals=["alice@corp.example"]).is_admin is is_admin


@pytest.mark.parametrize("mapping", [{"email": ""}, {"email": "mail"}])
def test_nor_where_the_address_is_read_from_elsewhere(mapping):
    mapped = person(
        CLAIMS | {"email_verified": False}, mapping=mapping, admin_principals=["alice@corp.example"]
    )
    assert (mapped.email, mapped.is_admin, mapped.named_by_unverified_email) == ("", False, True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abe"), inner, max_size=3),
    max_leaves=8,
)


@given(
    claims=st.dictionaries(st.sampled_from(["sub", "email", "groups", "a", "name"]), JSON),
    path=st.text(".ab01"),
)
def test_whatever_is_claimed_there_is_a_person_or_a_refusal(claims, path):
    try:
        mapped = person(claims, mapping={"groups": path, "email": path}, group_rules=RULES)
    except SignInRefused:
        return
    assert 1 <= len(mapped.principal) <= 255
