"""Client secrets: how they are made, judged and hinted at."""

import math
import zlib
from collections import Counter

from tokens.errors import SecretTooWeak

PREFIX = "ssoc_"  # so that whoever scans for leaked secrets recognises ours
RANDOM_BYTES = 32
RANDOM_LENGTH = 43  # 256 bits in base 62
CHECKSUM_LENGTH = 6

SHORTEST = 32
LONGEST = 512
LEAST_BITS = 90

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


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
