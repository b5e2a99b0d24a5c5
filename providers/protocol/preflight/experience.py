"""What claims that have come say about a registration's mapping and rules: those that can never fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from providers.errors import Denied
from providers.protocol.claims import listed_paths, value_at
from providers.protocol.mapping import map_claims, naming_claim, untold_groups, values_of_groups
from providers.protocol.preflight.findings import Finding, finding

Claims = Mapping[str, Any]


@dataclass(frozen=True)
class Rules:
    """
    What a registration makes of claims; `mapping` is what it reads, `usual` what its kind reads by itself.

    `needed` are the fields that something depends on: admission, groups, an identity that may be linked.
    """

    principal_claims: Sequence[str]
    mapping: Mapping[str, str]
    usual: Mapping[str, str]
    group_rules: Sequence[Mapping[str, str]]
    admin_principals: Sequence[str]
    needed: frozenset[str]
    group_separator: str = ""


def judge_claims(people: Sequence[Claims], rules: Rules) -> list[Finding]:
    """Judge the rules by the claims of `people`, each of whom has signed in; nothing is said of none."""
    if not people:
        return []
    return [*_absent(people, rules), *_administrators(people, rules), *_groups(people, rules)]


def _absent(people: Sequence[Claims], rules: Rules) -> list[Finding]:
    came = _names(people)
    found = []
    for name, paths in rules.mapping.items():
        chosen = name in rules.needed or paths != rules.usual.get(name, name)
        paths_read = listed_paths(paths)
        there = any(value_at(claims, path) is not None for claims in people for path in paths_read)
        # A provider that has more groups than fit says so in the place of the claim.
        there = there or (name == "groups" and any(untold_groups(claims, rules.mapping) for claims in people))
        if chosen and paths_read and not there:
            found.append(finding("mapped_claim_absent", expected=f"{name}: {paths}", received=came))
    return found


def _administrators(people: Sequence[Claims], rules: Rules) -> list[Finding]:
    """An administrator whose name stands in another claim than the one that names people, or has another form."""
    named = [(naming_claim(claims, rules.principal_claims), claims) for claims in people]
    principals = {str(value_at(claims, path)): path for path, claims in named if path}
    found = []
    for administrator in rules.admin_principals:
        if administrator in principals or not principals:
            continue
        elsewhere = sorted({name for claims in people for name in claims if claims[name] == administrator})
        alike = any(("@" in administrator) == ("@" in principal) for principal in principals)
        nearly = [name for name in principals if name.casefold() == administrator.strip().casefold()]
        if elsewhere or nearly or not alike:
            principal = next(iter(nearly or principals))
            path = principals[principal]
            where = f"; {administrator} stands in {', '.join(elsewhere)}" if elsewhere else ""
            received = f"people are named by {path}, such as {principal}{where}"
            found.append(finding("administrator_never_matches", expected=administrator, received=received))
    return found


def _groups(people: Sequence[Claims], rules: Rules) -> list[Finding]:
    paths = rules.mapping.get("groups", "groups")
    held = {value for claims in people for value in values_of_groups(claims, paths, rules.group_separator)}
    named = dict.fromkeys(rule["claim_value"] for rule in rules.group_rules)
    found = []
    for wanted in named if held else ():
        if wanted in held:
            continue
        # What another rule names already is meant by that one.
        near = sorted(value for value in held if value not in named and _are_nearly_one(value, wanted))
        code = "group_value_differs" if near else "group_value_absent"
        received = ", ".join(near or sorted(held))
        found.append(finding(code, expected=wanted, received=received))
    return found


def gains(claims: Claims, rules: Rules) -> list[Finding]:
    """Say of one person, in whose sign-in everything went well, if no rule gives him anything."""
    if not rules.group_rules and not rules.admin_principals:
        return []
    try:
        person = map_claims(
            claims,
            principal_claims=rules.principal_claims,
            mapping=rules.mapping,
            group_rules=rules.group_rules,
            admin_principals=rules.admin_principals,
            group_separator=rules.group_separator,
        )
    except Denied:  # the registration has changed since
        return []
    if person.groups or person.is_admin or person.groups_untold:
        return []
    return [finding("nothing_gained", expected="a group or administration", received=_names([claims]))]


def _are_nearly_one(one: str, other: str) -> bool:
    """
    Tell whether two groups differ in what is lost when one is copied: case, blanks, the path before it.

    The groups `/a/admins` and `/b/admins` are two.
    """
    short, long = sorted((_parts(one), _parts(other)), key=len)
    return bool(short) and long[-len(short) :] == short


def _parts(value: str) -> list[str]:
    return [part for part in value.strip().lower().split("/") if part]


def _names(people: Sequence[Claims]) -> str:
    return f"claims that came: {', '.join(sorted({name for claims in people for name in claims}))}"
