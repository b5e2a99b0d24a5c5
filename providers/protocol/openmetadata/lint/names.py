"""Names that no setting has, and what was probably meant."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from providers.protocol.openmetadata.document import Document, Form, Spelling, Stray, extra_env, rendered
from providers.protocol.openmetadata.findings import Code, Finding
from providers.protocol.openmetadata.lint.facts import Facts
from providers.protocol.openmetadata.schema import (
    PREFIXES,
    SETTINGS,
    Section,
    Setting,
    Type,
    by_helm,
    by_key,
    by_variable,
    in_section,
    setting,
    variables,
)

LONGEST_NAME = 60
# Comparing names is slow; whoever has more of them that are unknown has other things to correct first.
MOST_STRAYS = 300
# Variables share long beginnings. One that has none of them is somebody else's, unless it is very close.
_CLOSE, _CLOSE_VARIABLE, _VERY_CLOSE = 0.7, 0.82, 0.88
_HIDDEN = re.compile(r"sec|pass|priv|cred|tok|pwd", re.IGNORECASE)
_LDAP = "AUTHENTICATION_LDAP"
_SECTION_PREFIX = {
    Section.AUTHENTICATION: "AUTHENTICATION_",
    Section.OIDC: "OIDC_",
    Section.AUTHORIZER: "AUTHORIZER_",
}


def check_names(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give a finding for every name that is read by nobody."""
    for stray in document.strays[:MOST_STRAYS]:
        found = _variable(stray) if stray.section is None else _key(document, stray, stray.section)
        if found:
            yield found


def _variable(stray: Stray) -> Finding | None:
    if stray.name == "AUTHENTICATION_DISCOVERY_URI":
        named = setting(Section.OIDC, "discoveryUri")
        message = f"{stray.name} is read by nobody, though a page names it; it is {named.variable}."
        return Finding(stray.line, Code.DISCOVERY_VARIABLE, message, _renamed(stray, named))
    ours = stray.name.startswith(PREFIXES)
    if stray.name.startswith(_LDAP) or stray.name in _UNCERTAIN:
        return None
    close = get_close_matches(
        stray.name[:LONGEST_NAME], variables(), 1, _CLOSE_VARIABLE if ours else _VERY_CLOSE
    )
    named_close = by_variable(close[0]) if close else None
    return _unknown(stray, named_close) if ours or named_close else None


def _key(document: Document, stray: Stray, section: Section) -> Finding | None:
    helm = document.form == Form.HELM
    bare = re.sub(r"[_-]", "", stray.name).lower()
    if section == Section.AUTHENTICATION and bare == "clientid":
        message = f"The key is clientId, not {_shown(stray.name)}."
        named = setting(section, "clientId")
        return Finding(stray.line, Code.CLIENT_ID_MISSPELT, message, _renamed(stray, named))
    if helm and (other := by_key(section, stray.name)):
        if other.helm:
            return _unknown(stray, other)
        message = f"The chart has no value for {stray.name} and refuses it; set {other.variable} instead."
        value = _repeated(stray, other)
        return Finding(stray.line, Code.HELM_CANNOT_SET, message, extra_env(other.variable, value))
    if not helm and (other := by_helm(section, stray.name)):
        return _unknown(stray, other)
    return _unknown(stray, _close_key(stray, section, helm=helm))


def _close_key(stray: Stray, section: Section, *, helm: bool) -> Setting | None:
    names = {(named.helm if helm else named.key): named for named in in_section(section)}
    names.pop("", None)
    close = get_close_matches(stray.name[:LONGEST_NAME], names, 1, _CLOSE)
    return names[close[0]] if close else None


def _unknown(stray: Stray, named: Setting | None) -> Finding:
    told = f"There is no {_shown(stray.name)} here; nothing reads it."
    if named is None:
        return Finding(stray.line, Code.UNKNOWN_KEY, told, f"# {_shown(stray.name)} has no meaning")
    return Finding(
        stray.line, Code.UNKNOWN_KEY, f"{told} Did you mean {_name(stray, named)}?", _renamed(stray, named)
    )


def _renamed(stray: Stray, named: Setting) -> str:
    """Return the stray's line with the right name."""
    value = _repeated(stray, named)
    written = rendered(named, value, stray.spelling)
    if stray.spelling in (Spelling.HELM, Spelling.FILE):
        return f"{re.sub(r'[^ -].*', '', stray.before)}{_name(stray, named)}: {written}"
    if stray.spelling == Spelling.VARIABLE:
        return f"{named.variable}: {written}"
    return stray.before + written


def _name(stray: Stray, named: Setting) -> str:
    if stray.section is None:
        return named.variable
    return named.helm if stray.spelling == Spelling.HELM else named.key


def _repeated(stray: Stray, named: Setting) -> Any:
    """Return the value for the corrected line, or dots for one that may be a secret."""
    value = stray.unchecked_value
    hidden = named.type == Type.SECRET or _HIDDEN.search(stray.name) or _HIDDEN.search(named.key)
    plain = isinstance(value, str | bool | int) or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    )
    return "…" if hidden or not plain else value


def _shown(name: str) -> str:
    """A name as it may be repeated: something long or odd may be a secret that lost its place."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name) and len(name) <= LONGEST_NAME
    return name if plain else "such key"


def _analogous(named: Setting) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", named.key).upper()
    return _SECTION_PREFIX[named.section] + words


# Settings whose variable is not known for certain: one that is called in the usual way is not judged.
_UNCERTAIN = {_analogous(named) for named in SETTINGS if not named.variable and named.type != Type.BLOCK}
