"""
How a client says who it is: HTTP Basic, the form (RFC 6749 section 2.3.1), or an assertion (RFC 7521 4.2).

By an assertion a bot proves itself with its own key: what the JWT must say is in RFC 7523 section 3 and rfc7523bis. A
client secret is made, judged and shown in part here too.
"""

import base64
import binascii
import hashlib
import math
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ssoconsole.platform.jose.claims import check_times, moment, require, told
from ssoconsole.platform.jose.errors import AudienceMismatch, ClaimRefused, IssuerMismatch
from tokens.errors import InvalidClient, InvalidRequest, SecretTooWeak
from tokens.protocol.form import Form, decode_component

# What the metadata advertises is what `client_credentials_of` reads. A client_secret_jwt is not among them: only a
# hash of each secret is kept, and a secret that both sides must hold in clear is worse than either.
METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

LONGEST_HEADER = 8_192

# Of an assertion: advertised, and taken. Never a MAC: whoever could verify it could also make it.
ALGORITHMS = ("ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256")

# Of an assertion, in seconds. Clocks that are ten seconds ahead are common, one that is a minute ahead is wrong.
LEEWAY = 30
LONGEST_LIFE = 600

# Of a client secret that is made here.
PREFIX = "ssoc_"  # so that whoever scans for leaked secrets recognises ours
RANDOM_BYTES = 32
RANDOM_LENGTH = 43  # 256 bits in base 62
CHECKSUM_LENGTH = 6

# Of one that is brought.
SHORTEST = 32
LONGEST = 512
LEAST_BITS = 90

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class UnverifiedClient:
    """
    What a client claims; nothing of it is true before the secret has been looked up.

    There are two readings of a secret that can be read in two ways, and one of any other.
    """

    unverified_client_id: str
    unverified_client_secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class UnverifiedAssertion:
    """A JWT by which a client claims to be itself, and the name it gave beside it, if it did."""

    unverified_client_id: str | None
    unverified_assertion: str = field(repr=False)


def client_credentials_of(form: Form, *, authorization: str | None) -> UnverifiedClient | UnverifiedAssertion:
    """
    Return what a request proves itself with, by exactly one method (RFC 6749 section 2.3).

    Raises InvalidRequest for two methods at once or two client ids, and InvalidClient for none, another
    scheme, another type of assertion, or a header that cannot be read.
    """
    if authorization is None:
        return _from_form(form)
    if form.one("client_secret") or _has_assertion(form):
        raise InvalidRequest("The client authenticates in two ways at once.")
    client = parse_basic(authorization)
    if form.one("client_id") not in (None, client.unverified_client_id):
        raise InvalidRequest("The client names itself in two different ways.")
    return client


def parse_basic(authorization: str) -> UnverifiedClient:
    """
    Read `Basic base64(urlencode(id):urlencode(secret))`; raises InvalidClient, and nothing else.

    RFC 6749 section 2.3.1 has both halves form-urlencoded first. Most clients (`curl -u`) send them as they are
    (RFC 7617), which differs for a secret with a plus or percent sign: its second reading is that. The name of a bot
    has no such sign.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic" or len(authorization) > LONGEST_HEADER:
        raise InvalidClient
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
        name, colon, secret = decoded.partition(b":")
        client = UnverifiedClient(decode_component(name), _readings(secret))
    except (binascii.Error, ValueError, InvalidRequest):
        raise InvalidClient from None
    if not (colon and client.unverified_client_id and all(client.unverified_client_secrets)):
        raise InvalidClient
    return client


def _readings(secret: bytes) -> tuple[str, ...]:
    as_sent = secret.decode("utf-8")
    if "\0" in as_sent:
        raise InvalidClient
    try:
        decoded = decode_component(secret)
    except InvalidRequest:  # a percent sign that encodes nothing
        return (as_sent,)
    return tuple(dict.fromkeys((decoded, as_sent)))


def _from_form(form: Form) -> UnverifiedClient | UnverifiedAssertion:
    client_id, client_secret = form.one("client_id"), form.one("client_secret")
    if _has_assertion(form):
        if client_secret:
            raise InvalidRequest("The client authenticates in two ways at once.")
        return _assertion(form)
    if client_id is None or client_secret is None:
        raise InvalidClient
    return UnverifiedClient(client_id, (client_secret,))


def _has_assertion(form: Form) -> bool:
    return bool(form.one("client_assertion") or form.one("client_assertion_type"))


def _assertion(form: Form) -> UnverifiedAssertion:
    assertion = form.one("client_assertion")
    # RFC 7521 section 4.2.1: a type that is not supported is a client that has not proved itself.
    if assertion is None or form.one("client_assertion_type") != JWT_BEARER:
        raise InvalidClient
    return UnverifiedAssertion(form.one("client_id"), assertion)


def check_assertion(claims: Mapping[str, Any], *, client_id: str, issuer: str, now: int) -> None:
    """
    Check verified claims: `iss` and `sub` are the client, `aud` is `issuer` and nothing else, `jti` is there.

    The token endpoint's own URL is no audience here: an assertion made for one endpoint of one server could
    otherwise be passed on by another server that claims the same URL (rfc7523bis section 3). `exp` is required
    and at most ten minutes ahead, `iat` at most ten minutes ago. Raises a JwtRefused.
    """
    require(claims, "iss", "sub", "aud", "exp", "jti")
    if claims["iss"] != client_id:
        raise IssuerMismatch(expected=client_id, received=claims["iss"])
    if claims["sub"] != client_id:
        raise ClaimRefused(expected=f"sub {client_id}", received=claims["sub"])
    audiences = [claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"]
    if audiences != [issuer]:
        raise AudienceMismatch(expected=f"{issuer} and nothing else", received=" ".join(audiences))
    check_times(claims, now=now, leeway=LEEWAY, max_age_of_iat=LONGEST_LIFE)
    latest = now + LONGEST_LIFE + LEEWAY
    if claims["exp"] > latest:
        raise ClaimRefused(expected=f"exp up to {moment(latest)}", received=told(claims["exp"], now))


def hash_of_use(*, issuer: str, jti: str) -> str:
    """Return what stands for one assertion in the record of used ones: hex SHA-256 of issuer and `jti`."""
    # No issuer holds a NUL, so that no two pairs run together.
    return hashlib.sha256(f"{issuer}\0{jti}".encode("utf-8", "surrogatepass")).hexdigest()


def format_client_secret(random: bytes) -> str:
    """Return `ssoc_`, 32 random bytes in base 62, and a CRC-32 of both in base 62: 54 characters."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"a client secret is made of {RANDOM_BYTES} random bytes")
    body = PREFIX + _base62(int.from_bytes(random, "big"), RANDOM_LENGTH)
    return body + _checksum(body)


def has_our_form(text: str) -> bool:
    """Tell whether a text is a client secret of ours that was copied whole; offline, for scanners."""
    body, checksum = text[:-CHECKSUM_LENGTH], text[-CHECKSUM_LENGTH:]
    return (
        len(text) == len(PREFIX) + RANDOM_LENGTH + CHECKSUM_LENGTH
        and text.startswith(PREFIX)
        and checksum == _checksum(body)
    )


def hint_of(client_secret: str) -> str:
    """Return the first and last characters: enough to tell two apart, too little to help a guess."""
    shown = len(PREFIX) + 4 if client_secret.startswith(PREFIX) else 3
    return f"{client_secret[:shown]}…{client_secret[-3:]}"


def check_strength(client_secret: str) -> None:
    """Raise SecretTooWeak for a given secret of under 32 characters, or one that is plainly not random."""
    if not SHORTEST <= len(client_secret) <= LONGEST or not client_secret.isprintable():
        raise SecretTooWeak(
            expected=f"{SHORTEST} to {LONGEST} printable characters",
            received=f"{len(client_secret)} characters",
        )
    bits = _shannon_bits(client_secret)
    if bits < LEAST_BITS:
        raise SecretTooWeak(expected=f"about {LEAST_BITS} bits of entropy", received=f"about {bits:.0f} bits")


def _shannon_bits(text: str) -> float:
    counts = Counter(text).values()
    return sum(count * math.log2(len(text) / count) for count in counts)


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
