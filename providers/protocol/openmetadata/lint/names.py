"""
Check names: settings that do not exist, with the one that was probably meant; and people.

Of people: who may enter, who administers, and which claim names them.
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher, get_close_matches
from typing import Any

from providers.protocol.openmetadata.carried import user_name
from providers.protocol.openmetadata.document import (
    REFERENCE,
    Correction,
    Document,
    Entry,
    Form,
    Spelling,
    Stray,
    Trap,
)
from providers.protocol.openmetadata.findings import Code
from providers.protocol.openmetadata.lint.facts import Facts, is_custom_oidc, own_key_id
from providers.protocol.openmetadata.lint.writing import name_of
from providers.protocol.openmetadata.quoting import assignment, quoted
from providers.protocol.openmetadata.reading.values import in_chart, in_file, pasted
from providers.protocol.openmetadata.schema import (
    DEFAULT_ADMIN,
    DEFAULT_DOMAINS,
    HELM_GATE,
    HELM_GATES,
    OTHER_PREFIXES,
    OTHER_VARIABLES,
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
_PLAIN_REFERENCE = re.compile(r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\}|\([A-Za-z_]\w*\))")
_SECTION_PREFIX = {
    Section.AUTHENTICATION: "AUTHENTICATION_",
    Section.OIDC: "OIDC_",
    Section.AUTHORIZER: "AUTHORIZER_",
}
_MAPPED = ("username", "email")
_USUAL = ("preferred_username", "email")


def check_names(document: Document, facts: Facts) -> Iterator[Trap]:
    """Give a finding for every name that is read by nobody."""
    renamed = set(document.entries)
    for stray in list(document.strays):
        code, message, named = (
            _variable(stray) if stray.section is None else _key(document, stray, stray.section)
        )
        if code is None:
            continue
        fix: str | Correction = f"# {_shown(stray.name)} has no meaning"
        if isinstance(named, str):
            fix = _renamed(stray, named)
        elif named and named.type == Type.BLOCK:
            fix = f"{re.sub(r'[^ -].*', '', stray.before)}{_name(stray, named)}:"
        elif named and named.path in renamed:
            fix = f"# {_shown(stray.name)} has no meaning, and {_name(stray, named)} is here"
        elif named:
            renamed.add(named.path)
            fix = Correction(named, _repeated(stray, named), stray)
        yield Trap(stray.line, code, message, fix)


def _variable(stray: Stray) -> tuple[Code | None, str, Setting | str | None]:
    """Return what is wrong with a variable, and what is meant: a setting, or the name of another variable."""
    if stray.name == "AUTHENTICATION_DISCOVERY_URI":
        named = setting(Section.OIDC, "discoveryUri")
        message = f"{stray.name} is read by nobody, though a page names it; it is {named.variable}."
        return Code.DISCOVERY_VARIABLE, message, named
    ours = stray.name.startswith(PREFIXES)
    if stray.name in _UNCERTAIN:
        return None, "", None
    names = [*variables(), *(OTHER_VARIABLES if stray.name.startswith(OTHER_PREFIXES) else ())]
    known = stray.name.startswith(OTHER_PREFIXES)
    close = get_close_matches(stray.name[:LONGEST_NAME], names, 1, _CLOSE_VARIABLE if known else _VERY_CLOSE)
    if not ours and not (close and _is_meant(stray.name, close[0])):
        return None, "", None
    meant = close[0] if close else ""
    return Code.UNKNOWN_KEY, _unknown(stray, meant), by_variable(meant) or meant or None


def _is_meant(name: str, known: str) -> bool:
    """OM_SERVER_URL is somebody's own: a name whose first word is another has to be very close."""
    if name.partition("_")[0] == known.partition("_")[0]:
        return True
    return SequenceMatcher(None, known, name).ratio() >= _VERY_CLOSE


def _key(document: Document, stray: Stray, section: Section) -> tuple[Code, str, Setting | None]:
    helm = document.form == Form.HELM
    bare = re.sub(r"[_-]", "", stray.name).lower()
    if section == Section.AUTHENTICATION and bare == "clientid":
        return (
            Code.CLIENT_ID_MISSPELT,
            f"The key is clientId, not {_shown(stray.name)}.",
            setting(section, "clientId"),
        )
    # No server has the chart's switch.
    other = by_key(section, stray.name) if helm else by_helm(section, stray.name)
    other = None if other and other.key == HELM_GATE else other
    if helm and other and not other.helm and other.variable:
        message = (
            f"The chart has no value for {stray.name} and refuses it; in its place set {other.variable}."
        )
        return Code.HELM_CANNOT_SET, message, other
    named = other if other and (not helm or other.helm) else _close_key(stray, section, helm=helm)
    return Code.UNKNOWN_KEY, _unknown(stray, _name(stray, named) if named else ""), named


def _close_key(stray: Stray, section: Section, *, helm: bool) -> Setting | None:
    names = {(named.helm if helm else named.key): named for named in in_section(section)}
    names.pop("", None)
    if helm:
        names[HELM_GATE] = HELM_GATES[section]
    close = get_close_matches(stray.name[:LONGEST_NAME], names, 1, _CLOSE)
    return names[close[0]] if close else None


def _unknown(stray: Stray, meant: str) -> str:
    told = f"There is no {_shown(stray.name)} here; nothing reads it."
    return f"{told} Did you mean {meant}?" if meant else told


def _name(stray: Stray, named: Setting) -> str:
    return name_of(named, stray.spelling) or named.variable


def _renamed(stray: Stray, variable: str) -> str:
    """Return the line with the right name of a variable that is no setting of sign-in."""
    if stray.spelling == Spelling.PAIR:
        return stray.before + variable
    raw = stray.unchecked_value if isinstance(stray.unchecked_value, str) else ""
    value = "…" if _HIDDEN.search(stray.name) or _HIDDEN.search(variable) else raw
    if stray.spelling == Spelling.ASSIGNMENT:
        plain = re.fullmatch(r"[\w${}:/.@%+=,-]*", value)
        return stray.before + (f"{variable}={value}" if plain else assignment(variable, value))
    if stray.spelling == Spelling.ITEM:
        return stray.before + quoted(f"{variable}={value}")
    indent = re.match(r"\s*", stray.before)[0]  # type: ignore[index]  # matches nothing too
    return f"{indent}{variable}: {quoted(value)}"


def _repeated(stray: Stray, named: Setting) -> Any:
    """Return the value for the corrected line, or dots for one that may be a secret."""
    text = stray.unchecked_value
    if isinstance(text, str):
        text = own_key_id(text)
    if text is None and stray.section is None:
        return REFERENCE
    if stray.section is None:
        value = pasted(named, text).value
    elif stray.spelling == Spelling.HELM:
        value = in_chart(named, text).value
    else:
        value = in_file(named, text, line=str(text)).value
    hidden = named.type == Type.SECRET or _HIDDEN.search(stray.name) or _HIDDEN.search(named.key)
    if value is REFERENCE:
        # Beside a reference, or behind it as its default, there may be a part of a secret.
        return "…" if hidden and not _PLAIN_REFERENCE.fullmatch(str(text)) else value
    if isinstance(value, bool | int) and named.type != Type.SECRET:
        return value
    plain = isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    )
    return (
        ["…"] if named.type == Type.LIST and (hidden or not plain) else "…" if hidden or not plain else value
    )


def _shown(name: str) -> str:
    """A name as it may be repeated: something long or odd may be a secret that lost its place."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name) and len(name) <= LONGEST_NAME
    return name if plain else "such key"


def _analogous(named: Setting) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", named.key).upper()
    return _SECTION_PREFIX[named.section] + words


# Settings whose variable is not known for certain: one that is called in the usual way is not judged.
_UNCERTAIN = {_analogous(named) for named in SETTINGS if not named.variable and named.type != Type.BLOCK}


def check_people(document: Document, facts: Facts) -> Iterator[Trap]:
    """Give findings about administrators and domains."""
    yield from _admins(document)
    yield from _default_domain(document)
    yield from _allowed(document, facts)


def check_claims(document: Document, facts: Facts) -> Iterator[Trap]:
    """Give findings about the claims that name a person."""
    mapping = document.entry(Section.AUTHENTICATION, "jwtPrincipalClaimsMapping")
    if mapping and document.known(Section.AUTHENTICATION, "jwtPrincipalClaimsMapping"):
        yield from _mapping(mapping)
    claims = document.entry(Section.AUTHENTICATION, "jwtPrincipalClaims")
    known = document.known(Section.AUTHENTICATION, "jwtPrincipalClaims")
    registration = facts.registration_of(document)
    if not claims or not known or not registration:
        return
    registered = list(registration.principal_claims)
    if known != registered and sorted(known) == sorted(registered):
        message = "The claims are in another order than here: the same people would get other names."
        yield Trap(claims.line, Code.CLAIM_ORDER, message, claims.corrected(registered))


def _admins(document: Document) -> Iterator[Trap]:
    named = setting(Section.AUTHORIZER, "adminPrincipals")
    entry, admins = document.entry(*named.path), document.known(*named.path) or []
    if entry is None and is_custom_oidc(document):
        message = (
            f"No administrators are named: {DEFAULT_ADMIN} stays one, with a password that everybody knows."
        )
        line = document.line_of(Section.AUTHORIZER, Section.AUTHENTICATION)
        yield Trap(line, Code.DEFAULT_ADMIN, message, document.addition(named, ["<a user name>"]))
        return
    if entry and DEFAULT_ADMIN in admins:
        message = f"{DEFAULT_ADMIN} is the default administrator, with a password that everybody knows."
        others = [name for name in admins if name != DEFAULT_ADMIN] or ["<a user name>"]
        yield Trap(entry.line, Code.DEFAULT_ADMIN, message, entry.corrected(others))
    if entry and any("@" in name for name in admins):
        message = "Administrators are user names, what stands before the @; an address is nobody's name."
        names = list(dict.fromkeys(user_name(name) for name in admins))
        yield Trap(entry.line, Code.ADMIN_IS_EMAIL, message, entry.corrected(names))


def _default_domain(document: Document) -> Iterator[Trap]:
    named = setting(Section.AUTHORIZER, "principalDomain")
    entry = document.entry(*named.path)
    missing = entry is None and is_custom_oidc(document)
    if missing or (entry and document.known(*named.path) in DEFAULT_DOMAINS):
        message = "The domain of people and bots is the shipped one, not yours."
        line = entry.line if entry else document.line_of(Section.AUTHORIZER, Section.AUTHENTICATION)
        value = "<your domain>"
        fix = entry.corrected(value) if entry else document.addition(named, value)
        yield Trap(line, Code.DEFAULT_DOMAIN, message, fix)


def _allowed(document: Document, facts: Facts) -> Iterator[Trap]:
    """Where domains are enforced, everybody else's sign-in ends with “Email does not match”."""
    registration = facts.registration_of(document)
    enforced = document.entry(Section.AUTHORIZER, "enforcePrincipalDomain")
    domain = document.known(Section.AUTHORIZER, "principalDomain")
    if not registration or not enforced or enforced.value is not True or not domain:
        return
    named = setting(Section.AUTHORIZER, "allowedDomains")
    allowed = document.known(*named.path) or []
    missing = [name for name in registration.allowed_email_domains if name not in (domain, *allowed)]
    if missing:
        entry = document.entry(*named.path)
        message = f"Enforced, and not allowed although it is here: {', '.join(missing)}."
        value = list(dict.fromkeys([domain, *allowed, *missing]))
        fix = entry.corrected(value) if entry else document.addition(named, value)
        yield Trap(entry.line if entry else enforced.line, Code.DOMAIN_NOT_ALLOWED, message, fix)


def _mapping(entry: Entry) -> Iterator[Trap]:
    pairs = dict(pair.partition(":")[::2] for pair in entry.value)
    if len(pairs) == len(entry.value) and sorted(pairs) == sorted(_MAPPED) and all(pairs.values()):
        return
    message = "The mapping names username and email, each once and with a claim, and nothing else."
    meant = [
        f"{name}:{pairs.get(name) or default}"
        for name, default in zip(_MAPPED, ("preferred_username", "email"), strict=True)
    ]
    yield Trap(entry.line, Code.CLAIMS_MAPPING_INVALID, message, entry.corrected(meant))
