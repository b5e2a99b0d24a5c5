"""Values of the wrong type, that no setting has, or that are missing; and placeholders left as they were."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from providers.protocol.openmetadata.carried import DISCOVERY_PATH
from providers.protocol.openmetadata.document import REFERENCE, Document, Entry, Form, Spelling, Trap
from providers.protocol.openmetadata.findings import Code
from providers.protocol.openmetadata.lint.facts import Facts, is_confidential, is_custom_oidc
from providers.protocol.openmetadata.lint.writing import name_of
from providers.protocol.openmetadata.schema import (
    DEMO_KEY_IDS,
    OWN_KEY_ID,
    Section,
    Setting,
    Type,
    setting,
)

_braces = re.compile(r"(?<!\$)\{([^{}]*)\}")
_onelogin = re.compile(r"one[-_ ]?login", re.IGNORECASE)
_SHOWN = 60


def check_values(document: Document, facts: Facts) -> Iterator[Trap]:
    """Give findings about single values."""
    for entry in document.readable():
        # A name may have braces of its own; everything else in braces is a placeholder.
        may_be_left = (
            entry.setting.type != Type.TABLE
            and (entry.setting.key != "providerName" or not entry.fits)
            and not _pairs_of(entry)
        )
        if may_be_left and any(_braces.search(text) for text in texts_of(entry)):
            yield _left(entry)
        elif not entry.fits:
            yield _wrong_type(entry)
        elif found := _wrong_value(entry):
            yield found


def check_missing(document: Document, facts: Facts) -> Iterator[Trap]:
    """Give findings about settings that a deployment cannot do without."""
    if not is_custom_oidc(document):
        yield from _no_provider(document)
        return
    for key in (
        "authority",
        "clientId",
        "callbackUrl",
        *(() if is_confidential(document) else ("publicKeyUrls",)),
    ):
        yield from _missing(document, setting(Section.AUTHENTICATION, key))
    # The chart has a name for the secret of both by default.
    if is_confidential(document) and document.form != Form.HELM:
        for key in ("id", "secret"):
            yield from _missing(document, setting(Section.OIDC, key))


def texts_of(entry: Entry) -> list[str]:
    """Return every text in a value as it stands, braces and all."""
    if isinstance(entry.value, list):
        return [item if isinstance(item, str) else _in_braces(item) for item in entry.value]
    return [entry.raw or (entry.value if isinstance(entry.value, str) else _in_braces(entry.value))]


def _pairs_of(entry: Entry) -> list[str]:
    """Return what is meant by maps where the claims mapping has texts: [username: sub] has a blank too many."""
    if entry.setting.key != "jwtPrincipalClaimsMapping":
        return []
    maps = [item for item in (entry.value if isinstance(entry.value, list) else [entry.value]) if item]
    if not all(
        isinstance(item, Mapping) and all(isinstance(to, str) for to in item.values()) for item in maps
    ):
        return []
    return [f"{name}:{to}" for item in maps for name, to in item.items()]


def _in_braces(value: Any) -> str:
    if isinstance(value, Mapping) and value:
        return "{" + str(next(iter(value)))[:_SHOWN] + "}"
    return ""


def _left(entry: Entry) -> Trap:
    texts = [_braces.sub(_without, text) for text in texts_of(entry)]
    if entry.setting.type == Type.LIST and not isinstance(entry.value, list):
        texts = [part.strip() for part in texts[0].strip("[] ").split(",")]
    value = texts if entry.setting.type == Type.LIST else texts[0]
    message = f"{name_of(entry.setting, entry.spelling)} still has a placeholder in braces, which YAML reads as a map."
    return Trap(entry.line, Code.BRACES_LEFT, message, entry.corrected(value))


def _without(found: "re.Match[str]") -> str:
    inner = found[1].strip()
    return inner if inner.startswith(("http://", "https://")) else f"<{inner}>"


def _wrong_type(entry: Entry) -> Trap:
    named = entry.setting
    if entry.spelling == Spelling.HELM and named.helm_type == Type.BLOCK:
        message = f"{named.helm} needs secretRef and secretKey: the chart takes it from a Kubernetes secret."
        return Trap(entry.line, Code.WRONG_TYPE, message, entry.corrected(REFERENCE))
    wanted = (named.helm_type or named.type) if entry.spelling == Spelling.HELM else named.type
    message = f"{name_of(entry.setting, entry.spelling)} needs {wanted}{_quotes(entry, wanted)}."
    return Trap(entry.line, Code.WRONG_TYPE, message, entry.corrected(_guess(entry)))


def _quotes(entry: Entry, wanted: Type) -> str:
    if entry.spelling == Spelling.PAIR and _suits(entry.value, wanted):
        return ", in quotes: a variable is a text"
    scalar = isinstance(entry.value, bool | int | float)
    return ", in quotes" if wanted == Type.TEXT and scalar else ""


def _is_nested(value: Any) -> bool:
    return value is None or isinstance(value, Mapping | list)


def _suits(value: Any, wanted: Type) -> bool:
    return isinstance(value, bool if wanted == Type.FLAG else int if wanted == Type.WHOLE else str)


def _guess(entry: Entry) -> Any:
    """Return what was probably meant, the default where nothing can be told."""
    named, value = entry.setting, entry.value
    if entry.spelling == Spelling.PAIR and _suits(value, named.type):
        return value
    if pairs := _pairs_of(entry):
        return pairs
    if named.type == Type.LIST and isinstance(value, list) and value and not any(map(_is_nested, value)):
        return [str(item) for item in value]
    if named.type == Type.LIST and isinstance(value, str):
        return [part for part in re.split(r"[\s,;\"']+", value.strip("[] ")) if part]
    if named.type == Type.FLAG and str(value).lower() in ("yes", "on", "1", "true"):
        return True
    if named.type == Type.FLAG and str(value).lower() in ("no", "off", "0", "false"):
        return False
    if named.type == Type.TEXT and isinstance(value, bool | int | float):
        return value
    if named.type == Type.WHOLE and isinstance(value, int | float) and not isinstance(value, bool):
        return int(value)
    return OWN_KEY_ID if named.default in DEMO_KEY_IDS else named.default


def _wrong_value(entry: Entry) -> Trap | None:
    named, value = entry.setting, entry.value
    if named.choices and value not in named.choices and value != "":
        if named.key == "provider" and _onelogin.fullmatch(str(value)):
            message = "There is no provider of this name; OneLogin is custom-oidc with OneLogin's addresses."
            return Trap(entry.line, Code.PROVIDER_ONELOGIN, message, entry.corrected("custom-oidc"))
        meant = next((choice for choice in named.choices if choice.lower() == str(value).lower()), None)
        message = (
            f"{name_of(entry.setting, entry.spelling)} is one of {', '.join(filter(None, named.choices))}."
        )
        usual = "custom-oidc" if named.key == "provider" else named.default or named.choices[0]
        fix = entry.corrected(meant or usual)
        return Trap(entry.line, Code.WRONG_VALUE, message, fix)
    if named.least is not None and isinstance(value, int) and value < named.least:
        message = f"{name_of(entry.setting, entry.spelling)} is at least {named.least}."
        return Trap(entry.line, Code.WRONG_VALUE, message, entry.corrected(named.least))
    return None


def _missing(document: Document, named: Setting) -> Iterator[Trap]:
    entry = document.entry(*named.path)
    if entry and (entry.value or not entry.fits):
        return
    value: Any = ["…"] if named.type == Type.LIST else "…"
    discovery = document.known(Section.OIDC, "discoveryUri") or ""
    if named.key == "authority" and DISCOVERY_PATH in discovery:
        value = discovery.partition(DISCOVERY_PATH)[0]
    name = (
        named.variable
        if document.form == Form.ENV
        else named.helm
        if document.form == Form.HELM
        else named.key
    )
    line = entry.line if entry else document.line_of(named.section, Section.AUTHENTICATION)
    fix = entry.corrected(value) if entry else document.addition(named, value)
    yield Trap(line, Code.MISSING_KEY, f"{name} is missing: custom-oidc needs it.", fix)


def _no_provider(document: Document) -> Iterator[Trap]:
    """Without a provider the server keeps its own password login, whatever else is set."""
    if document.entry(Section.AUTHENTICATION, "provider"):
        return
    named = [
        (Section.AUTHENTICATION, key) for key in ("authority", "clientId", "publicKeyUrls", "providerName")
    ]
    found = [entry for path in named if (entry := document.entry(*path))]
    if found:
        line = min(entry.line for entry in found)
        fix = document.addition(setting(Section.AUTHENTICATION, "provider"), "custom-oidc")
        message = "The provider is missing: its default is basic (not ldap, as a page says), and the rest is ignored."
        yield Trap(line, Code.PROVIDER_NOT_SET, message, fix)
