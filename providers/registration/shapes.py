"""The shape of the lists and maps of a registration; each function returns sentences about what is wrong."""

import re
from collections.abc import Callable
from typing import Any

from providers.protocol.admission import normal_domain
from providers.protocol.claims import is_deceptive
from providers.protocol.mapping import FIELDS
from ssoconsole.platform.jose.errors import shown

LONGEST_TEXT = 255
MOST_MEMBERS = 200
LONGEST_GROUP = 150  # as Django's own group names

# RFC 6749 section 3.3: printable ASCII without blanks, quotes and backslashes.
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,255}")
_PARAMETER = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def scopes(value: Any) -> list[str]:
    """A list of scope names with `openid` (OpenID Connect Core 1.0 section 3.1.2.1)."""
    if found := strings(value):
        return found
    wrong = [f"{shown(name)} is no scope." for name in value if not _SCOPE.fullmatch(name)]
    return wrong or ([] if "openid" in value else ["The scope openid is missing."])


def claim_paths(value: Any) -> list[str]:
    """A list of at least one claim path."""
    return strings(value) or ([] if value else ["Name at least one claim."])


def strings(value: Any) -> list[str]:
    """A list of different, plain strings."""
    if not isinstance(value, list) or not all(map(_is_text, value)):
        return [
            f"A list of texts is needed, each of 1 to {LONGEST_TEXT} characters and none with control characters."
        ]
    if len(value) > MOST_MEMBERS:
        return [f"At most {MOST_MEMBERS} are possible."]
    if wrong := [text for text in value if text != text.strip()]:
        return [f"{shown(text)} has a blank at its end or its beginning." for text in wrong]
    return [] if len(set(value)) == len(value) else ["Something is there twice."]


def words(value: Any) -> list[str]:
    """A list of values that stand between blanks in a request, such as `acr_values`."""
    return strings(value) or [f"{shown(word)} has blanks; write one a line." for word in value if " " in word]


def domains(value: Any) -> list[str]:
    """A list of e-mail domains, exact ones."""
    return strings(value) or [
        f"{shown(domain)} is no domain; write it like corp.example, one for each sub-domain too."
        for domain in value
        if not _is_domain(domain)
    ]


def mapping(value: Any) -> list[str]:
    """A map from the console's fields to claim paths; "" reads nothing, and only `groups` reads several."""
    if not isinstance(value, dict):
        return ["A map from field to claim path is needed."]
    unknown = [name for name in value if name not in FIELDS]
    if unknown:
        return [f"{shown(unknown[0])} is no field; there are {', '.join(FIELDS)}."]
    if wrong := [name for name, path in value.items() if path != "" and not _is_text(path)]:
        return [f"{name} needs a claim path." for name in wrong]
    several = [name for name, paths in value.items() if name != "groups" and "," in paths]
    found = [f"{name} takes one claim path; only groups takes several." for name in several]
    groups = value.get("groups", "")
    if groups and "" in map(str.strip, groups.split(",")):
        found.append("groups has a comma without a claim path beside it.")
    return found


def group_rules(value: Any) -> list[str]:
    """A list of `{"claim_value", "group"}`."""
    if not isinstance(value, list) or not all(map(_is_group_rule, value)):
        return ["Each rule needs claim_value and group, both plain text, and nothing else."]
    return [] if len(value) <= MOST_MEMBERS else [f"At most {MOST_MEMBERS} are possible."]


def parameters(value: Any) -> list[str]:
    """A map from names of request parameters to text."""
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        return ["A map from parameter to text is needed."]
    names = [name for name in value if not (isinstance(name, str) and _PARAMETER.fullmatch(name))]
    found = [f"{shown(name)} is no name of a parameter." for name in names]
    long = [name for name, text in value.items() if len(text) > 1000 or is_deceptive(text)]
    return found + [f"{name} has a value that is too long or has control characters." for name in long]


SHAPES: dict[str, Callable[[Any], list[str]]] = {
    "scopes": scopes,
    "signing_algs": strings,
    "acr_values": words,
    "required_acr": words,
    "required_amr": words,
    "admin_required_acr": words,
    "admin_required_amr": words,
    "trusted_audiences": strings,
    "principal_claims": claim_paths,
    "mapping": mapping,
    "group_rules": group_rules,
    "admin_principals": strings,
    "allowed_email_domains": domains,
    "extra_params": parameters,
    "signout_params": parameters,
}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= LONGEST_TEXT and not is_deceptive(value)


def _is_domain(text: str) -> bool:
    try:
        normal_domain(text)
    except ValueError:
        return False
    return True


def _is_group_rule(rule: object) -> bool:
    if not isinstance(rule, dict) or rule.keys() != {"claim_value", "group"}:
        return False
    return all(map(_is_text, rule.values())) and len(rule["group"]) <= LONGEST_GROUP
