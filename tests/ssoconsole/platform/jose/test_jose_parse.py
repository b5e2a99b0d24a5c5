import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jose_forgery import CLAIMS, few_examples, forged, good_token

from ssoconsole.platform.jose import base64url
from ssoconsole.platform.jose.errors import HeaderRefused, JwtRefused, TokenMalformed, TokenTooLarge
from ssoconsole.platform.jose.verify import parse_jws

GOOD = {"alg": "ES256", "kid": "k1", "typ": "JWT"}


def test_a_good_token_comes_apart_into_what_was_signed():
    token = good_token()
    jws = parse_jws(token)
    assert jws.unverified_header == {"kid": "k1", "alg": "ES256", "typ": "JWT"}
    assert json.loads(jws.unverified_payload) == CLAIMS
    assert jws.signing_input.decode() + "." + base64url.encode(jws.signature) == token
    assert len(jws.signature) == 64


def test_text_and_bytes_are_the_same_token():
    token = good_token()
    assert parse_jws(token.encode()) == parse_jws(token)


def test_the_representation_shows_neither_payload_nor_signature():
    jws = parse_jws(good_token())
    assert "alice" not in repr(jws)
    assert "signature" not in repr(jws)


def with_trailing_bits(token):
    # 64 octets leave four unused bits in the last character; the next letter decodes to the same octets.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


def json_serialisation(token):
    header, payload, signature = token.split(".")
    return json.dumps({"protected": header, "payload": payload, "signature": signature})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: ".",
        lambda token: "..",
        lambda token: token.rsplit(".", 1)[0],
        lambda token: token + ".",
        lambda token: token + ".x",
        lambda token: "." + token.split(".", 1)[1],
        lambda token: " " + token,
        lambda token: token + "\n",
        lambda token: token.replace(".", ".\n", 1),
        lambda token: "Bearer " + token,
        lambda token: token + "=",
        lambda token: token + "==",
        lambda token: token.replace(".", "=.", 1),
        lambda token: token + "+/",
        lambda token: token + "AAA",
        lambda token: token + "\0",
        lambda token: token + "\N{KELVIN SIGN}",
        lambda token: token + "\udc80",
        lambda token: token.encode() + b"\xff",
        with_trailing_bits,
        json_serialisation,
        lambda token: None,
        lambda token: 5,
        lambda token: {"token": token},
    ],
)
def test_what_is_not_exactly_a_compact_jws_is_malformed(spoil):
    with pytest.raises(TokenMalformed):
        parse_jws(spoil(good_token()))


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"not json",
        b"[]",
        b'"ES256"',
        b"null",
        b'{"alg": "none", "alg": "ES256"}',
        b'{"alg": "ES256", "x": {"y": 1, "y": 2}}',
        b'\xef\xbb\xbf{"alg": "ES256"}',
        '{"alg": "ES256"}'.encode("utf-16"),
        b'{"alg": "ES256", "x": NaN}',
        rb'{"alg": "ES256", "kid": "\ud800"}',
        b'{"alg": "ES256", "x": ' + b"[" * 4000 + b"]" * 4000 + b"}",
        b'{"alg": "ES256", "x": 1' + b"0" * 400 + b"}",
    ],
)
def test_a_header_that_is_no_strict_json_object_is_malformed(header):
    with pytest.raises(TokenMalformed):
        parse_jws(forged(header))


@pytest.mark.parametrize(
    "member",
    [
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False},
        {"b64": True},
        {"crit": None},
        {"zip": "DEF"},
        {"zip": None},
        {"enc": "A256GCM"},
        {"alg": None},
        {"alg": 256},
        {"alg": ["ES256"]},
        {"kid": 1},
        {"kid": {"$ne": ""}},
        {"kid": "k" * 256},
        {"kid": "k1\0"},
        {"typ": 7},
    ],
)
def test_a_header_that_asks_for_more_than_a_plain_signature_is_refused(member):
    with pytest.raises(HeaderRefused):
        parse_jws(forged(GOOD | member))


def test_a_header_without_algorithm_is_refused():
    with pytest.raises(HeaderRefused):
        parse_jws(forged({"typ": "JWT"}))


def test_an_encrypted_token_is_named_as_such():
    with pytest.raises(HeaderRefused) as refusal:
        parse_jws("a.b.c.d.e")
    assert "JWE" in refusal.value.received


@pytest.mark.parametrize(
    "member",
    [
        {"x5t": "abc"},
        {"x5t#S256": "abc"},
        {"x5c": ["MIIB"]},
        {"x5c": "MIIB"},
        {"x5u": "https://mallory.example/cert"},
        {"jku": "https://mallory.example/jwks"},
        {"jwk": {"kty": "EC"}},
        {"cty": "application/json"},
        {"kid": ""},
        {"kid": "k" * 255},
        {"foo": 1},
    ],
)
def test_harmless_members_of_the_header_are_ignored(member):
    assert parse_jws(forged(GOOD | member)).unverified_header == GOOD | member


@pytest.mark.parametrize("member", ["kid", "typ", "jwk", "foo"])
def test_a_member_of_the_header_that_is_null_is_absent(member):
    expected = {name: value for name, value in GOOD.items() if name != member}
    assert parse_jws(forged(GOOD | {member: None})).unverified_header == expected


@pytest.mark.parametrize("size", [65_537, 20_000_000])
def test_a_token_over_the_limit_is_refused_before_it_is_read(size):
    token = "e" * size
    started = time.process_time()
    with pytest.raises(TokenTooLarge) as refusal:
        parse_jws(token)
    assert time.process_time() - started < 0.1
    assert (refusal.value.expected, refusal.value.received) == ("at most 65536 bytes", f"{size} bytes")


def test_a_token_up_to_the_limit_is_read():
    header = GOOD | {"x5c": ["A" * 10_000]}
    token = forged(header, CLAIMS | {"groups": ["g" * 36] * 800})
    assert 40_000 < len(token) <= 65_536
    assert len(json.loads(parse_jws(token).unverified_payload)["groups"]) == 800


def test_the_limit_is_the_callers_choice():
    token = good_token()
    assert parse_jws(token, max_bytes=len(token))
    with pytest.raises(TokenTooLarge):
        parse_jws(token, max_bytes=len(token) - 1)


def test_an_empty_signature_is_left_to_the_verifier():
    assert parse_jws(forged({"alg": "none"}, signature=b"")).signature == b""


@few_examples
@given(st.binary(max_size=300) | st.text(max_size=300))
def test_no_input_raises_anything_but_a_refusal(token):
    try:
        parse_jws(token)
    except JwtRefused:
        pass


@few_examples
@given(st.binary(max_size=100), st.binary(max_size=100), st.binary(max_size=100))
def test_no_three_parts_raise_anything_but_a_refusal(header, payload, signature):
    try:
        parse_jws(forged(header, payload, signature=signature))
    except JwtRefused:
        pass


@few_examples
@given(st.binary(max_size=50))
def test_base64url_has_one_spelling_for_each_value(raw):
    text = base64url.encode(raw)
    assert base64url.decode(text) == raw
    for other in (text + "=", text + "\n", text + "."):
        with pytest.raises(ValueError):
            base64url.decode(other)
