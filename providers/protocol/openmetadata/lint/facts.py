"""
What a line of a configuration is checked against: what the console knows, and what is wrong in any setting.

Wrong in any setting are known demonstration keys, tokens, and a link to a page where tokens must not be pasted.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.protocol.openmetadata.document import Document
from providers.protocol.openmetadata.findings import Code, Mistake
from providers.protocol.openmetadata.schema import DEMO_FERNET_KEY, DEMO_KEY_IDS, OWN_KEY_ID, Section

DEMO_KEY_ID = "This key id is in everybody's hands, as is the key of the shipped one: make your own."
# From the beginning of a word on, so that a long line of beginnings costs no more than its length.
_jwt = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}")
_jwt_io = re.compile(r"(?<![\w-])jwt\.io(?!\.?[\w-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Registration:
    """A provider as it is registered here; `jwks_uri` is None while its metadata is not known."""

    issuer: str
    client_id: str
    callback_url: str
    jwks_uri: str | None = None
    signing_algs: Sequence[str] = ()
    principal_claims: Sequence[str] = ()
    allowed_email_domains: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """`base_url` is the console's own; `local_urls` are addresses on this machine that are meant to be so."""

    registrations: Sequence[Registration] = ()
    base_url: str = ""
    local_urls: frozenset[str] = frozenset()

    def registration_of(self, document: Document) -> Registration | None:
        """Return the registration with the issuer and the client id of a configuration, None without one."""
        issuer = document.known(Section.AUTHENTICATION, "authority") or ""
        client_ids = [
            document.known(Section.AUTHENTICATION, "clientId"),
            document.known(Section.OIDC, "id"),
        ]
        for registration in self.registrations:
            if registration.issuer.rstrip("/") == issuer.rstrip("/") and registration.client_id in client_ids:
                return registration
        return None


NOTHING_KNOWN = Facts()


def is_custom_oidc(document: Document) -> bool:
    return bool(document.known(Section.AUTHENTICATION, "provider") == "custom-oidc")


def is_confidential(document: Document) -> bool:
    return bool(document.known(Section.AUTHENTICATION, "clientType") == "confidential")


def own_key_id(text: str) -> str:
    """Return the text without a demonstration's key id."""
    for key_id in DEMO_KEY_IDS:
        text = text.replace(key_id, OWN_KEY_ID)
    return text


def check_lines(lines: list[str], fixes: Mapping[int, str]) -> Iterator[Mistake]:
    """
    Give findings for what stands in a line; of a line with a token nothing is repeated.

    `fixes` are what takes the place of other lines: there is no demonstration's key in them any more.
    """
    for number, line in enumerate(lines, start=1):
        if _jwt_io.search(line):
            message = (
                "A token pasted at jwt.io is known to a stranger from then on, and bots' tokens live long."
            )
            fix = "# manage.py explain_token - tells what is in a token, on this machine"
            yield Mistake(number, Code.TOKEN_SHOWN_ELSEWHERE, message, fix)
        if _jwt.search(line):
            message = "A token stands here in clear: whoever has this file is that bot. Revoke it."
            yield Mistake(number, Code.TOKEN_IN_CLEAR, message, "# give the token by reference")
        if line.lstrip().startswith("#"):
            continue
        for key_id in DEMO_KEY_IDS:
            if key_id in line:
                fix = fixes.get(number) or _without(line, key_id, OWN_KEY_ID)
                yield Mistake(number, Code.DEMO_KEY_ID, DEMO_KEY_ID, fix)
        if DEMO_FERNET_KEY in line:
            message = "This is the shipped Fernet key: everybody can read what it encrypts."
            fix = _without(line, DEMO_FERNET_KEY, "<a Fernet key of your own>")
            yield Mistake(number, Code.DEMO_FERNET_KEY, message, fix)


def _without(line: str, old: str, new: str) -> str:
    """The line with the demonstration value replaced; the value's own name is all that is repeated."""
    found = re.match(r"\s*(?:- )?[\"']?(?:export\s+)?[\w.-]+[\"']?\s*[:=]\s*", line)
    rest = line[found.end() :] if found else ""
    plain = re.fullmatch(rf"(\$\{{\w+:-)?[\"']?{re.escape(old)}[\"']?(\}})?[\"']?", rest.strip())
    return line.replace(old, new) if plain else (found[0] if found else "") + new
