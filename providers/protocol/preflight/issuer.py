"""The issuer of a discovery document against the registered one: byte for byte, with the near miss named."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from providers.protocol.discovery import WELL_KNOWN
from providers.protocol.preflight.findings import Finding, finding


def judge_issuer(document: Mapping[str, Any], *, registered: str) -> list[Finding]:
    """Judge whether `document` speaks for the issuer that is `registered`."""
    published = document.get("issuer")
    if not isinstance(published, str):
        received = "absent" if published is None else type(published).__name__
        return [finding("issuer_missing", expected=registered, received=received)]
    if published == registered:
        return []
    code = f"issuer_{_difference(registered, published)}"
    # In quotes, because a blank at the end is one of the differences.
    return [finding(code, expected=f"“{registered}”", received=f"“{published}”")]


def paths_above(address: str, *, most: int = 6) -> list[str]:
    """Return the addresses that `address` is below, the nearest first: those that lack its last parts."""
    parts = urlsplit(address)
    path = [part for part in parts.path.split("/") if part]
    shorter = ["/".join(["", *path[:count]]) for count in range(len(path) - 1, -1, -1)]
    return [parts._replace(path=each, query="", fragment="").geturl() for each in shorter[:most]]


def _difference(registered: str, published: str) -> str:
    if "{" in published:
        return "template"
    if registered.strip() == published.strip():
        return "white_space"
    if _without_suffix(registered) == _without_suffix(published):
        both = registered.rstrip("/") == published.rstrip("/")
        return "trailing_slash" if both else "well_known_suffix"
    if registered.lower() == published.lower():
        return "case"
    try:
        return _part(urlsplit(registered), urlsplit(published))
    except ValueError:  # an address or a port that is none
        return "mismatch"


def _without_suffix(issuer: str) -> str:
    return issuer.rstrip("/").removesuffix(WELL_KNOWN).rstrip("/")


def _part(registered: SplitResult, published: SplitResult) -> str:
    same_path = registered.path.rstrip("/") == published.path.rstrip("/")
    same_host = registered.hostname == published.hostname
    if registered.netloc.lower() == published.netloc.lower():
        return "scheme" if same_path else "path"
    if same_path and same_host:
        return "scheme" if registered.scheme != published.scheme else "port"
    return "host" if same_path and registered.path.strip("/") else "mismatch"
