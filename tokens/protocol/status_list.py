"""The bytes of a status list, and which place a token has in it (IETF draft-ietf-oauth-status-list-21)."""

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from ssoconsole.platform.jose import base64url

# Section 7.1: what a status means. With one bit there are no others.
VALID = 0
INVALID = 1

BITS = (1, 2, 4, 8)
LEVEL = 9  # section 4.1: the highest level of compression is recommended

_ROUNDS = 8
_LARGEST = 2**32


class StatusListMalformed(ValueError):
    """What should be a status list is none, or has no such place."""


def pack(statuses: Mapping[int, int], *, bits: int, size: int) -> bytes:
    """
    Return the bytes of a list of `size` places, all of them VALID but those in `statuses` (section 4.1).

    Place i stands in byte i * bits // 8, the least significant bits first. Raises ValueError for an unknown
    number of bits, a size that fills no whole bytes, and a place or status beyond either.
    """
    _check_bits(bits)
    if size <= 0 or size * bits % 8:
        raise ValueError("a list fills whole bytes")
    packed = bytearray(size * bits // 8)
    for index, status in statuses.items():
        if not 0 <= index < size or not 0 <= status < 2**bits:
            raise ValueError("a place or a status beyond the list")
        byte, shift = _position(index, bits)
        packed[byte] |= status << shift
    return bytes(packed)


def pack_invalid(indices: Iterable[int], *, size: int) -> bytes:
    """Return a list of one bit a place, set where a token does not count."""
    if size <= 0 or size % 8:
        raise ValueError("a list fills whole bytes")
    packed = bytearray(size // 8)
    for index in indices:
        if not 0 <= index < size:
            raise ValueError("a place beyond the list")
        packed[index >> 3] |= INVALID << (index & 7)
    return bytes(packed)


def encode(packed: bytes, *, sparse: bool = False) -> str:
    """
    Return the `lst` of these bytes: ZLIB, then base64url without padding (section 4.1, RFC 1950).

    Where few bits are set, far from each other, only runs are looked for (`sparse`): everything else takes a hundred
    times as long and makes it a few per cent smaller, or larger.
    """
    stream = zlib.compressobj(LEVEL, strategy=zlib.Z_RLE if sparse else zlib.Z_DEFAULT_STRATEGY)
    return base64url.encode(stream.compress(packed) + stream.flush())


def decode(lst: Any, *, length: int) -> bytes:
    """
    Return the bytes that `lst` stands for, which must be exactly `length`.

    Takes one whole ZLIB stream and nothing after it, and never unpacks more than `length` and one byte, so
    that a small text cannot fill the memory. Raises StatusListMalformed.
    """
    try:
        compressed = base64url.decode(lst if isinstance(lst, str) else "=")
        stream = zlib.decompressobj(wbits=zlib.MAX_WBITS)  # neither gzip nor raw deflate
        packed = stream.decompress(compressed, length + 1)
    except (ValueError, zlib.error) as error:
        raise StatusListMalformed("no ZLIB stream in base64url") from error
    if len(packed) != length:
        raise StatusListMalformed(f"not {length} bytes")
    if not stream.eof or stream.unused_data:
        raise StatusListMalformed("a stream that is cut off, or followed by something")
    return packed


def status_at(packed: bytes, index: Any, *, bits: Any) -> int:
    """Return the status at a place. Raises StatusListMalformed for one out of bounds, or that is no integer."""
    try:
        _check_bits(bits)
    except ValueError as error:
        raise StatusListMalformed(str(error)) from error
    if type(index) is not int or not 0 <= index < len(packed) * 8 // bits:
        raise StatusListMalformed("no such place in the list")
    byte, shift = _position(index, int(bits))
    return packed[byte] >> shift & ((1 << int(bits)) - 1)


def index_of(number: int, *, seed: bytes, size: int) -> int:
    """Return the place of the token that is the `number`th of its list, counted from 0; see `indices_of`."""
    return next(indices_of((number,), seed=seed, size=size))


def indices_of(numbers: Iterable[int], *, seed: bytes, size: int) -> Iterator[int]:
    """
    Yield the place of each token that is the `number`th of its list, counted from 0.

    A permutation of 0 … size - 1 under `seed`: no two tokens share a place, and places tell nothing about the
    order or the count of tokens to anybody without the seed. A Feistel network over the bits of the number;
    where the size is no power of two, it is walked until it comes back into the list. Raises ValueError for a
    number beyond the list, and a size below 2 or above 2**32.
    """
    low_bits, _ = _halves(size)
    tables, low_half = _tables(seed, size), (1 << low_bits) - 1
    for number in numbers:
        if not 0 <= number < size:
            raise ValueError("a number beyond the list")
        index = size
        while index >= size:  # fewer than two steps on average: the network is less than twice the list
            high, low = number >> low_bits, number & low_half
            for of_low, of_high in tables:
                high ^= of_low[low]
                low ^= of_high[high]
            number = index = high << low_bits | low
        yield index


@lru_cache(maxsize=16)
def _tables(seed: bytes, size: int) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """
    The round functions, each as a table of what it answers to every half.

    SHAKE256 keyed by the seed is a pseudorandom function, and a half has few values: one call fills a table.
    """
    low_bits, high_bits = _halves(size)
    return tuple(
        (
            _table(seed, b"low %d" % step, of=low_bits, to=high_bits),
            _table(seed, b"high %d" % step, of=high_bits, to=low_bits),
        )
        for step in range(_ROUNDS // 2)
    )


def _table(seed: bytes, name: bytes, *, of: int, to: int) -> tuple[int, ...]:
    # The length of the seed comes first, so that no seed and name read as another pair.
    shake = hashlib.shake_256(len(seed).to_bytes(4, "big") + seed + name)
    values = struct.unpack(f"<{2**of}H", shake.digest(2 * 2**of))
    return tuple(value & (2**to - 1) for value in values)


def _halves(size: int) -> tuple[int, int]:
    if not 2 <= size <= _LARGEST:
        raise ValueError("a list has 2 to 2**32 places")
    bits = (size - 1).bit_length()
    return bits // 2, bits - bits // 2


def _position(index: int, bits: int) -> tuple[int, int]:
    return index * bits // 8, index * bits % 8


def _check_bits(bits: Any) -> None:
    if type(bits) is not int or bits not in BITS:
        raise ValueError("a status has 1, 2, 4 or 8 bits")
