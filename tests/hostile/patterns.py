"""Every regular expression of the project, found by looking, with what is done with it."""

import ast
import importlib
import pkgutil
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from django.apps import apps
from django.core.validators import RegexValidator
from django.urls import URLResolver, get_resolver

from ssoconsole.platform.http.bounds import LONGEST_PATH

PROJECT = ("providers", "tokens", "ssoconsole")
# What would run or be refused if it were imported.
NOT_IMPORTED = (".migrations", "__main__", ".wsgi", "ssoconsole.settings")
EVERYWHERE = ("search", "findall", "finditer", "sub", "subn", "split")
METHODS = ("match", "fullmatch", *EVERYWHERE)


@dataclass
class Found:
    """One pattern: where it stands, and by which methods the project uses it; all of them where that is not plain."""

    pattern: re.Pattern
    places: set = field(default_factory=set)
    methods: set = field(default_factory=set)
    longest: int = 20_000


def every_pattern():
    """All there are: in modules, in calls, in models and in the paths of the resolver."""
    found = {}

    def add(pattern, place, methods):
        each = found.setdefault((pattern.pattern, pattern.flags), Found(pattern))
        each.places.add(place)
        each.methods |= set(methods) or set(METHODS)

    for module in _modules():
        tree = ast.parse(Path(module.__file__).read_text())
        used = _methods_by_name(tree)
        for name, value in vars(module).items():
            for pattern in _patterns_in(value):
                add(pattern, f"{module.__name__}.{name}", used.get(name, ()))
        for pattern, line, method in _calls(tree, vars(module)):
            if method != "compile":
                add(pattern, f"{module.__name__}:{line}", (method,))
            elif pattern.pattern not in {source for source, _ in found}:  # bound to no name of the module
                add(pattern, f"{module.__name__}:{line}", ())
    for model in apps.get_models():
        for each in model._meta.fields if model.__module__.startswith(PROJECT) else ():
            for validator in each.validators:
                if isinstance(validator, RegexValidator):
                    add(validator.regex, f"{model.__name__}.{each.name}", ("search",))
    for pattern in _of_paths(get_resolver()):
        # Django's own among them go back and forth, so a path is cut before they are tried.
        paths = Found(pattern, {f"path {pattern.pattern}"}, {"search", "fullmatch"}, longest=LONGEST_PATH)
        found.setdefault((pattern.pattern, "path"), paths)
    return list(found.values())


def _modules():
    for name in PROJECT:
        package = importlib.import_module(name)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not any(part in found.name for part in NOT_IMPORTED):
                with warnings.catch_warnings(action="ignore"):  # of other people's modules, imported by ours
                    module = importlib.import_module(found.name)
                yield module


def _patterns_in(value, depth=0):
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict) and depth < 4:
        for each in [*value, *value.values()]:
            yield from _patterns_in(each, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset) and depth < 4:
        for each in value:
            yield from _patterns_in(each, depth + 1)
    elif type(value).__module__.startswith(PROJECT) and hasattr(value, "__dataclass_fields__") and depth < 4:
        for name in value.__dataclass_fields__:
            yield from _patterns_in(getattr(value, name), depth + 1)


def _methods_by_name(tree):
    used = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in METHODS:
            used.setdefault(node.value.id, set()).add(node.attr)
    # A name that is also handed on may be used in another way there.
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for given in [*node.args, *(keyword.value for keyword in node.keywords)]:
                if isinstance(given, ast.Name):
                    used.pop(given.id, None)
    return used


def _calls(tree, names):
    """Patterns written where they are used; what is put into them is taken for a word."""
    for node in ast.walk(tree):
        function = node.func if isinstance(node, ast.Call) else None
        if not isinstance(function, ast.Attribute) or getattr(function.value, "id", "") != "re":
            continue
        if node.args and function.attr in (*METHODS, "compile"):
            yield re.compile(_source(node.args[0], names)), node.lineno, function.attr


def _source(node, names):
    if isinstance(node, ast.JoinedStr):
        return "".join(_source(each, names) for each in node.values)
    if isinstance(node, ast.BinOp):
        return _source(node.left, names) + _source(node.right, names)
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.FormattedValue):
        node = node.value
    if isinstance(node, ast.Name) and isinstance(names.get(node.id), str | int | bytes):
        value = names[node.id]
        return str(value) if isinstance(value, int) else value
    return "word"


def _of_paths(resolver):
    for entry in resolver.url_patterns:
        yield entry.pattern.regex if hasattr(entry.pattern, "regex") else re.compile(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from _of_paths(entry)
