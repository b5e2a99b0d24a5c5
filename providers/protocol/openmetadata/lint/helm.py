"""What the chart ignores without a word."""

from collections.abc import Iterator

from providers.protocol.openmetadata.document import Document, Form, Trap
from providers.protocol.openmetadata.findings import Code
from providers.protocol.openmetadata.lint.facts import Facts, is_confidential, is_custom_oidc
from providers.protocol.openmetadata.schema import HELM_GATE, HELM_GATES, Section, setting


def check_helm(document: Document, facts: Facts) -> Iterator[Trap]:
    """Give findings about values of the chart."""
    if document.form != Form.HELM:
        return
    for line in document.ignored:
        key = document.lines[line - 1].strip()
        message = "The chart reads openmetadata.config alone; what stands under global is ignored."
        yield Trap(line, Code.HELM_GLOBAL_IGNORED, message, f"openmetadata:\n  config:\n    {key}")
    yield from _oidc_gate(document)
    for section in (Section.AUTHENTICATION, Section.AUTHORIZER, Section.JWT):
        gate, others = (
            document.entry(section, HELM_GATE),
            sum(path[0] == section for path in document.entries) - 1,
        )
        if gate and document.is_off(section) and others:
            message = "The chart passes none of these settings on: enabled is not true."
            yield Trap(gate.line, Code.HELM_SECTION_OFF, message, gate.corrected(value=True))


def check_provider_name(document: Document, facts: Facts) -> Iterator[Trap]:
    """The sign-in button is called after the provider; a page forgets its name, and the chart cannot set it."""
    named = setting(Section.AUTHENTICATION, "providerName")
    entry = document.entry(*named.path)
    if not is_custom_oidc(document) or (entry and entry.value):
        return
    name = (
        "OneLogin"
        if ".onelogin.com" in (document.known(Section.AUTHENTICATION, "authority") or "")
        else "SSO"
    )
    message = "The provider's name is missing: the button would read “Sign In with  SSO”."
    line = entry.line if entry else document.line_of(Section.AUTHENTICATION)
    fix = entry.corrected(name) if entry else document.addition(named, name)
    yield Trap(line, Code.PROVIDER_NAME_MISSING, message, fix)


def _oidc_gate(document: Document) -> Iterator[Trap]:
    gate, named = document.entry(Section.OIDC, HELM_GATE), HELM_GATES[Section.OIDC]
    if is_confidential(document) and (gate is None or document.is_off(Section.OIDC)):
        message = "Without oidcConfiguration.enabled: true the chart passes none of its settings on."
        line = gate.line if gate else document.line_of(Section.OIDC, Section.AUTHENTICATION)
        fix = gate.corrected(value=True) if gate else document.addition(named, value=True)
        yield Trap(line, Code.HELM_OIDC_NOT_ENABLED, message, fix)
    elif gate and gate.value is True and not is_confidential(document):
        message = "oidcConfiguration is passed on only with clientType: confidential."
        entry = document.entry(Section.AUTHENTICATION, "clientType")
        named = setting(Section.AUTHENTICATION, "clientType")
        fix = entry.corrected("confidential") if entry else document.addition(named, "confidential")
        yield Trap(entry.line if entry else gate.line, Code.HELM_OIDC_NOT_CONFIDENTIAL, message, fix)
