"""What the chart ignores without a word."""

import re
from collections.abc import Iterator

from providers.protocol.openmetadata.document import Document, Form
from providers.protocol.openmetadata.findings import Code, Finding
from providers.protocol.openmetadata.lint.facts import Facts, is_confidential, is_custom_oidc
from providers.protocol.openmetadata.schema import Section, setting


def check_helm(document: Document, facts: Facts) -> Iterator[Finding]:
    """Give findings about values of the chart."""
    if document.form != Form.HELM:
        return
    for line in document.ignored:
        key = document.lines[line - 1].strip()
        message = "The chart reads openmetadata.config alone; what stands under global is ignored."
        yield Finding(line, Code.HELM_GLOBAL_IGNORED, message, f"openmetadata:\n  config:\n    {key}")
    yield from _gate(document)


def check_provider_name(document: Document, facts: Facts) -> Iterator[Finding]:
    """The sign-in button is called after the provider; a page forgets its name, and the chart cannot set it."""
    named = setting(Section.AUTHENTICATION, "providerName")
    entry = document.entry(*named.path)
    stray = any(stray.name == named.key for stray in document.strays)
    if not is_custom_oidc(document) or stray or (entry and entry.value):
        return
    name = (
        "OneLogin"
        if ".onelogin.com" in (document.known(Section.AUTHENTICATION, "authority") or "")
        else "SSO"
    )
    message = "The provider's name is missing: the button would read “Sign In with  SSO”."
    line = entry.line if entry else document.line_of(Section.AUTHENTICATION)
    fix = entry.corrected(name) if entry else document.addition(named, name)
    yield Finding(line, Code.PROVIDER_NAME_MISSING, message, fix)


def _gate(document: Document) -> Iterator[Finding]:
    value, line = document.gates.get(Section.OIDC, (None, 0))
    if is_confidential(document) and value is not True:
        message = "Without oidcConfiguration.enabled: true the chart passes none of its settings on."
        if line:
            indent = re.match(r"\s*", document.lines[line - 1])[0]  # type: ignore[index]  # matches nothing too
            fix = f"{indent}enabled: true"
        else:
            line = document.line_of(Section.OIDC, Section.AUTHENTICATION)
            there = Section.OIDC in document.blocks
            fix = "enabled: true" if there else "oidcConfiguration:\n  enabled: true"
        yield Finding(line, Code.HELM_OIDC_NOT_ENABLED, message, fix)
    elif value is True and not is_confidential(document):
        message = "oidcConfiguration is passed on only with clientType: confidential."
        entry = document.entry(Section.AUTHENTICATION, "clientType")
        named = setting(Section.AUTHENTICATION, "clientType")
        fix = entry.corrected("confidential") if entry else document.addition(named, "confidential")
        yield Finding(entry.line if entry else line, Code.HELM_OIDC_NOT_CONFIDENTIAL, message, fix)
