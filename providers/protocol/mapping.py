"""From claims to a person: which claim names him, and what the console takes over."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from providers.errors import PrincipalMissing, PrincipalUnusable
from providers.protocol.claims import (
    EMPTY,
    is_deceptive,
    is_true,
    listed_paths,
    plain,
    splits,
    value_at,
    values_at,
)

# Of a role that is the name of a member, when its value says that the person has it not.
SAYS_NO = ("none", "false", "0", "")
FIELDS = ("email", "email_verified", "name", "groups")
LONGEST_PRINCIPAL = 255
LONGEST_EMAIL = 254
LONGEST_NAME = 255


@dataclass(frozen=True)
class MappedPerson:
    """
    What a provider says about one person, in the console's terms.

    `principal` is the user's name. `email` is "" where there is no usable one; `email_verified` is None where
    the provider does not say. `groups` are the console's groups that the rules give, not the claim's values.
    `claimed` are the claim values that rules name and the person has. `named_by_unverified_email` says that the
    principal is an address which the provider calls unverified. `groups_untold` are as `untold_groups` has them: what
    `groups` lacks then, the person may have all the same.
    """

    principal: str
    email: str
    email_verified: bool | None
    name: str
    groups: frozenset[str]
    is_admin: bool
    named_by_unverified_email: bool = False
    claimed: frozenset[str] = frozenset()
    groups_untold: tuple[str, ...] = ()

    @property
    def verified_email(self) -> str:
        """The address where the provider says in so many words that it is hers; otherwise ""."""
        return self.email if self.email_verified is True else ""


def map_claims(
    claims: Mapping[str, Any],
    *,
    principal_claims: Sequence[str],
    mapping: Mapping[str, str],
    group_rules: Sequence[Mapping[str, str]],
    admin_principals: Collection[str],
    group_separator: str = "",
) -> MappedPerson:
    """
    Return the person of these claims; every path is as in `claims`.

    `principal_claims` are tried in order and the first that is present decides, usable or not: a person must
    not come to another name by spoiling a claim. `mapping` names the path of each of FIELDS; one that it does
    not name is read from the claim of its own name, and "" reads nothing. That of `groups` may be several,
    between commas, and all of them count; where it ends in an object, the names of its members are the groups.
    `group_rules` are `{"claim_value", "group"}`. A `group_separator`
    takes apart the text of a provider that joins all groups into one; without it a text is one group, since
    whoever may name a group could otherwise name two.
    Raises PrincipalMissing and PrincipalUnusable.
    """

    def read(field: str) -> Any:
        path = mapping.get(field, field)
        return value_at(claims, path) if path else None

    principal = _principal(claims, principal_claims)
    email, told, name = read("email"), read("email_verified"), read("name")
    if not isinstance(email, str) or len(email) > LONGEST_EMAIL or is_deceptive(email):
        email = ""
    # Read strictly: what is neither true nor absent is false.
    verified = None if told is None else is_true(told)
    # `email` is what `email_verified` speaks of, also where the mapping reads the address elsewhere.
    unverified_name = verified is False and principal in (email, claims.get("email"))
    values = values_of_groups(claims, mapping.get("groups", "groups"), group_separator)
    groups, claimed = set(), set()
    for rule in group_rules:
        if rule["claim_value"] in values:
            groups.add(rule["group"])
            claimed.add(rule["claim_value"])
    return MappedPerson(
        principal=principal,
        email=email,
        email_verified=verified,
        name=plain(name)[:LONGEST_NAME] if isinstance(name, str) else "",
        groups=frozenset(groups),
        # Whoever may write any address into his profile must not become an administrator by it.
        is_admin=principal in admin_principals and not unverified_name,
        named_by_unverified_email=unverified_name,
        claimed=frozenset(claimed),
        groups_untold=untold_groups(claims, mapping),
    )


def untold_groups(claims: Mapping[str, Any], mapping: Mapping[str, str]) -> tuple[str, ...]:
    """
    Return the paths of groups of which the provider says that there are some, and not which.

    It names the claim as one that stands elsewhere (`_claim_names`, OpenID Connect Core 1.0 section 5.6.2), which is
    never fetched here; or it writes `hasgroups`, as Entra ID does in the implicit flow. Both come with more groups
    than it puts into a token.
    """
    elsewhere = claims.get("_claim_names")
    names = set(elsewhere) if isinstance(elsewhere, Mapping) else set()
    if is_true(claims.get("hasgroups")):
        names.add("groups")
    if not names:
        return ()
    return tuple(
        path
        for path in listed_paths(mapping.get("groups", "groups"))
        if names & {name for name, _ in splits(path)} and not any(values_at(claims, path))
    )


def lacks_mapped_claims(
    claims: Mapping[str, Any], *, principal_claims: Sequence[str], mapping: Mapping[str, str]
) -> bool:
    """
    Tell whether something that a mapping reads is not among `claims`: a field that it names, or the person's name.

    Of several paths between commas, and of the principal claims, one that is there is enough. An empty string is not
    there: userinfo may say more.
    """
    naming = naming_claim(claims, principal_claims)
    if naming is None or value_at(claims, naming) in EMPTY:
        return True
    wanted = [listed_paths(paths) for paths in mapping.values()]
    return any(paths and all(value_at(claims, path) in EMPTY for path in paths) for paths in wanted)


def naming_claim(claims: Mapping[str, Any], principal_claims: Sequence[str]) -> str | None:
    """Return the path of the claim that names the person: the first that is present, usable or not."""
    for path in principal_claims:
        if value_at(claims, path) is not None:
            return path
    return None


def _principal(claims: Mapping[str, Any], principal_claims: Sequence[str]) -> str:
    """Take the name as it is: two names that differ in anything are two people."""
    path = naming_claim(claims, principal_claims)
    if path is None:
        raise PrincipalMissing(
            expected=" or ".join(principal_claims), received=", ".join(sorted(claims))[:500]
        )
    value = value_at(claims, path)
    if not isinstance(value, str):
        raise PrincipalUnusable(expected=f"{path}, a string", received=type(value).__name__)
    if not 1 <= len(value) <= LONGEST_PRINCIPAL:
        raise PrincipalUnusable(
            expected=f"{path} of 1 to {LONGEST_PRINCIPAL} characters", received=f"{len(value)} characters"
        )
    if value != value.strip() or is_deceptive(value):
        raise PrincipalUnusable(
            expected=f"{path} without blanks around it, control or invisible characters",
            received="a name that would look like another",
        )
    return value


def values_of_groups(claims: Mapping[str, Any], paths: str, separator: str) -> frozenset[str]:
    """Return every group that the claims at these paths name, whatever rules there are."""
    groups: set[str] = set()
    for path in listed_paths(paths):
        for value in values_at(claims, path):
            groups.update(_named_in(value, separator))
    return frozenset(groups)


def _names_a_group(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _named_in(value: Any, separator: str) -> list[str]:
    """
    Return the groups that one claim names: a list of texts is exact, a single text may be joined.

    A group that is a number, as directories count them, is named by its digits.
    Of an object, as `{"admin": {"org": "domain"}}`, the names of the members count that say something.
    """
    if isinstance(value, Mapping):
        return [name for name in value if str(value[name]).strip().lower() not in SAYS_NO]
    if isinstance(value, list):
        return [str(member) for member in value if _names_a_group(member)]
    if not _names_a_group(value):
        return []
    value = str(value)
    return [part.strip() for part in value.split(separator)] if separator else [value]
