"""The bytes of a status list, against published vectors and forgeries, and the places of tokens in it."""

import base64
import gzip
import itertools
import json
import random
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.protocol.status_list import (
    StatusListMalformed,
    decode,
    encode,
    index_of,
    pack,
    pack_invalid,
    status_at,
)

VECTORS = json.loads((Path(__file__).parent / "status_list_vectors.json").read_text())


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_vectors_of_the_draft_come_out_bit_for_bit(vector):
    statuses = {int(index): status for index, status in vector["nonzero"].items()}
    packed = pack(statuses, bits=vector["bits"], size=vector["entries"])
    assert encode(packed) == vector["lst"]
    assert decode(vector["lst"], length=len(packed)) == packed
    for index, status in statuses.items():
        assert status_at(packed, index, bits=vector["bits"]) == status


def test_the_first_example_is_two_bytes():
    assert pack_invalid([0, 3, 4, 5, 7, 8, 9, 13, 15], size=16) == bytes([0xB9, 0xA3])


PACKED = bytes(range(256))
DEFLATED = zlib.compress(PACKED)


def raw_deflate():
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(PACKED) + compressor.flush()


FORGERIES = {
    "gzip": base64url(gzip.compress(PACKED)),
    "raw deflate": base64url(raw_deflate()),
    "padded": base64.urlsafe_b64encode(DEFLATED).decode() + "=",
    "standard base64": base64.b64encode(zlib.compress(b"\xff\xef\xfe" * 85 + b"\xff", 0))
    .decode()
    .rstrip("="),
    "not compressed": base64url(PACKED),
    "trailing bytes": base64url(DEFLATED + b"\0"),
    "two streams": base64url(DEFLATED + DEFLATED),
    "cut off": base64url(DEFLATED[:-5]),
    "without its checksum": base64url(DEFLATED[:-4]),
    "wrong checksum": base64url(DEFLATED[:-1] + bytes([DEFLATED[-1] ^ 1])),
    "one byte less": base64url(zlib.compress(PACKED[:-1])),
    "one byte more": base64url(zlib.compress(PACKED + b"\0")),
    "a bomb": base64url(zlib.compress(b"\0" * 5_000_000, 9)),
    "empty": "",
    "white space": f" {base64url(DEFLATED)}",
    "not ascii": "é",
    "no text": 7,
    "nothing": None,
    "bytes": base64url(DEFLATED).encode(),
}


def test_the_list_of_the_forgeries_is_good():
    assert decode(base64url(DEFLATED), length=256) == PACKED


@pytest.mark.parametrize("name", FORGERIES)
def test_a_list_that_is_none_is_refused(name):
    with pytest.raises(StatusListMalformed):
        decode(FORGERIES[name], length=256)


def test_a_bomb_is_not_unpacked(monkeypatch):
    """What comes out of the stream at a time is what may come out at all."""
    asked = []
    real = zlib.decompressobj

    class Watched:
        def __init__(self, **options):
            self.stream = real(**options)

        def decompress(self, data, most):
            asked.append(most)
            return self.stream.decompress(data, most)

    monkeypatch.setattr("tokens.protocol.status_list.zlib.decompressobj", Watched)
    with pytest.raises(StatusListMalformed):
        decode(FORGERIES["a bomb"], length=256)
    assert asked == [257]


@pytest.mark.parametrize("index", [-1, 16, 2**63, "5", 1.0, None, True, [1]])
def test_a_place_that_is_not_in_the_list_is_refused(index):
    with pytest.raises(StatusListMalformed):
        status_at(b"\0\0", index, bits=1)


@pytest.mark.parametrize("bits", [0, 3, 16, -1, "1", 1.0, True, None])
def test_bits_that_do_not_exist_are_refused(bits):
    with pytest.raises(StatusListMalformed):
        status_at(b"\0\0", 0, bits=bits)
    with pytest.raises(ValueError):
        pack({}, bits=bits, size=8)


@pytest.mark.parametrize(
    ("statuses", "bits", "size"),
    [({8: 1}, 1, 8), ({-1: 1}, 1, 8), ({0: 2}, 1, 8), ({0: -1}, 2, 8), ({}, 1, 7), ({}, 1, 0), ({}, 2, 6)],
)
def test_what_does_not_fit_is_not_packed(statuses, bits, size):
    with pytest.raises(ValueError):
        pack(statuses, bits=bits, size=size)


@given(st.data(), st.sampled_from([1, 2, 4, 8]), st.integers(1, 200))
def test_what_is_packed_is_read_back(data, bits, eighths):
    size = eighths * 8
    statuses = data.draw(st.dictionaries(st.integers(0, size - 1), st.integers(0, 2**bits - 1)))
    packed = pack(statuses, bits=bits, size=size)
    read = decode(encode(packed), length=size * bits // 8)
    assert [status_at(read, i, bits=bits) for i in range(size)] == [statuses.get(i, 0) for i in range(size)]


@given(st.binary(min_size=1, max_size=40), st.integers(2, 3000))
def test_places_are_a_permutation_of_any_list(seed, size):
    assert sorted(index_of(number, seed=seed, size=size) for number in range(size)) == list(range(size))


def test_a_whole_list_of_the_size_in_use_is_a_permutation():
    size = 2**17
    assert len({index_of(number, seed=b"s" * 32, size=size) for number in range(size)}) == size


@given(st.data(), st.integers(2, 2**32))
def test_a_place_is_in_the_list_whatever_its_size(data, size):
    number = data.draw(st.integers(0, size - 1))
    assert 0 <= index_of(number, seed=b"seed", size=size) < size


def test_places_never_move():
    """They stand in tokens that are out: a change of this function would make APIs look at other bits."""
    places = [index_of(number, seed=b"\x00\x01" * 16, size=2**17) for number in (0, 1, 2, 131071)]
    assert places == [5392, 31981, 2916, 126929]
    assert [index_of(number, seed=b"k", size=1000) for number in (0, 1, 999)] == [155, 211, 137]


def test_another_seed_is_another_order():
    orders = {tuple(index_of(n, seed=bytes([seed]), size=64) for n in range(64)) for seed in range(50)}
    assert len(orders) == 50


def test_neighbours_are_strewn_over_the_list():
    """A number one higher is anywhere: half of the steps go up, and every part of the list is reached."""
    places = [index_of(number, seed=b"strewn", size=2**17) for number in range(4000)]
    ups = sum(after > before for before, after in itertools.pairwise(places))
    assert 1800 < ups < 2200
    assert len({place // 2**12 for place in places}) == 32


@pytest.mark.parametrize(("number", "size"), [(-1, 8), (8, 8), (0, 1), (0, 0), (0, 2**32 + 1)])
def test_a_number_beyond_the_list_has_no_place(number, size):
    with pytest.raises(ValueError):
        index_of(number, seed=b"seed", size=size)


@pytest.mark.parametrize("count", [0, 1, 1_000, 30_000])
def test_a_sparse_list_is_read_as_any_other(count):
    indices = random.Random(count).sample(range(2**17), count)
    packed = pack_invalid(indices, size=2**17)
    assert packed == pack(dict.fromkeys(indices, 1), bits=1, size=2**17)
    sparse = encode(packed, sparse=True)
    assert decode(sparse, length=len(packed)) == packed
    assert len(sparse) < 1.1 * len(encode(packed))


@pytest.mark.parametrize(("index", "size"), [(-1, 8), (8, 8), (0, 0), (0, 12)])
def test_a_place_beyond_the_list_is_refused_in_a_list_of_one_bit_too(index, size):
    with pytest.raises(ValueError, match="list"):
        pack_invalid([index], size=size)
