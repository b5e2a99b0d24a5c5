"""
Check the settings of the sign-in at the provider: its addresses, the callback, and what protects the flow.

The Helm chart ignores some values without a message; these are found here too.
"""

from collections.abc import Iterator

from providers.protocol.openmetadata.carried import discovery_address
from providers.protocol.openmetadata.document import REFERENCE, Document, Form, Spelling, Trap
from providers.protocol.openmetadata.findings import Code
from providers.protocol.openmetadata.importing import (
    are_one,
    behind_endpoint,
    is_endpoint,
    is_internal,
    scopes_in,
)
from providers.protocol.openmetadata.lint.facts import Facts, is_confidential, is_custom_oidc
from providers.protocol.openmetadata.lint.keys import is_local, split
from providers.protocol.openmetadata.lint.values import texts_of
from providers.protocol.openmetadata.schema import (
    CALLBACK_PATH,
    HELM_GATE,
    HELM_GATES,
    OIDC_PROVIDERS,
    Section,
    Type,
    setting,
)

_MISSPELT = ".well-known/openid_configuration"


def check_addresses(document: Document, facts: Facts) -> Iterator[Trap]:
    """Give findings about the issuer and its discovery document."""
    for entry in document.readable():
        if entry.setting.type != Type.LIST and any(_MISSPELT in text for text in texts_of(entry)):
            message = "The discovery document is at .well-known/openid-configuration, with a hyphen."
            fix = entry.corrected(texts_of(entry)[0].replace("openid_configuration", "openid-configuration"))
            yield Trap(entry.line, Code.DISCOVERY_PATH_MISSPELT, message, fix)
    authority = document.entry(Section.AUTHENTICATION, "authority")
    issuer = document.known(Section.AUTHENTICATION, "authority") or ""
    keys = document.known(Section.AUTHENTICATION, "publicKeyUrls") or ()
    names_none = is_endpoint(issuer, keys) and document.known(
        Section.OIDC, "discoveryUri"
    ) != discovery_address(issuer)
    if authority and names_none:
        # While there is no provider, nobody can tell; below an endpoint there is no discovery document in any case.
        if document.known(Section.AUTHENTICATION, "provider") in OIDC_PROVIDERS:
            message = (
                "The authority is the issuer: discovery is looked for below it, and this is an endpoint."
            )
            fix = authority.corrected(behind_endpoint(issuer))
            yield Trap(authority.line, Code.AUTHORITY_NOT_ISSUER, message, fix)
    elif is_confidential(document):
        yield from _discovery(document, issuer)


def check_callbacks(document: Document, facts: Facts) -> Iterator[Trap]:
    """Give findings about where the provider sends people back to."""
    main = document.known(Section.AUTHENTICATION, "callbackUrl")
    registration = facts.registration_of(document)
    for section in (Section.AUTHENTICATION, Section.OIDC):
        entry, url = document.entry(section, "callbackUrl"), document.known(section, "callbackUrl")
        parts = split(url or "")
        if entry is None or not url or not parts.netloc:
            continue
        if facts.base_url and url.startswith(f"{facts.base_url}/") and registration:
            if url != registration.callback_url:
                message = f"Registered here for this client is {registration.callback_url}."
                fix = entry.corrected(registration.callback_url)
                yield Trap(entry.line, Code.CALLBACK_NOT_REGISTERED, message, fix)
            main = None
        elif parts.path != CALLBACK_PATH:
            message = f"The path of the callback is {CALLBACK_PATH}; the server answers at no other."
            fix = entry.corrected(f"{parts.scheme}://{parts.netloc}{CALLBACK_PATH}")
            yield Trap(entry.line, Code.CALLBACK_PATH, message, fix)
            main = None
        elif section == Section.OIDC and main and main != url and is_confidential(document):
            message = "The two callbacks differ; the provider knows one of them."
            first = document.entries[Section.AUTHENTICATION, "callbackUrl"]
            wrong, right = (first, url) if _reach(url) > _reach(main) else (entry, main)
            yield Trap(wrong.line, Code.CALLBACKS_DIFFER, message, wrong.corrected(right))


def check_protection(document: Document, facts: Facts) -> Iterator[Trap]:
    """Give findings about switches with a name that says one thing and an effect that is another."""
    socket = document.entry(Section.AUTHORIZER, "enableSecureSocketConnection")
    if socket and socket.value is True:
        message = "It makes the server refuse every request behind a proxy: “Token not present”."
        yield Trap(socket.line, Code.SECURE_SOCKET_ENABLED, message, socket.corrected(value=False))
    validity = document.entry(Section.OIDC, "tokenValidity")
    if validity and validity.value == 0 and validity.fits:
        message = "Tokens that are valid for 0 seconds end in a loop of refreshes; the default is 3600."
        yield Trap(validity.line, Code.TOKEN_VALIDITY_ZERO, message, validity.corrected(3600))
    prompt = document.entry(Section.OIDC, "prompt")
    if prompt and prompt.value == "none":
        message = "With none nobody can sign in who has no session at the provider; 2.0 refuses it."
        yield Trap(prompt.line, Code.PROMPT_NONE, message, prompt.corrected("select_account"))
    if is_custom_oidc(document) and is_confidential(document):
        yield from _pkce(document)
        yield from _scope(document)
        yield from _cookie(document)


def check_secrets(document: Document, facts: Facts) -> Iterator[Trap]:
    """Give findings about secrets in files that are shared; an env file is where they belong."""
    entry = document.entry(Section.OIDC, "secret")
    if entry is None or entry.value is REFERENCE or not entry.value or entry.spelling == Spelling.ASSIGNMENT:
        return
    message = "The client secret stands here in clear; let the file say where it is."
    yield Trap(entry.line, Code.SECRET_IN_CLEAR, message, entry.corrected(REFERENCE))


def _reach(url: str) -> tuple[bool, bool, bool]:
    """Order addresses by how far they reach: one of this machine is nobody else's, and an inner name its network's."""
    parts = split(url)
    host = parts.hostname or ""
    return not is_local(host), not is_internal(host), parts.scheme == "https"


def _discovery(document: Document, issuer: str) -> Iterator[Trap]:
    named = setting(Section.OIDC, "discoveryUri")
    entry = document.entry(*named.path)
    if entry is None or (entry.fits and not entry.value):
        message = (
            "A confidential client needs discoveryUri: there is no other way to the provider's endpoints."
        )
        address = discovery_address(issuer or "https://<issuer>")
        line = entry.line if entry else document.line_of(Section.OIDC, Section.AUTHENTICATION)
        fix = entry.corrected(address) if entry else document.addition(named, address)
        yield Trap(line, Code.DISCOVERY_MISSING, message, fix)
        return
    known = document.known(*named.path) or ""
    base, _, rest = known.partition("/.well-known/")
    if rest and "://" in issuer and not are_one(issuer, base):
        message = "The discovery document is another issuer's than the authority."
        fix = entry.corrected(discovery_address(issuer))
        yield Trap(entry.line, Code.DISCOVERY_OF_ANOTHER, message, fix)


def _pkce(document: Document) -> Iterator[Trap]:
    named = setting(Section.OIDC, "disablePkce")
    entry = document.entry(*named.path)
    if document.effective(*named.path) is True:
        line = entry.line if entry else document.line_of(Section.OIDC, Section.AUTHENTICATION)
        fix = entry.corrected(value=False) if entry else document.addition(named, value=False)
        message = "PKCE is off, which is the default for confidential clients; OneLogin for one demands it."
        yield Trap(line, Code.PKCE_DISABLED, message, fix)


def _scope(document: Document) -> Iterator[Trap]:
    entry, scope = document.entry(Section.OIDC, "scope"), document.known(Section.OIDC, "scope")
    claims = document.effective(Section.AUTHENTICATION, "jwtPrincipalClaims") or []
    if entry is None or scope is None:
        return
    needed = ["openid", *(["email"] if claims[:1] == ["email"] else [])]
    missing = [name for name in needed if name not in scope.split()]
    if missing:
        message = f"The scope {' '.join(missing)} is missing: the claims that name a person would not come."
        # They are there, and no blank is between them: the provider would be asked for one long scope.
        there = scopes_in(scope)
        fix = entry.corrected(" ".join([*(name for name in missing if name not in there), *there]))
        yield Trap(entry.line, Code.SCOPE_MISSING, message, fix)


def _cookie(document: Document) -> Iterator[Trap]:
    entry = document.entry(Section.AUTHENTICATION, "forceSecureSessionCookie")
    callback = document.known(Section.OIDC, "callbackUrl") or ""
    # Where the shipped file only repeats the default there is a variable to set instead.
    if entry and entry.value is False and not entry.variable and callback.startswith("https://"):
        message = "Behind a proxy with TLS the session cookie is lost: “No session found for callback”."
        yield Trap(entry.line, Code.COOKIE_NOT_SECURE, message, entry.corrected(value=True))


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
