"""The beginning of a registration: what the address that somebody pastes tells of it, before a client is known."""

import re
from collections.abc import Mapping
from copy import copy, deepcopy
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.utils.text import slugify

from providers.kinds import Kind
from providers.models import Provider
from providers.protocol.discovery import WELL_KNOWN
from providers.registration.errors import RegistrationInvalid
from providers.registration.rules import problems
from providers.registration.services import Metadata, look_up_metadata
from ssoconsole.platform.jose.algorithms import ALGORITHMS, SYMMETRIC

Methods = Provider.ClientAuthentication
# What a new registration proves itself by, the first that the provider takes.
PREFERRED = (Methods.BASIC, Methods.POST, Methods.PRIVATE_KEY_JWT, Methods.NONE, Methods.SECRET_JWT)
LONGEST_SLUG = 63


class Beginning(NamedTuple):
    """A registration without a client, what its provider publishes, and a sentence for each thing put right."""

    provider: Provider
    metadata: Metadata
    notes: list[str]


def begin_registration(kind: Kind, fields: Mapping[str, str]) -> Beginning:
    """
    Return what `fields`, the issuer or what this kind of provider has instead, and the discovery document tell.

    Nothing is guessed about the issuer: what is put right is the address at which the document is read, and the issuer
    is what the document there calls itself. Raises RegistrationInvalid.
    """
    tidied = {
        name: put_right(text) if name == "issuer" else (text.strip(), []) for name, text in fields.items()
    }
    notes = [note for _, said in tidied.values() for note in said]
    provider = of_kind(kind)
    provider.issuer = kind.issuer_from({name: text for name, (text, _) in tidied.items()})
    if found := problems(provider).get("issuer"):
        raise RegistrationInvalid({"issuer": found})
    metadata = _look_up(provider, notes)
    provider.discovery = metadata.document
    fit(provider, kind, metadata.document or {})
    provider.name = provider.name or name_of(provider.issuer)
    provider.slug = free_slug(provider.name)
    return Beginning(provider, metadata, notes)


def of_kind(kind: Kind) -> Provider:
    """Return an empty registration with the usual values of its kind, off."""
    return Provider(kind=kind.key, enabled=False, **deepcopy(dict(kind.defaults)))


def put_right(address: str) -> tuple[str, list[str]]:
    """Return the address that is likely meant, and a sentence for each thing that was put right."""
    notes = []
    tidied = "".join(address.split())
    if tidied != address:
        notes.append("Blanks were taken out of the address.")
    before, found, _ = tidied.partition(WELL_KNOWN)
    if found:
        tidied = before
        notes.append(f"{WELL_KNOWN} was left out: the issuer is what stands before it.")
    scheme, separator, rest = tidied.rpartition("://")
    if tidied and not separator:
        scheme, separator = "https", "://"
        notes.append("https:// was put before the address.")
    single = re.sub("/{2,}", "/", rest)
    if single != rest:
        notes.append("Superfluous slashes were taken out of the address.")
    return f"{scheme}{separator}{single}", notes


def fit(provider: Provider, kind: Kind, document: Mapping[str, Any]) -> None:
    """Choose what the provider offers, where the kind has not chosen and the usual value is not offered."""
    offered = document.get("token_endpoint_auth_methods_supported")
    if isinstance(offered, list) and "token_endpoint_auth_method" not in kind.defaults:
        taken = [method.value for method in PREFERRED if method in offered]
        provider.token_endpoint_auth_method = (taken or [provider.token_endpoint_auth_method])[0]
    signs_with = document.get("id_token_signing_alg_values_supported")
    if isinstance(signs_with, list) and not set(provider.signing_algs) & set(signs_with):
        safe = [name for name in ALGORITHMS if name in signs_with and name not in SYMMETRIC]
        provider.signing_algs = safe or provider.signing_algs


def name_of(issuer: str) -> str:
    """Return what the sign-in page may call a provider: the name within its host's, or the address that it is at."""
    parts = urlsplit(issuer)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        labels = host.split(".")
        return labels[max(len(labels) - 2, 0)].capitalize()
    return parts.netloc


def free_slug(name: str) -> str:
    """Return a slug that says the name and that no provider has."""
    base = slugify(name.replace(".", "-").replace(":", "-").replace("_", "-"))[: LONGEST_SLUG - 4].strip("-")
    base = base or "provider"
    taken = set(Provider.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (base, *numbered) if slug not in taken)


def _look_up(provider: Provider, notes: list[str]) -> Metadata:
    """With or without the slash at the end it is one document, which says how the issuer is spelt."""
    try:
        return look_up_metadata(provider)
    except RegistrationInvalid as invalid:
        other = copy(provider)
        other.issuer = provider.issuer.rstrip("/") + ("" if provider.issuer.endswith("/") else "/")
        try:
            metadata = look_up_metadata(other)
        except RegistrationInvalid:
            raise invalid from None
        if metadata.document is None:
            raise
    provider.issuer = other.issuer
    notes.append(f"The provider spells its issuer {other.issuer}, and so does the console.")
    return metadata
