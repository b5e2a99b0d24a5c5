"""
Claims of a person: read by path, merged from the ID token and userinfo, and checked before they become a name.

A path is `email`, `realm_access.roles`, `emails.0` or `https://corp.example/groups`. Userinfo is held against the rules
of OpenID Connect Core 1.0 sections 5.3.2 and 5.3.4. A client's credentials are for one issuer and for the origins of
its endpoints: which ones is said here too.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from providers.errors import UserinfoSubjectMismatch
from providers.protocol.discovery import PUSH_ENDPOINT
from ssoconsole.platform.jose import claims as rules_of_jwt
from ssoconsole.platform.jose.errors import shown
from ssoconsole.platform.jose.issuer import check_issuer
from ssoconsole.platform.jose.verify import VerifiedJwt

# About the token, not about the person: userinfo has no say in them.
OF_THE_TOKEN = ("iss", "sub", "aud", "azp", "exp", "iat", "nbf", "auth_time", "nonce", "acr", "amr", "sid")

# A serialiser that leaves no member out writes null or an empty string for what it does not know.
EMPTY = (None, "")
# Control characters, invisible formatting (bidirectional controls among them), surrogates, and the separators
# of lines and paragraphs: with them one name is shown as another.
DECEPTIVE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

# RFC 6749 section 3.2 and RFC 9126 section 2: where the client authenticates.
AUTHENTICATING_ENDPOINTS = ("token_endpoint", PUSH_ENDPOINT)


def values_at(claims: Any, path: str) -> list[Any]:
    """
    Return every value at the dotted `path`, in order; null counts as absent.

    A whole number picks one member of an array; otherwise the path goes on in each of its members, so that
    `groups.name` reads the names of a list of groups. A name may hold dots itself, as claims named by a URL
    do: the longest name that is there is taken.
    """
    if not path:
        return [] if claims is None else [claims]
    if isinstance(claims, list):
        return _in_array(claims, path)
    if not isinstance(claims, Mapping):
        return []
    if path in claims:
        return [] if claims[path] is None else [claims[path]]
    for name, rest in splits(path):
        if name in claims:
            return values_at(claims[name], rest)
    return []


def value_at(claims: Any, path: str) -> Any:
    """Return the first value at `path`, or None."""
    found = values_at(claims, path)
    return found[0] if found else None


def listed_paths(text: str) -> list[str]:
    """Return the paths of a list between commas, such as `groups, params.roles`; "" has none."""
    return list(filter(None, map(str.strip, text.split(","))))


def splits(path: str) -> Iterator[tuple[str, str]]:
    """Give the path as name and rest, the longest name first."""
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        yield ".".join(parts[:end]), ".".join(parts[end:])


def _in_array(members: list[Any], path: str) -> list[Any]:
    head, _, rest = path.partition(".")
    if not (head.isascii() and head.isdigit()):
        return [value for member in members for value in values_at(member, path)]
    # A longer number than any array has is no index; int() of a very long one would be slow.
    if len(head) > 6 or int(head) >= len(members):
        return []
    return values_at(members[int(head)], rest)


def merge_claims(
    id_token: Mapping[str, Any], userinfo: Mapping[str, Any] | None, *, mapping: Mapping[str, str]
) -> dict[str, Any]:
    """
    Return the claims about the person: userinfo is fresher, the ID token has the last word about itself.

    What userinfo leaves empty, the ID token has still said. An address and its verification stay together: what the
    ID token verified is not another address that userinfo names, also where userinfo leaves the verification empty. Of
    the same address it speaks, as Entra ID's `xms_edov` does, which userinfo never has; and where it names none, it
    lends that of userinfo its no, and never its yes.
    """
    if not userinfo:
        return dict(id_token)
    said_before, verified = dict(id_token), mapping.get("email_verified", "email_verified")
    address = mapping.get("email", "email")
    named, before = value_at(userinfo, address), value_at(id_token, address)
    is_another = before not in EMPTY or is_true(value_at(id_token, verified))
    if named not in EMPTY and named != before and is_another and value_at(userinfo, verified) in EMPTY:
        # Where the path leads to something, a claim of the ID token holds it; without that one another may.
        while value_at(said_before, verified) is not None:
            del said_before[next(name for name, _ in splits(verified) if name in said_before)]
    about_the_person = dict(userinfo)
    for name in OF_THE_TOKEN:
        about_the_person.pop(name, None)
    merged = {**said_before, **_said(about_the_person, said_before)}
    said = value_at(said_before, verified)
    if said not in EMPTY and not is_true(said) and value_at(merged, verified) in EMPTY:
        merged[verified] = said  # userinfo has said the object anew that it was in, and nothing of it
    return merged


def _said(now: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of `now`, and for what is empty there those of `before`, in objects within too."""
    said = dict(now)
    for name in now.keys() & before.keys():
        if now[name] in EMPTY:
            said[name] = before[name]
        elif isinstance(now[name], Mapping) and isinstance(before[name], Mapping):
            said[name] = _said(now[name], before[name])
    return said


def is_true(value: object) -> bool:
    """Tell whether a claim says yes as providers write it: `true`, `1`, or one of these as a text in any case."""
    text = str(value).lower() if isinstance(value, bool | int | str) else ""
    return text in ("true", "1")


def is_deceptive(text: str) -> bool:
    """Tell whether `text` has characters that are not seen, or that change what is seen of the others."""
    return not text.isprintable() and any(unicodedata.category(character) in DECEPTIVE for character in text)


def plain(text: str) -> str:
    """Return `text` without such characters, and without blanks around it."""
    if text.isprintable():
        return text.strip()
    return "".join(c for c in text if unicodedata.category(c) not in DECEPTIVE).strip()


def check_userinfo(claims: Mapping[str, Any], *, sub: str) -> None:
    """
    Check that userinfo speaks of the subject of the ID token, byte for byte.

    Otherwise somebody else's access token was put in the place of this person's. Raises
    UserinfoSubjectMismatch, for an absent `sub` too.
    """
    received = claims.get("sub")
    if not isinstance(received, str) or received != sub:
        raise UserinfoSubjectMismatch(
            expected=f"sub {shown(sub)}", received="absent" if received is None else shown(received)
        )


def check_signed_userinfo(
    verified: VerifiedJwt, *, issuer: str, client_id: str, sub: str, now: int, leeway: int
) -> dict[str, Any]:
    """
    Return the claims of a userinfo response that came as a JWT; times in seconds.

    `iss` and `aud` are required, since a signature without them speaks to nobody; `exp`, `nbf` and `iat`
    count where present; there is never a nonce. Raises a JwtRefused or UserinfoSubjectMismatch.
    """
    claims = verified.claims
    rules_of_jwt.require(claims, "iss", "aud")
    check_issuer(claims, issuer)
    # "Be or include": the answer comes straight from the provider, and other readers of it harm nobody.
    named = [claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"]
    rules_of_jwt.check_audience(claims, client_id, trusted=named)
    rules_of_jwt.check_times(claims, now=now, leeway=leeway, max_age_of_iat=None)
    check_userinfo(claims, sub=sub)
    return dict(claims)


def takers_of(issuer: str, document: Mapping[str, Any] | None) -> list[str]:
    """Return the issuer, then the origins of the endpoints in `document`; the issuer alone without a document of it."""
    published = document if document and document.get("issuer") == issuer else {}
    origins = set(map(origin_of, map(published.get, AUTHENTICATING_ENDPOINTS)))
    return [issuer, *sorted(origins - {""})]


def belongs_to(takers: Sequence[str], *, issuer: str, origins: Sequence[str]) -> bool:
    """Tell whether a credential for `takers` may be used for `issuer`, and be sent to every one of `origins`."""
    return bool(takers) and takers[0] == issuer and set(origins) <= set(takers[1:])


def origin_of(url: object) -> str:
    """The scheme, host and port of a URL, "" for what is none (RFC 6454 section 4)."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        return f"{parts.scheme}://{parts.netloc.lower()}" if parts and parts.netloc else ""
    except ValueError:
        return ""
