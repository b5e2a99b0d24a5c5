"""
An existing configuration of OpenMetadata, applied as if it were a configuration file of this console.

So there is one way in: the same rules, the same events, the same report of what differs.
"""

import re
from collections.abc import Mapping
from typing import Any

from providers.kinds import kind_of
from providers.models import Provider
from providers.protocol.openmetadata.document import Document
from providers.protocol.openmetadata.importing import Imported, registration_from
from providers.protocol.openmetadata.reading.yaml_files import read_configuration
from ssoconsole.console.configuration.apply import apply_configuration
from ssoconsole.console.configuration.export import write_yaml
from ssoconsole.console.configuration.plan import Plan
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.yaml import ConfigurationRefused, Problem

LONGEST_SLUG, MOST_NAMED = 63, 5
# A file from elsewhere may name any variable, also one of the console's own: only such a name is taken at its word.
_secret_name = re.compile(r"(?:[A-Z0-9_]+_)?CLIENT_SECRET")


def import_openmetadata(
    content: bytes,
    *,
    environment: Mapping[str, str],
    by: Actor,
    slug: str = "",
    client_secret: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> tuple[Plan, list[str]]:
    """
    Register the provider of a configuration; return what was done, or would be, and what to know of it.

    Without a `slug` it is that of the only registration with the same issuer and client, or one made of the name.
    `client_secret` says where the secret is, `{env: NAME}` or `{file: PATH}`; without it the file's own counts,
    or the variable that the file names. Raises ConfigurationRefused with the lines of that file; then nothing
    was changed.
    """
    imported = registration_from(_document(content))
    if imported.missing:
        raise ConfigurationRefused(Problem(miss.path, miss.line, miss.message) for miss in imported.missing)
    entry = _entry(imported, slug, client_secret, environment)
    text = write_yaml({"providers": [entry]})
    try:
        plan = apply_configuration(text.encode(), environment=environment, by=by, dry_run=dry_run)
    except ConfigurationRefused as refused:
        raise ConfigurationRefused(_at_its_line(problem, imported) for problem in refused.problems) from None
    plan.warnings = [_at_its_line(problem, imported) for problem in plan.warnings]
    return plan, imported.notes


def _document(content: bytes) -> Document:
    """What the file sets; of the services of a Compose file, what it sets for the server."""
    documents, faults = read_configuration(content)
    if not documents:
        found = [Problem("(file)", fault.line, fault.message) for fault in faults]
        raise ConfigurationRefused(found or [Problem("(file)", 1, "a script sets nothing")])
    documents = [document for document in documents if document.entries] or documents
    highest = max(document.rank for document in documents)
    servers = [document for document in documents if document.rank == highest]
    if len(servers) > 1:
        names = ", ".join(document.service for document in servers)
        message = f"which of these services is the server cannot be told; leave one of them: {names}"
        raise ConfigurationRefused([Problem("services", 1, message)])
    return servers[0]


def _entry(
    imported: Imported, slug: str, client_secret: Mapping[str, str] | None, environment: Mapping[str, str]
) -> dict[str, Any]:
    fields = imported.fields
    fitting = {"slug": slug} if slug else {key: fields[key] for key in ("issuer", "client_id")}
    rows = list(Provider.objects.filter(**fitting).order_by("slug")[:MOST_NAMED])
    if len(rows) > 1:
        message = f"{', '.join(row.slug for row in rows)} have this issuer and client; choose with --slug"
        raise ConfigurationRefused([Problem("slug", imported.lines["issuer"], message)])
    row = rows[0] if rows else None
    slug = slug or (row.slug if row else _slug_of(fields["name"]))
    if row is None and Provider.objects.filter(slug=slug).exists():
        message = f"{slug} is another provider here; choose with --slug"
        raise ConfigurationRefused([Problem("slug", imported.lines["name"], message)])
    secret = _secret(imported, client_secret, environment, has_secret=bool(row))
    usual = row.mapping if row else kind_of(fields["kind"]).defaults.get("mapping", Provider().mapping)
    mapping = {**usual, "email": imported.email_claim}
    entry = {"slug": slug, **fields, "mapping": mapping}
    return entry | ({"client_secret": secret} if secret else {})


def _secret(
    imported: Imported,
    given: Mapping[str, str] | None,
    environment: Mapping[str, str],
    *,
    has_secret: bool,
) -> Mapping[str, str] | str | None:
    """Where the secret is, or the secret; a registration that stands keeps its own."""
    if not imported.needs_secret:
        return None
    if given:
        return dict(given)
    if imported.secret:
        return imported.secret
    variable = imported.secret_variable
    if variable and _secret_name.fullmatch(variable) and (variable in environment or not has_secret):
        imported.notes.append(f"The client secret is that of the environment variable {variable}.")
        return {"env": variable}
    if has_secret:
        return None
    message = "is not in this file; give it with --client-secret-env or --client-secret-file"
    raise ConfigurationRefused([Problem("client_secret", imported.lines["client_secret"], message)])


def _slug_of(name: str) -> str:
    made = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_SLUG].strip("-")
    return made or "openmetadata"


def _at_its_line(problem: Problem, imported: Imported) -> Problem:
    """A problem of the made file, at the line of the setting that it came from."""
    path = problem.path.removeprefix("providers[0]").removeprefix(".") or "(file)"
    name = re.split(r"[.\[]", path, maxsplit=1)[0]
    return Problem(path, imported.lines.get(name, 1), problem.message)
