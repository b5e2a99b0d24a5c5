import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssoconsole.platform.encryption.keyring import (
    DecryptionFailed,
    KeyRing,
    KeyRingInvalid,
    key_id_of,
    key_ring,
)


def ring_key(byte):
    return base64.urlsafe_b64encode(bytes([byte]) * 32).decode()


OLD, NEW = ring_key(1), ring_key(2)
RING = KeyRing.from_settings_value([OLD])
ROTATED = KeyRing.from_settings_value([NEW, OLD])
OTHER = KeyRing.from_settings_value([ring_key(3)])


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ([], "empty"),
        ([""], "0 bytes"),
        (["not*base64url"], "not base64url"),
        (["+/" + "A" * 41], "not base64url"),
        (["ключ"], "not base64url"),
        (["A" * 42 + "B"], "not base64url"),
        (["A" * 44], "33 bytes"),
        (["A" * 22], "16 bytes"),
        ([OLD, "A"], "key 2 of the ring is not base64url"),
        ([OLD, NEW, OLD], "the same"),
        ([OLD, OLD.rstrip("=")], "the same"),
    ],
)
def test_keys_that_make_no_ring_are_refused_with_the_reason(keys, reason):
    with pytest.raises(KeyRingInvalid, match=reason) as refusal:
        KeyRing.from_settings_value(keys)
    assert not any(key and key in str(refusal.value) for key in keys if len(key) > 2)


def test_padding_is_optional():
    unpadded = KeyRing.from_settings_value([OLD.rstrip("=")])
    assert unpadded.newest_key_id == RING.newest_key_id


def test_the_newest_key_is_the_first():
    assert ROTATED.newest_key_id == KeyRing.from_settings_value([NEW]).newest_key_id
    assert re.fullmatch("[0-9a-f]{8}", ROTATED.newest_key_id)


def test_a_printed_ring_shows_key_ids_only():
    shown = repr(ROTATED)
    assert ROTATED.newest_key_id in shown
    assert RING.newest_key_id in shown
    assert not re.search("aead|mac|bytes|0x|x02", shown)


def test_the_ring_of_the_settings_follows_the_settings(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    first = key_ring()
    assert key_ring() is first
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    assert key_ring().newest_key_id == ROTATED.newest_key_id


@given(st.text(), st.text(st.characters(codec="utf-8")))
def test_what_was_sealed_opens_in_its_place(plaintext, context):
    envelope = RING.encrypt(plaintext, context=context)
    assert RING.decrypt(envelope, context=context) == plaintext


def test_an_envelope_names_its_key_and_hides_its_content():
    envelope = RING.encrypt("hunter2", context="a")
    version, key_id, sealed = envelope.split(".")
    assert (version, key_id) == ("v1", RING.newest_key_id)
    assert key_id_of(envelope) == key_id
    assert len(base64.urlsafe_b64decode(sealed + "==")) == 12 + len("hunter2") + 16


def test_the_same_text_never_seals_the_same_way_twice():
    assert RING.encrypt("x", context="a") != RING.encrypt("x", context="a")


def test_a_lone_surrogate_is_text_like_any_other():
    assert RING.decrypt(RING.encrypt("\ud800", context="a"), context="a") == "\ud800"


def test_an_older_key_still_opens():
    assert ROTATED.decrypt(RING.encrypt("x", context="a"), context="a") == "x"


def test_a_key_that_left_the_ring_is_named():
    with pytest.raises(DecryptionFailed) as failure:
        OTHER.decrypt(RING.encrypt("x", context="a"), context="a")
    assert failure.value.unknown_key_id == RING.newest_key_id


def test_another_place_does_not_open_it():
    with pytest.raises(DecryptionFailed) as failure:
        RING.decrypt(RING.encrypt("x", context="a"), context="b")
    assert failure.value.unknown_key_id is None


def test_an_envelope_relabelled_with_another_key_of_the_ring_does_not_open():
    envelope = RING.encrypt("x", context="a").replace(RING.newest_key_id, ROTATED.newest_key_id)
    with pytest.raises(DecryptionFailed):
        ROTATED.decrypt(envelope, context="a")


def test_no_byte_of_an_envelope_can_be_changed():
    version, key_id, sealed = RING.encrypt("x", context="a").split(".")
    raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    for place in range(len(raw)):
        altered = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        text = base64.urlsafe_b64encode(altered).decode().rstrip("=")
        with pytest.raises(DecryptionFailed):
            RING.decrypt(f"{version}.{key_id}.{text}", context="a")


@pytest.mark.parametrize(
    "envelope",
    [
        "",
        "hunter2",
        "v1.",
        "v1.00000000",
        "v1.00000000.",
        "v1.00000000.AAAA",
        "v1.00000000.A",
        "v1.0000000G." + "A" * 40,
        "v2.00000000." + "A" * 40,
        "v1.00000000." + "A" * 38 + "B",
        "v1.00000000." + "A" * 40 + "=",
        "v1.00000000." + "A" * 40 + "\n",
        "v1.00000000." + "Ä" * 40,
    ],
)
def test_what_is_no_envelope_does_not_open(envelope):
    with pytest.raises(DecryptionFailed) as failure:
        RING.decrypt(envelope, context="a")
    assert failure.value.unknown_key_id is None
    with pytest.raises(DecryptionFailed):
        key_id_of(envelope)


def test_every_failure_reads_the_same_and_shows_nothing():
    def message(ring, envelope, context):
        with pytest.raises(DecryptionFailed) as failure:
            ring.decrypt(envelope, context=context)
        return str(failure.value)

    envelope = RING.encrypt("hunter2", context="a")
    messages = {
        message(OTHER, envelope, "a"),
        message(RING, envelope, "b"),
        message(RING, "hunter2", "a"),
    }
    assert len(messages) == 1
    assert "hunter2" not in messages.pop()


def test_a_hash_names_its_key():
    key_id, digest = RING.keyed_hash("x", purpose="secret").split(".")
    assert key_id == RING.newest_key_id
    assert re.fullmatch("[0-9a-f]{64}", digest)


def test_text_and_its_bytes_hash_alike():
    assert RING.keyed_hash("ü", purpose="p") == RING.keyed_hash("ü".encode(), purpose="p")


def test_purposes_keys_and_values_are_kept_apart():
    hashes = {
        RING.keyed_hash("c", purpose="ab"),
        RING.keyed_hash("bc", purpose="a"),
        RING.keyed_hash("abc", purpose=""),
        RING.keyed_hash("d", purpose="ab"),
        OTHER.keyed_hash("c", purpose="ab"),
    }
    assert len(hashes) == 5


def test_a_hash_made_before_a_rotation_is_still_found():
    before = RING.keyed_hash("x", purpose="p")
    newest, older = ROTATED.keyed_hashes("x", purpose="p")
    assert older == before
    assert newest == ROTATED.keyed_hash("x", purpose="p")


def test_what_a_stranger_sends_never_crashes_the_hash():
    assert RING.keyed_hash("\ud800", purpose="p")


def test_the_hash_key_is_neither_the_ring_key_nor_the_encryption_key():
    # Known answers: a change of derivation would make every stored hash and envelope useless.
    assert (
        RING.keyed_hash("x", purpose="p")
        == "080a7046.acb714750d75f76c05e4c512b72091842e91300d4cd769fe93a76506931c657d"
    )
    sealed = "v1.080a7046.AAAAAAAAAAAAAAAARWBC_bUvOLdHxtysWzqH9y0662IU"
    assert RING.decrypt(sealed, context="c") == "known"
