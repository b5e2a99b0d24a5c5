"""
Verify the console's tokens inside an API: by the published keys and the status list, without a call per request.

    verifier = Verifier("https://sso.example", audience="https://metadata.example")
    claims = verifier.verify(token)  # raises TokenRefused

Needs joserfc, and nothing else. Keys and lists are kept as long as they allow. Whatever cannot be proved is refused,
also because the console has not answered for too long. docs/verifying-tokens.md says why each check is there.
"""

import base64
import json
import re
import threading
import time
import urllib.request
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

LEEWAY = 30  # seconds between two clocks
KEYS_FRESH = 300  # seconds until the keys are fetched again
KEYS_KEPT = 900  # seconds they are believed while the console does not answer
LONGEST_TTL, LONGEST_EXP = 3600, 86_400  # seconds: what a list says beyond that is not believed
RETRY = 5  # seconds between two attempts at the same address
TIMEOUT = 3  # seconds
MOST_BYTES = 2**20  # of any answer, and of a list unpacked: a small text must not fill the memory


class TokenRefused(Exception):
    """The token proves nothing. The text is for the API's own log."""


@dataclass
class Copy:
    """Something fetched: `stale_at` is when to ask again, `dead_at` when to believe it no longer."""

    value: Any
    stale_at: float
    dead_at: float


def fetch(url: str, media_type: str) -> bytes:
    """Return the body at `url`. Raises OSError or ValueError."""
    request = urllib.request.Request(url, headers={"Accept": media_type})  # noqa: S310  # the issuer's own
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
        if answer.headers.get_content_type() != media_type:
            raise ValueError("another media type")
        body: bytes = answer.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise ValueError("too long")
    return body


class Verifier:
    """Verifies tokens of one issuer for one audience. Safe to share between threads."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        *,
        typ: str = "at+jwt",  # "JWT" for audiences with OpenMetadata's profile, and then RS256
        algorithms: tuple[str, ...] = ("ES256",),
        fetch: Callable[[str, str], bytes] = fetch,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.issuer, self.audience, self.typ, self.algorithms = issuer, audience, typ, algorithms
        self.fetch, self.clock = fetch, clock
        self._copies: dict[str, Copy] = {}
        self._next_try: dict[str, float] = {}
        self._lock = threading.RLock()  # one thread fetches, the others wait for what it brings

    def verify(self, token: str) -> dict[str, Any]:
        """Return the claims of a token that counts now. Raises TokenRefused."""
        claims = self._signed(token, typ=self.typ, algorithms=self.algorithms)
        audience = claims.get("aud")
        if claims.get("iss") != self.issuer:
            raise TokenRefused("another issuer")
        if self.audience not in (audience if isinstance(audience, list) else [audience]):
            raise TokenRefused("meant for another API")
        # Only OpenMetadata's profile knows tokens without an end.
        endless = self.typ == "JWT" and "exp" not in claims
        if not endless and self.clock() >= _number(claims, "exp") + LEEWAY:
            raise TokenRefused("expired")
        self._check_status(claims.get("status"))
        return claims

    def _check_status(self, status: Any) -> None:
        reference = status.get("status_list") if isinstance(status, dict) else None
        uri = reference.get("uri") if isinstance(reference, dict) else None
        # Only the issuer's own lists: no token makes this API call somebody else.
        prefix = re.escape(f"{self.issuer}/oauth/status/")
        if not isinstance(uri, str) or not re.fullmatch(prefix + "[0-9]{1,9}", uri):
            raise TokenRefused("no status list of the issuer's")
        bits, places = self._copy(uri, self._load_list)
        index = reference.get("idx")
        if type(index) is not int or not 0 <= index < len(places) * 8 // bits:
            raise TokenRefused("no such place in the status list")
        # The least significant bits of a byte come first.
        if places[index * bits // 8] >> (index * bits % 8) & ((1 << bits) - 1):
            raise TokenRefused("revoked, or suspended")

    def _load_list(self, uri: str, now: float) -> Copy:
        body = self.fetch(uri, "application/statuslist+jwt").decode("ascii")
        claims = self._signed(body, typ="statuslist+jwt", algorithms=("ES256",))
        issued_at, exp, ttl = (_number(claims, name) for name in ("iat", "exp", "ttl"))
        if claims.get("sub") != uri:  # or one list could be passed off as another
            raise TokenRefused("another list")
        if issued_at > now + LEEWAY or now >= exp or ttl <= 0:
            raise TokenRefused("a list of another time")
        packed = claims.get("status_list")
        bits = packed.get("bits") if isinstance(packed, dict) else None
        if type(bits) is not int or bits not in (1, 2, 4, 8):
            raise TokenRefused("no status list")
        stale_at = now + min(ttl, LONGEST_TTL)
        return Copy((bits, _unpacked(packed.get("lst"))), stale_at, min(exp, now + LONGEST_EXP))

    def _signed(self, token: str, *, typ: str, algorithms: tuple[str, ...]) -> dict[str, Any]:
        """Return the claims of what the issuer has signed as this kind of JWT."""
        try:
            decoded = jwt.decode(token, self._key, algorithms=list(algorithms))
        except (JoseError, ValueError, TypeError) as error:
            raise TokenRefused(f"not signed as it must be: {error}") from error
        # Before anything else is believed: a status list is no token, and a token no status list.
        if str(decoded.header.get("typ")).lower().removeprefix("application/") != typ.lower():
            raise TokenRefused("another kind of JWT")
        return dict(decoded.claims)

    def _key(self, unverified: Any) -> Any:
        kid = unverified.headers().get("kid")
        for fresh in (False, True):  # a key that is not there may be newer than the copy
            keys = self._copy(f"{self.issuer}/.well-known/jwks.json", self._load_keys, fresh=fresh)
            for key in keys:
                if kid is not None and key.kid == kid:
                    return key
        raise TokenRefused("a key that is not published")

    def _load_keys(self, url: str, now: float) -> Copy:
        keys = KeySet.import_key_set(json.loads(self.fetch(url, "application/json"))).keys
        return Copy(keys, now + KEYS_FRESH, now + KEYS_KEPT)

    def _copy(self, url: str, load: Callable[[str, float], Copy], *, fresh: bool = False) -> Any:
        """Return the current copy, fetched if need be. Raises TokenRefused when there is none to believe."""
        with self._lock:
            now, copy = self.clock(), self._copies.get(url)
            if copy and now < copy.stale_at and not fresh:
                return copy.value
            if now >= self._next_try.get(url, 0):
                self._next_try[url] = now + RETRY
                try:
                    copy = self._copies[url] = load(url, now)
                except (OSError, ValueError, TokenRefused, JoseError):
                    pass  # the copy before counts until it is dead; without one, the token is refused below
            if copy and now < copy.dead_at:
                return copy.value
            raise TokenRefused(f"no current copy of {url}")


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused(f"no {name}")
    return value


def _unpacked(lst: Any) -> bytes:
    """Return the places: ZLIB in base64url, whole, with nothing after it, and not larger than it may be."""
    if not isinstance(lst, str) or not re.fullmatch("[A-Za-z0-9_-]+", lst):
        raise TokenRefused("no status list")
    stream = zlib.decompressobj()
    try:
        places = stream.decompress(base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4)), MOST_BYTES)
    except (ValueError, zlib.error) as error:
        raise TokenRefused("no status list") from error
    if not stream.eof or stream.unused_data:
        raise TokenRefused("a status list that is cut off, too large, or followed by something")
    return places
