"""What a value in a file means for its setting."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from providers.protocol.openmetadata.document import REFERENCE
from providers.protocol.openmetadata.schema import Setting, Type
from ssoconsole.platform.yaml import read_yaml

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
# ${NAME}, or ${NAME:-what stands for it} with any of the shells' separators; $NAME, and Kubernetes' $(NAME).
MOST_NESTED = 10  # variables of which one stands for another
_SUBSTITUTED = re.compile(
    rf"\$(?:\{{(?P<name>{_NAME})(?P<rest>:?[-?+=].*)?\}}|(?P<bare>{_NAME})|\((?P<called>{_NAME})\))",
    re.DOTALL,
)
_DEFAULT = (":-", "-")
# Where a reference begins: Docker knows all but the last, a chart's `extraEnvs` the last, `openmetadata.yaml` the
# braces alone. Two dollar signs are one that is none.
_REFERENCE = re.compile(r"\$[{(A-Za-z_]")
_IN_FILE = "${"
# What programs that write such files put in the place of a secret: an expression of a template (Ansible, helmfile), a
# reference to a vault (vals, bank-vaults, Argo CD, 1Password), or what SOPS has encrypted.
_ELSEWHERE = re.compile(r"\{\{.*\}\}|(?:ref\+[a-z]+://|vault:|op://|<path:|ENC\[).*", re.DOTALL)


class Value(NamedTuple):
    """A value; `fits` if it is what the setting wants, `variable` if one may replace it."""

    value: Any
    raw: str
    fits: bool = True
    variable: str = ""


def pasted(named: Setting, text: str, *, is_literal: bool = False) -> Value:
    """
    Return the meaning of a text that is pasted into `openmetadata.yaml`, as those of variables are.

    A reference, whole or within the text, is never taken for a value, least of all for a secret.
    """
    found = _SUBSTITUTED.fullmatch(text.strip())
    if found and (found["name"] or not is_literal):
        return _substituted(named, found, is_nested=True)
    if _is_elsewhere(named, text):
        return Value(REFERENCE, text)
    if not is_literal:
        if _REFERENCE.search(text.replace("$$", "")):
            return Value(REFERENCE, text)
        text = text.replace("$$", "$")
    if named.type == Type.SECRET:
        return Value(text, text)
    return _coerced(named, _parsed(text), text, strict=False)


def in_file(named: Setting, value: Any, *, line: str) -> Value:
    """
    Return the meaning of a value of `openmetadata.yaml`, where a text may be a substitution.

    The server substitutes before it parses: a dollar sign that is an escape on its `line` is just one.
    """
    if _is_elsewhere(named, value):
        return Value(REFERENCE, _raw(value))
    if "$" not in line and not (isinstance(value, list) and line.rstrip().endswith(":")):
        return _coerced(named, value, _raw(value), strict=False)
    if isinstance(value, str) and (found := _SUBSTITUTED.fullmatch(value.strip())) and found["name"]:
        return _substituted(named, found, is_nested=False)
    if _has_reference(value):
        return Value(REFERENCE, _raw(value))
    return _coerced(named, value, _raw(value), strict=False)


def _has_reference(value: Any) -> bool:
    """Tell whether a text, or one of a list, has a part that is elsewhere."""
    texts = value if isinstance(value, list) else [value]
    return any(isinstance(text, str) and _IN_FILE in text for text in texts)


def in_chart(named: Setting, value: Any) -> Value:
    """
    Return the meaning of a value of the chart, whose schema is strict.

    The chart knows no references; those that stand in its values are for a program that replaces them before.
    """
    if _has_reference(value):
        return Value(REFERENCE, _raw(value))
    if named.helm_type == Type.BLOCK:
        return Value(REFERENCE, "") if _is_secret_reference(value) else Value(value, _raw(value), fits=False)
    if named.helm_type == Type.TEXT:
        if value is None or isinstance(value, str):
            return _coerced(named, _parsed(value or ""), value or "", strict=False)
        return Value(value, _raw(value), fits=False)
    return _coerced(named, value, _raw(value), strict=True)


def _is_elsewhere(named: Setting, value: Any) -> bool:
    return named.type == Type.SECRET and isinstance(value, str) and bool(_ELSEWHERE.fullmatch(value.strip()))


def _substituted(named: Setting, found: "re.Match[str]", *, is_nested: bool) -> Value:
    """What stands for a variable; only shells and Compose look for another variable in a default (`is_nested`)."""
    name, whole = found["name"] or found["bare"] or found["called"], found[0]
    default = _default_of(found)
    for _ in range(MOST_NESTED if is_nested else 0):
        inner = _SUBSTITUTED.fullmatch(default.strip())
        if inner is None:
            break
        default = _default_of(inner)
    is_no_value = not default.strip("\"' ") or _REFERENCE.search(default.replace("$$", ""))
    if is_no_value or _is_elsewhere(named, default):
        return Value(REFERENCE, whole, variable=name)
    if named.type == Type.SECRET:
        return Value(default.strip("\"'"), default, variable=name)
    return _coerced(named, _parsed(default), default, strict=False)._replace(variable=name)


def _default_of(found: "re.Match[str]") -> str:
    """What stands for a variable that has no value; "" where nothing does."""
    rest = found["rest"] or ""
    separator = next((mark for mark in _DEFAULT if rest.startswith(mark)), None)
    return "" if separator is None else rest.removeprefix(separator)


def _parsed(text: str) -> Any:
    value, findings = read_yaml(text.encode("utf-8", "replace"))
    return text if findings.problems else value


def _raw(value: Any) -> str:
    if isinstance(value, Mapping) and len(value) == 1:
        ((key, member),) = value.items()
        return f"{{{key}}}" if member is None else ""
    return value if isinstance(value, str) else ""


def _coerced(named: Setting, value: Any, raw: str, *, strict: bool) -> Value:
    """Take what a server takes; a `strict` schema takes no text for a number or a flag, nor the other way."""
    wanted = named.type
    if value is None:
        return Value(_nothing(wanted), raw, fits=not strict or wanted == Type.TABLE)
    if wanted in (Type.TEXT, Type.SECRET):
        return _text(value, raw, strict=strict)
    if wanted == Type.FLAG:
        spelt = {"true": True, "false": False}.get(value) if isinstance(value, str) and not strict else value
        return Value(spelt, raw) if isinstance(spelt, bool) else Value(value, raw, fits=False)
    if wanted == Type.WHOLE:
        return _whole(value, raw)
    if wanted == Type.LIST:
        if isinstance(value, list) and not strict:
            value = [_plain(item) for item in value]
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return Value(value, raw, fits=fits)
    return Value(value, raw, fits=isinstance(value, Mapping))


def _nothing(wanted: Type) -> Any:
    return {Type.LIST: [], Type.TABLE: {}}.get(wanted, "" if wanted in (Type.TEXT, Type.SECRET) else None)


def _text(value: Any, raw: str, *, strict: bool) -> Value:
    if isinstance(value, str):
        return Value(value, raw)
    if isinstance(value, bool | int | float) and not strict:
        return Value(raw or str(value), raw)
    return Value(value, raw, fits=False)


def _plain(item: Any) -> Any:
    """A member of a list of texts as the server reads it: a number there is a text too."""
    return str(item) if isinstance(item, int | float) and not isinstance(item, bool) else item


def _whole(value: Any, raw: str) -> Value:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
        return Value(int(value), raw)
    return Value(value, raw, fits=isinstance(value, int) and not isinstance(value, bool))


def _is_secret_reference(value: Any) -> bool:
    if not isinstance(value, Mapping) or value.keys() != {"secretRef", "secretKey"}:
        return False
    return all(isinstance(name, str) and name for name in value.values())
