"""What differs between two documents of a provider, and what of it a person has to decide about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from providers.protocol.discovery import ANNOUNCES_ISS, PUSH_ENDPOINT

# Where people, their codes and the client's credentials are sent, and whose keys are believed: whoever can
# change one of these can sign in as anybody.
DECISIVE = (
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "end_session_endpoint",
    PUSH_ENDPOINT,
    "mtls_endpoint_aliases",
)
REGISTRATION = "registration_endpoint"

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One member of a discovery document; None stands for absent."""

    member: str
    before: Any
    after: Any

    @property
    def is_decisive(self) -> bool:
        """Tell whether a person has to decide; the rest says what a provider can do, and may come and go."""
        if self.member == REGISTRATION:
            return host_of(self.before) != host_of(self.after)
        if self.member == ANNOUNCES_ISS:
            # Without the announcement an answer without `iss` passes, and one provider's for another's (RFC 9207).
            return self.before is True
        return self.member in DECISIVE


def differences(before: Document, after: Document) -> list[Difference]:
    """Return what differs, decisive members first; the order within a list of texts says nothing."""
    names = dict.fromkeys((*DECISIVE, REGISTRATION, ANNOUNCES_ISS, *sorted({*before, *after})))
    pairs = ((name, before.get(name), after.get(name)) for name in names)
    found = [Difference(name, old, new) for name, old, new in pairs if _comparable(old) != _comparable(new)]
    return sorted(found, key=lambda difference: not difference.is_decisive)


def decisive_differences(before: Document, after: Document) -> list[Difference]:
    return [difference for difference in differences(before, after) if difference.is_decisive]


def without_decisive(before: Document, after: Document) -> dict[str, Any]:
    """Return `after` with the decisive members as they were; without any, `after` as it is."""
    merged = dict(after)
    for difference in decisive_differences(before, after):
        if difference.before is None:
            merged.pop(difference.member, None)
        else:
            merged[difference.member] = difference.before
    return merged


def host_of(url: object) -> str:
    """The host and port of a URL, "" for what is none."""
    try:
        return urlsplit(url).netloc.lower() if isinstance(url, str) else ""
    except ValueError:
        return ""


def _comparable(value: Any) -> Any:
    """A list of texts is a set here: providers behind a balancer write it in any order."""
    if isinstance(value, list) and all(isinstance(member, str) for member in value):
        return frozenset(value)
    return value
