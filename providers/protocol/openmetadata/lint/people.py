"""Who may enter, who administers, and how people are called."""

from collections.abc import Iterator

from providers.protocol.openmetadata.carried import user_name
from providers.protocol.openmetadata.document import Document, Entry, Trap
from providers.protocol.openmetadata.findings import Code
from providers.protocol.openmetadata.lint.facts import Facts, is_custom_oidc
from providers.protocol.openmetadata.schema import DEFAULT_ADMIN, DEFAULT_DOMAINS, Section, setting

_MAPPED = ("username", "email")
_USUAL = ("preferred_username", "email")


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
