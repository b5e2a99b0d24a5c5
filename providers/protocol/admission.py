"""Who may enter: rules about a person whom a provider has vouched for."""

import re
from collections.abc import Collection

import idna

from providers.errors import NotAdmitted
from providers.protocol.mapping import LONGEST_EMAIL, MappedPerson
from ssoconsole.platform.jose.errors import shown

# RFC 5322's dot-atom, with letters and digits of every script (RFC 6531): no quotes, comments or blanks.
_LOCAL_PART = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
DOMAINS = "allowed_email_domains"
_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
# Characters that IDNA reads as the dot between labels, so that two readers would see two domains.
_OTHER_DOTS = frozenset("\u3002\uff0e\uff61")


def admit(
    person: MappedPerson, *, allowed_email_domains: Collection[str], self_signup: bool, known: bool
) -> None:
    """
    Let `person` in or raise NotAdmitted; `known` says that he has signed in through this provider before.

    A stranger needs `self_signup`, and an address that the provider does not call unverified: his account
    would begin under an address that may be somebody else's. Where domains are listed, everybody needs an
    address in exactly one of them, known or not; `email_verified: false` never satisfies the list, while an
    absent `email_verified` is the provider's word.
    """
    if not known and not self_signup:
        raise NotAdmitted(
            expected="a person who is known here; self-signup is off",
            received="a new person",
            rule="self_signup",
        )
    has_address = bool(person.email) or person.named_by_unverified_email
    unverified = has_address and person.email_verified is False
    if unverified and (allowed_email_domains or not known):
        raise NotAdmitted(
            expected="a verified e-mail address", received="email_verified is not true", rule="email_verified"
        )
    if allowed_email_domains:
        _check_domain(person.email, allowed_email_domains)


def domain_of(address: str) -> str | None:
    """
    Return the domain of an e-mail address as `normal_domain` spells it; None if two readers could differ.

    Exactly one @, a local part without quotes, a domain that is a host name.
    """
    local_part, _, domain = address.partition("@")
    if len(address) > LONGEST_EMAIL or not _LOCAL_PART.fullmatch(local_part):
        return None
    try:
        return normal_domain(domain)
    except ValueError:
        return None


def normal_domain(domain: str) -> str:
    """
    Return `domain` in lower case and as IDNA 2008 A-labels, for comparison (RFC 5891 section 4).

    IDNA 2003, as Python's own codec does it, would take straße.example for strasse.example, which belongs to
    somebody else. Raises ValueError for what is no domain, a trailing dot included.
    """
    lowered = domain.translate(_ASCII_LOWER)
    if _OTHER_DOTS & set(lowered):
        raise ValueError("a dot that is none")
    if not lowered.isascii():
        # UnicodeError, which is a ValueError, is the base of everything this raises.
        lowered = idna.encode(lowered, strict=True).decode("ascii")
    if len(lowered) > 253 or not all(map(_LABEL.fullmatch, lowered.split("."))):
        raise ValueError("not a domain")
    return lowered


def normal_domains(domains: Collection[str]) -> set[str]:
    """Return the domains of a list, without what is none: a row that was damaged admits nobody by it."""
    normal = set()
    for domain in domains:
        try:
            normal.add(normal_domain(domain))
        except ValueError:
            continue
    return normal


def _check_domain(email: str, allowed: Collection[str]) -> None:
    expected = "an e-mail address in " + " or ".join(sorted(allowed))
    if not email:
        raise NotAdmitted(expected=expected, received="no usable e-mail address", rule=DOMAINS)
    domain = domain_of(email)
    if domain is None or domain not in normal_domains(allowed):
        raise NotAdmitted(expected=expected, received=shown(email), rule=DOMAINS)
