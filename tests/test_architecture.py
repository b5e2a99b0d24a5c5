"""The import rules: arrows point from doors to the domain, and the two apps never see each other."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# What both apps stand on, and what stands on both of them.
PLATFORM = "ssoconsole.platform"
PURE = ("providers/protocol", "tokens/protocol", "ssoconsole/platform/jose")
IMPURE = ("django.db", "django.conf", "django.utils.timezone", "django.core.cache", "time", "requests")
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "common.py", "manager.py", "misc.py"}
# The packages and modules of `providers` stand in floors, the highest first: an arrow runs down, or along a floor.
FLOORS = (
    ("admin", "api", "apps", "management", "middleware", "urls"),
    ("diagnosis", "explanations", "openmetadata", "replay", "retention"),
    ("account", "refresh", "rehearsal", "signin", "signout"),
    ("client_keys", "drift", "exchange", "history", "identities", "metadata", "registration", "sessions"),
    ("kinds", "outgoing", "protocol"),
    ("models",),
    ("errors",),
)
# Arrows that run up all the same, by the package and the module: what has to be rehearsed is asked where a registration
# is written; a kind refuses what is no registration of it.
RUN_UP = {
    ("kinds", "providers.registration.errors"),
    ("registration", "providers.rehearsal.services"),
}
# Doors may use services; services may not know doors.
DOORS = {"admin", "api", "views", "urls", "management"}


def module_of(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imports_of(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def starts_with(module: str, *roots: str) -> bool:
    return any(module == root or module.startswith(f"{root}.") for root in roots)


def violations(path: Path, source: str) -> list[str]:
    """The import rules that one file breaks, as sentences."""
    module, imports, broken = module_of(path), imports_of(ast.parse(source)), []
    app = path.parts[0]
    in_app = app in ("providers", "tokens")
    for imported in sorted(imports):
        if app == "providers" and starts_with(imported, "tokens"):
            broken.append(f"{module} imports {imported}: providers never imports tokens")
        if app == "tokens" and starts_with(imported, "providers"):
            broken.append(f"{module} imports {imported}: tokens never imports providers")
        on_platform = starts_with(imported, PLATFORM)
        if in_app and starts_with(imported, "ssoconsole") and not on_platform:
            broken.append(f"{module} imports {imported}: apps use only the platform")
        if (
            starts_with(module, PLATFORM)
            and starts_with(imported, app, "providers", "tokens")
            and not on_platform
        ):
            broken.append(
                f"{module} imports {imported}: the platform knows neither the apps nor what stands on them"
            )
        if str(path).startswith(PURE) and starts_with(imported, *IMPURE):
            broken.append(f"{module} imports {imported}: protocol code is pure")
        if path.name == "services.py" and starts_with(imported, app) and set(imported.split(".")) & DOORS:
            broken.append(f"{module} imports {imported}: services know no doors")
        if starts_with(imported, "environ") and module != "ssoconsole.settings":
            broken.append(f"{module} imports {imported}: only settings.py reads the environment")
    if in_app and ("os.environ" in source or "getenv" in source):
        broken.append(f"{module} reads the environment: only settings.py does")
    if in_app and imports & {"socket", "urllib.request", "http.client", "urllib3"}:
        broken.append(f"{module} opens sockets: ssoconsole.platform.outbound does")
    return broken


@cache
def sources() -> list[Path]:
    return [
        path.relative_to(ROOT)
        for app in ("ssoconsole", "providers", "tokens")
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def test_every_import_follows_the_rules():
    assert len(sources()) > 300
    assert [broken for path in sources() for broken in violations(path, (ROOT / path).read_text())] == []


@pytest.mark.parametrize(
    ("path", "planted"),
    [
        ("providers/signin/views.py", "from tokens.models import Bot"),
        ("tokens/oauth/views.py", "import providers.models"),
        ("tokens/oauth/views.py", "from ssoconsole.console.home import views"),
        ("ssoconsole/platform/jose/keys.py", "from django.conf import settings"),
        ("providers/protocol/id_token.py", "from django.utils import timezone"),
        ("tokens/protocol/scopes.py", "from django.db import models"),
        ("ssoconsole/platform/eventlog/services.py", "from providers.models import Provider"),
        (
            "ssoconsole/platform/eventlog/services.py",
            "from ssoconsole.console.expiry.services import endings",
        ),
        ("tokens/bots/services.py", "from tokens.api.views import BotView"),
        ("tokens/oauth/views.py", "import environ"),
        ("tokens/oauth/views.py", "import os; os.environ['X']"),
        ("providers/metadata.py", "import urllib.request"),
    ],
)
def test_a_planted_import_is_found(path, planted):
    assert violations(Path(path), planted) != []


def floor_of(module: str) -> int:
    """The place of a module of `providers` from above."""
    package = module.split(".")[1] if "." in module else "apps"
    return next(place for place, packages in enumerate(FLOORS) if package in packages)


def modules_imported(path: Path, modules: set[str]) -> set[str]:
    """The modules that a module imports when it runs; for the type checker alone is no arrow."""
    tree = ast.parse((ROOT / path).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return imports_of(tree) & modules


@cache
def arrows() -> dict[str, set[str]]:
    paths = {module_of(path): path for path in sources()}
    return {module: modules_imported(path, set(paths)) for module, path in paths.items()}


def test_packages_of_providers_stand_in_floors():
    up = {
        (module.split(".")[1], imported)
        for module, all_imported in arrows().items()
        for imported in all_imported
        if starts_with(module, "providers") and starts_with(imported, "providers") and imported != "providers"
        if floor_of(imported) < floor_of(module)
    }
    assert up == RUN_UP


def test_no_modules_import_each_other_in_a_circle():
    left = dict(arrows())
    # What imports nothing that is left stands in no circle, and neither does what then imports nothing.
    while free := [module for module, imported in left.items() if not imported & left.keys() - {module}]:
        for module in free:
            del left[module]
    assert left == {}


def test_no_file_has_a_name_that_says_nothing():
    assert [path for path in sources() if path.name in FORBIDDEN_NAMES] == []


PICTURE = (ROOT / "docs" / "architecture.md").read_text()


def test_the_picture_names_what_is_there():
    named = set(re.findall(r"`((?:docs|providers|ssoconsole|tests|tokens)/[\w./]*)`", PICTURE))
    assert len(named) > 40
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("app", ["providers", "tokens"])
def test_every_package_has_a_place_in_the_picture(app):
    packages = {path.parts[1] for path in sources() if path.parts[0] == app and len(path.parts) > 2}
    assert [name for name in sorted(packages) if f"`{name}`" not in PICTURE] == []
