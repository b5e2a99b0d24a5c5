"""What the console knows that a configuration can be held against."""

from collections.abc import Sequence
from dataclasses import dataclass

from providers.protocol.openmetadata.document import Document
from providers.protocol.openmetadata.schema import Section


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
