"""Whose keys the server trusts, where it finds them, and which are its own."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from providers.protocol.openmetadata.document import Document, Entry, Form, Trap
from providers.protocol.openmetadata.findings import Code
from providers.protocol.openmetadata.lint.facts import (
    DEMO_KEY_ID,
    Facts,
    is_confidential,
    is_custom_oidc,
    own_key_id,
)
from providers.protocol.openmetadata.schema import (
    ALGORITHMS,
    DEMO_KEY_IDS,
    JWKS_PATH,
    OWN_KEY_ID,
    Section,
    setting,
)

_LOCAL_NAMES = ("localhost", "host.docker.internal")
_LONGEST_PATH = 200
_MOST_URLS = 50
_NEARLY = 0.85


def check_key_urls(document: Document, facts: Facts) -> Iterator[Trap]:
    """Give findings about `publicKeyUrls`."""
    entry = document.entry(Section.AUTHENTICATION, "publicKeyUrls")
    urls = document.known(Section.AUTHENTICATION, "publicKeyUrls")
    if entry is None or not urls or any("{" in url for url in urls):
        return
    if len(urls) > _MOST_URLS:
        message = f"The server asks every one of these addresses; more than {_MOST_URLS} are a mistake."
        yield Trap(entry.line, Code.WRONG_VALUE, message, entry.corrected(urls[:2]))
        return
    if any(_are_several(url) for url in urls):
        message = "Addresses in a list are separated by commas."
        apart = [part for url in urls for part in (url.split() if _are_several(url) else [url])]
        yield Trap(entry.line, Code.WRONG_VALUE, message, entry.corrected(apart))
        return
    for url in urls:
        yield from _one(entry, urls, url, facts)
    if not any(_path(url) == JWKS_PATH or is_misspelt(url) for url in urls):
        message = "The server's own keys are missing: it would refuse its own bots' tokens."
        own = _own_address(document)
        first = document.form == Form.HELM
        fix = entry.corrected([own, *urls] if first else [*urls, own])
        yield Trap(entry.line, Code.OWN_JWKS_MISSING, message, fix)
    if is_custom_oidc(document):
        yield from _providers_keys(document, entry, urls, facts)


def check_key_files(document: Document, facts: Facts) -> Iterator[Trap]:
    """Give findings about the server's own key files."""
    paths = {key: document.entry(Section.JWT, f"rsa{key}KeyFilePath") for key in ("public", "private")}
    for key, other in (("public", "private"), ("private", "public")):
        entry = paths[key]
        path = document.known(Section.JWT, f"rsa{key}KeyFilePath") if entry else None
        if entry is None or not path:
            continue
        name = path.rpartition("/")[2]
        if other in name and key not in name:
            message = "The key files are swapped: the private key signs, the public key verifies."
            fix = entry.corrected(path[: len(path) - len(name)] + name.replace(other, key))
            yield Trap(entry.line, Code.KEY_FILES_SWAPPED, message, fix)
        if not path.startswith("/"):
            message = "A key file needs an absolute path; the server may start in any directory."
            fix = entry.corrected(f"/opt/openmetadata/conf/{name}")
            yield Trap(entry.line, Code.KEY_PATH_RELATIVE, message, fix)
    lines = [entry.line for entry in paths.values() if entry]
    if lines and not document.entry(Section.JWT, "keyId"):
        message = "There are key files and no key id: the shipped one stays, which belongs to the demonstration key."
        fix = document.addition(setting(Section.JWT, "keyId"), OWN_KEY_ID)
        yield Trap(min(lines), Code.KEY_ID_MISSING, message, fix)


def check_key_id(document: Document, facts: Facts) -> Iterator[Trap]:
    """Give a finding for a key id of a demonstration in another setting than its own, whose line is checked."""
    for entry in document.readable():
        if entry.value in DEMO_KEY_IDS and entry.setting.key == "keyId":
            continue
        values = entry.value if isinstance(entry.value, list) else [entry.value]
        if any(isinstance(value, str) and own_key_id(value) != value for value in values):
            own = [own_key_id(value) if isinstance(value, str) else value for value in values]
            fix = entry.corrected(own if isinstance(entry.value, list) else own[0])
            yield Trap(entry.line, Code.DEMO_KEY_ID, DEMO_KEY_ID, fix)


def check_algorithm(document: Document, facts: Facts) -> Iterator[Trap]:
    """Give a finding where the provider signs with another algorithm than the server verifies."""
    named = setting(Section.AUTHENTICATION, "tokenValidationAlgorithm")
    algorithm = document.effective(*named.path)
    registration = facts.registration_of(document)
    accepted = [name for name in (registration.signing_algs if registration else ()) if name in ALGORITHMS]
    if not accepted and is_confidential(document):
        preferred = document.known(Section.OIDC, "preferredJwsAlgorithm")
        accepted = [preferred] if preferred in ALGORITHMS else []
    if not is_custom_oidc(document) or not accepted or algorithm not in ALGORITHMS or algorithm in accepted:
        return
    entry = document.entry(*named.path)
    message = f"The provider signs with {' or '.join(accepted)}, and the server verifies {algorithm}."
    line = entry.line if entry else document.line_of(Section.AUTHENTICATION)
    fix = entry.corrected(accepted[0]) if entry else document.addition(named, accepted[0])
    yield Trap(line, Code.ALGORITHM_MISMATCH, message, fix)


def _are_several(url: str) -> bool:
    """Tell whether a member of a list is addresses with blanks between them, and no placeholder with blanks in it."""
    return sum("://" in part for part in url.split()) > 1


def is_misspelt(url: str) -> bool:
    """Tell whether an address is nearly, and not quite, that of a server's own keys."""
    path = _path(url)
    if path == JWKS_PATH or not 0 < len(path) < _LONGEST_PATH:
        return False
    return SequenceMatcher(None, path, JWKS_PATH).ratio() >= _NEARLY


def split(url: str) -> SplitResult:
    """Return the parts of an address; of what is none, no parts."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts


def _path(url: str) -> str:
    return split(url).path


def _one(entry: Entry, urls: list[str], url: str, facts: Facts) -> Iterator[Trap]:
    parts = split(url)
    if is_misspelt(url):
        message = f"The server's own keys are at {JWKS_PATH}, whatever a page says."
        fix = entry.corrected(_replaced(urls, url, url.replace(parts.path, JWKS_PATH)))
        yield Trap(entry.line, Code.JWKS_PATH_MISSPELT, message, fix)
    if url in facts.local_urls:
        return
    if is_local(parts.hostname or ""):
        message = "The server itself fetches this address, and in a container that name is the container."
        named = url.replace(parts.netloc, "<a name that the server can reach>")
        yield Trap(entry.line, Code.JWKS_LOCAL, message, entry.corrected(_replaced(urls, url, named)))
    elif parts.scheme == "http":
        message = (
            "Keys that come by plain http may be anybody's on the way: who changes them signs in as anyone."
        )
        secure = "https" + url.removeprefix(parts.scheme)
        yield Trap(entry.line, Code.JWKS_PLAIN_HTTP, message, entry.corrected(_replaced(urls, url, secure)))


def _providers_keys(document: Document, entry: Entry, urls: list[str], facts: Facts) -> Iterator[Trap]:
    """The provider's keys, as its discovery document or its own habit names them."""
    authority = document.known(Section.AUTHENTICATION, "authority") or ""
    own = [url for url in urls if _path(url) == JWKS_PATH or is_misspelt(url)]
    others = [url for url in urls if url not in own]
    registration = facts.registration_of(document)
    expected = registration.jwks_uri if registration else None
    if not expected and (wrong := [url for url in others if _is_of_another_server(url, authority)]):
        expected = _okta_keys(authority)
        others = wrong
    if expected and expected not in urls:
        message = f"The provider publishes its keys at {expected} (the jwks_uri of its discovery document)."
        kept = [url for url in urls if url not in others]
        fix = entry.corrected([*kept, expected] if document.form == Form.HELM else [expected, *kept])
        code = Code.PROVIDER_JWKS_MISMATCH if others else Code.PROVIDER_JWKS_MISSING
        yield Trap(entry.line, code, message, fix)
    elif not others:
        message = "The provider's keys are missing: nobody's sign-in could be verified."
        keys = (
            f"{authority.rstrip('/')}/certs"
            if ".onelogin.com" in authority
            else "<the jwks_uri of the provider>"
        )
        fix = entry.corrected([*urls, keys] if document.form == Form.HELM else [keys, *urls])
        yield Trap(entry.line, Code.PROVIDER_JWKS_MISSING, message, fix)


def _is_of_another_server(url: str, authority: str) -> bool:
    """Okta has several authorization servers in one organisation, with keys of their own."""
    parts, issuer = split(url), split(authority)
    ours = parts.netloc == issuer.netloc and parts.path.endswith("/v1/keys")
    return bool(issuer.netloc) and ours and url != _okta_keys(authority)


def _okta_keys(authority: str) -> str:
    base = authority.rstrip("/")
    return f"{base}/v1/keys" if split(base).path else f"{base}/oauth2/v1/keys"


def _own_address(document: Document) -> str:
    parts = split(document.known(Section.AUTHENTICATION, "callbackUrl") or "")
    server = f"{parts.scheme}://{parts.netloc}" if parts.netloc else "https://<your domain>"
    return server + JWKS_PATH


def is_local(host: str) -> bool:
    if host in _LOCAL_NAMES or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _replaced(urls: list[str], old: str, new: str) -> list[str]:
    return [new if url == old else url for url in urls]
