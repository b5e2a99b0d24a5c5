"""Whoever reads a provider has its trial settled first: a module that reads one says so, or says why not."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
READS = ("Provider.objects", 'select_related("provider")', 'select_related("provider", ')
SETTLES = {"settle", "roll_back_overdue", "roll_back_now", "confirm_by_sign_in"}
EXEMPT = {
    "providers/account/views.py": "shows names only; leaving for a provider settles it",
    "providers/admin/attempts.py": "shows what was, and the provider's name",
    "providers/admin/forms.py": "the admin has settled all of them before it shows or takes the form",
    "providers/admin/people.py": "shows what was, and the providers' names",
    "providers/admin/rehearsing.py": "rehearses and replays what is on the form, and compares with what stands",
    "providers/api/attempts.py": "shows what was, and the provider's name",
    "providers/client_keys.py": "locks the row, and reads the client keys",
    "providers/diagnosis/subject.py": "counts the others",
    "providers/drift/decisions.py": "its callers settle; it writes the document of the issuer that stands",
    "providers/explanations/searching.py": "shows what was, and the provider's name",
    "providers/registration/services.py": "its callers settle, and saving refuses a row that is past its trial",
    "providers/identities/rights.py": "compares what stands with what the sign-in was judged by",
    "providers/identities/linking.py": "the middleware has settled what it asks about",
    "providers/metadata.py": "writes the keys of the issuer that its caller has settled",
    "providers/refresh/door.py": "the middleware has settled the provider for this request",
    "providers/registration/beginning.py": "reads which slugs there are",
    "providers/rehearsal/services.py": "asks about the row that its caller holds",
    "providers/retention.py": "reads which version a trial needs",
    "providers/trial/beginning.py": "writes the trial",
    "providers/trial/services.py": "settles",
    "ssoconsole/console/checklist/keys.py": "tells what stands",
    "ssoconsole/console/configuration/openmetadata.py": "what it writes is applied, which settles all of them",
    "ssoconsole/console/configuration/sections/providers.py": "applying has settled all of them",
    "ssoconsole/first_run/demonstration.py": "the demonstration provider is on nobody's trial",
    "ssoconsole/console/dashboard.py": "counts, and tells what stands",
    "ssoconsole/console/expiry/pages.py": "shows names only",
    "ssoconsole/console/expiry/endings.py": "reads when things end",
    "ssoconsole/console/home.py": "counts",
    "ssoconsole/console/operation.py": "reads names",
    "ssoconsole/console/search.py": "shows names and what is registered; the page that it leads to settles it",
}


def settles(path):
    """Whether the module calls what settles a trial, which it has from where trials are settled."""
    tree = ast.parse(path.read_text())
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "providers.trial.services"
        for alias in node.names
        if alias.name in SETTLES
    }
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return imported if imported <= called else set()


def readers():
    return sorted(
        str(path.relative_to(ROOT))
        for app in ("ssoconsole", "providers", "tokens")
        for path in (ROOT / app).rglob("*.py")
        if any(read in path.read_text() for read in READS) and "migrations" not in path.parts
    )


@pytest.mark.parametrize("module", readers())
def test_every_reader_settles_or_has_a_reason(module):
    assert bool(settles(ROOT / module)) != (module in EXEMPT), (
        f"{module}: call providers.trial.services.settle after reading"
    )


def test_no_reason_is_left_over():
    assert set(EXEMPT) <= set(readers())
