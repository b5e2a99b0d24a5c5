import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st
from jose_forgery import (
    ANY_TYPE,
    CLAIMS,
    EVERY_ALGORITHM,
    NOW,
    SECRET,
    another_jwk,
    few_examples,
    forged,
    good_token,
    jwk,
    key_set,
    private_key,
    verification_keys,
    verified,
)

from ssoconsole.platform.jose import base64url
from ssoconsole.platform.jose.algorithms import SharedSecret
from ssoconsole.platform.jose.claims import require
from ssoconsole.platform.jose.errors import (
    AlgorithmRefused,
    AmbiguousKey,
    ClaimRefused,
    HeaderRefused,
    JwtRefused,
    MissingClaim,
    SignatureInvalid,
    TokenMalformed,
    TokenTooLarge,
    TokenTypeRefused,
    UnknownKey,
)
from ssoconsole.platform.jose.keys import public_jwk
from ssoconsole.platform.jose.sign import generate_private_key, sign_jwt
from ssoconsole.platform.jose.verify import (
    ACCESS_TOKEN,
    CLIENT_ASSERTION,
    ID_TOKEN,
    LOGOUT_TOKEN,
    OPENMETADATA_TOKEN,
    STATUS_LIST,
    USERINFO,
    TypeRule,
    parse_jws,
    unverified_claims,
    verify_jwt,
)

HEADER = {"alg": "ES256", "kid": "k1"}


@pytest.mark.parametrize("alg", EVERY_ALGORITHM)
def test_a_good_token_of_every_algorithm_is_accepted(alg):
    jwt = verified(good_token(alg), alg)
    assert jwt.claims == CLAIMS
    assert jwt.header == {"kid": "k1", "alg": alg, "typ": "JWT"}
    assert "alice" not in repr(jwt)


@pytest.mark.parametrize(("spoken", "allowed"), [("Ed25519", "EdDSA"), ("EdDSA", "Ed25519")])
def test_a_door_open_to_one_name_of_ed25519_is_open_to_the_other(spoken, allowed):
    assert verify_jwt(
        good_token(spoken), keys=verification_keys("EdDSA"), algorithms=[allowed], types=ANY_TYPE
    )


def test_a_door_may_accept_several_algorithms():
    keys = key_set(jwk("RS256", kid="r"), jwk("ES256", kid="e"))
    for alg, kid in (("RS256", "r"), ("ES256", "e")):
        token = good_token(alg, kid=kid)
        assert verify_jwt(token, keys=keys, algorithms={"RS256", "ES256"}, types=ANY_TYPE)


# --- signatures ---


@pytest.mark.parametrize("alg", EVERY_ALGORITHM)
def test_a_signature_with_every_octet_changed_is_refused(alg):
    head, _, signature = good_token(alg).rpartition(".")
    other = base64url.encode(bytes(octet ^ 0x5A for octet in base64url.decode(signature)))
    with pytest.raises(SignatureInvalid):
        verified(f"{head}.{other}", alg)


@pytest.mark.parametrize("alg", EVERY_ALGORITHM)
@pytest.mark.parametrize("size", [0, 1, 63, 65, 5000])
def test_a_signature_of_the_wrong_length_is_refused(alg, size):
    with pytest.raises(SignatureInvalid):
        verified(forged({"alg": alg, "kid": "k1"}, signature=b"\x01" * size), alg)


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512"])
def test_the_psychic_signature_of_zeros_is_refused(alg):
    size = len(parse_jws(good_token(alg)).signature)
    with pytest.raises(SignatureInvalid):
        verified(forged({"alg": alg, "kid": "k1"}, signature=bytes(size)), alg)


def test_a_signature_in_der_is_refused():
    jws = parse_jws(good_token())
    r, s = (int.from_bytes(half, "big") for half in (jws.signature[:32], jws.signature[32:]))
    with pytest.raises(SignatureInvalid):
        verified(jws.signing_input.decode() + "." + base64url.encode(encode_dss_signature(r, s)))


def test_a_signature_by_another_key_of_the_same_kind_is_refused():
    token = sign_jwt(CLAIMS, key=generate_private_key("ES256"), alg="ES256", kid="k1", typ=None)
    with pytest.raises(SignatureInvalid):
        verified(token)


def test_a_signature_of_another_token_is_refused():
    signature = good_token().rpartition(".")[2]
    other = forged(HEADER, CLAIMS | {"sub": "bob"}, signature=base64url.decode(signature))
    with pytest.raises(SignatureInvalid):
        verified(other)


@pytest.mark.parametrize(("alg", "taken_for"), [("RS256", "PS256"), ("PS256", "RS256"), ("RS256", "RS512")])
def test_a_signature_of_one_rsa_scheme_is_not_one_of_another(alg, taken_for):
    signature = parse_jws(good_token(alg)).signature
    with pytest.raises(SignatureInvalid):
        verified(forged({"alg": taken_for, "kid": "k1"}, signature=signature), taken_for)


def test_another_secret_refuses_and_the_kid_of_a_mac_is_not_looked_at():
    token = good_token("HS256", kid="anything")
    assert verified(token, "HS256")
    with pytest.raises(SignatureInvalid):
        verified(token, "HS256", keys=SharedSecret(b"y" * 32))


@few_examples
@given(st.data(), st.sampled_from(["ES256", "EdDSA", "HS256"]))
def test_a_good_token_with_any_one_octet_changed_is_refused(data, alg):
    token = good_token(alg).encode()
    place = data.draw(st.integers(0, len(token) - 1))
    octet = data.draw(st.integers(0, 255).filter(lambda value: value != token[place]))
    with pytest.raises(JwtRefused):
        verified(token[:place] + bytes([octet]) + token[place + 1 :], alg)


@few_examples
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_no_token_raises_anything_but_a_refusal(token):
    with pytest.raises(JwtRefused):
        verified(token)


@few_examples
@given(st.binary(max_size=120))
def test_no_signed_payload_raises_anything_but_a_refusal(payload):
    try:
        verified(forged(HEADER, payload))
    except (TokenMalformed, ClaimRefused):
        pass


# --- algorithms and keys ---


@pytest.mark.parametrize(
    "alg", ["none", "noNE", "NONE", "", "es256", "ES256 ", "ES256K", "RS1", "HS256", "RS256"]
)
@pytest.mark.parametrize("signature", [b"", b"x" * 64])
def test_an_algorithm_that_the_door_does_not_name_is_refused(alg, signature):
    with pytest.raises(AlgorithmRefused) as refusal:
        verified(forged({"alg": alg, "kid": "k1"}, signature=signature))
    assert (refusal.value.expected, refusal.value.received) == ("alg ES256", f"alg {alg}")


@pytest.mark.parametrize(
    ("alg", "form"),
    [
        ("RS256", serialization.PublicFormat.SubjectPublicKeyInfo),
        ("RS256", serialization.PublicFormat.PKCS1),
        ("ES256", serialization.PublicFormat.SubjectPublicKeyInfo),
    ],
)
def test_a_mac_made_with_the_public_key_is_refused(alg, form):
    pem = private_key(alg).public_key().public_bytes(serialization.Encoding.PEM, form)
    token = sign_jwt(CLAIMS, key=SharedSecret(pem), alg="HS256", kid="k1", typ=None)
    with pytest.raises(AlgorithmRefused):
        verified(token, alg)


@pytest.mark.parametrize(
    ("algorithms", "keys"),
    [
        ([], key_set()),
        ("ES256", key_set()),
        (["none"], key_set()),
        (["ES256", "none"], key_set()),
        (["HS256"], key_set()),
        (["HS256", "RS256"], key_set()),
        (["HS256", "RS256"], SECRET),
        (["RS256"], SECRET),
    ],
)
def test_an_allow_list_that_cannot_be_meant_is_the_programmers_mistake(algorithms, keys):
    with pytest.raises(ValueError, match="algorithms"):
        verify_jwt(good_token(), keys=keys, algorithms=algorithms, types=ANY_TYPE)


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_that_comes_with_the_token_is_never_used(member):
    mallory = generate_private_key("ES256")
    url = "https://mallory.example/keys"
    offered = {"jwk": public_jwk(mallory, alg="ES256"), "jku": url, "x5u": url, "x5c": ["MIIB"]}
    header = HEADER | {member: offered[member]}
    with pytest.raises(SignatureInvalid):
        verified(forged(header, key=mallory))
    with pytest.raises(UnknownKey):
        verified(forged(header | {"kid": "mallory"}, key=mallory))
    assert verified(forged(header)).claims == CLAIMS


@pytest.mark.parametrize(
    "member", [{"crit": ["b64"], "b64": False}, {"b64": False}, {"crit": ["exp"], "exp": 1}]
)
def test_extensions_are_refused_although_the_signature_is_good(member):
    with pytest.raises(HeaderRefused):
        verified(forged(HEADER | member))


def test_a_kid_that_nobody_published_is_unknown_and_no_kid_means_the_only_key():
    with pytest.raises(UnknownKey):
        verified(good_token(kid="k2"))
    with pytest.raises(UnknownKey):
        verified(good_token(kid="../../etc/passwd' OR 1=1 --"))
    assert verified(good_token(kid=None))


def test_without_kid_two_fitting_keys_are_too_many():
    keys = key_set(jwk("RS256"), another_jwk("RS256", kid="k2"), jwk("ES256"))
    with pytest.raises(AmbiguousKey):
        verified(good_token("RS256", kid=None), "RS256", keys=keys)
    assert verified(good_token("ES256", kid=None), "ES256", keys=keys)


def test_one_bad_key_in_the_set_does_not_stop_a_good_token():
    keys = key_set({"kty": "oct", "k": "AAAA", "kid": "k1"}, {"kty": "EC", "crv": "secp256k1"}, jwk("ES256"))
    assert verified(good_token(), keys=keys)


# --- types ---

KINDS = {
    "id_token": (ID_TOKEN, {"JWT", None}),
    "logout_token": (LOGOUT_TOKEN, {"logout+jwt", "JWT", None}),
    "userinfo": (USERINFO, {"JWT", None}),
    "access_token": (ACCESS_TOKEN, {"at+jwt"}),
    "openmetadata_token": (OPENMETADATA_TOKEN, {"JWT"}),
    "client_assertion": (CLIENT_ASSERTION, {"client-authentication+jwt", "JWT", None}),
    "status_list": (STATUS_LIST, {"statuslist+jwt"}),
}
TYPES = ["JWT", None, "at+jwt", "logout+jwt", "client-authentication+jwt", "statuslist+jwt", "secevent+jwt"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("typ", [*TYPES, "dpop+jwt", "JOSE", "", "JWT ", "xJWT", "text/JWT"])
def test_each_kind_of_token_takes_its_own_types_and_no_other(kind, typ):
    types, accepted = KINDS[kind]
    token = good_token(typ=typ)
    if typ in accepted:
        assert verified(token, types=types)
    else:
        with pytest.raises(TokenTypeRefused):
            verified(token, types=types)


@pytest.mark.parametrize("typ", ["at+jwt", "at+JWT", "AT+JWT", "application/at+jwt", "Application/AT+JWT"])
def test_types_are_compared_without_case_and_prefix(typ):
    assert verified(good_token(typ=typ), types=ACCESS_TOKEN)
    assert verified(good_token(typ=typ), types=TypeRule(required={"application/AT+jwt"}))


@pytest.mark.parametrize("kwargs", [{}, {"required": {"JWT"}, "optional": {"JWT"}}])
def test_a_type_rule_says_required_or_optional(kwargs):
    with pytest.raises(ValueError):
        TypeRule(**kwargs)


def test_the_trace_names_the_types_that_would_do():
    with pytest.raises(TokenTypeRefused) as refusal:
        verified(good_token(typ="at+jwt"), types=ID_TOKEN)
    assert (refusal.value.expected, refusal.value.received) == ("typ JWT or absent", "at+jwt")
    with pytest.raises(TokenTypeRefused) as refusal:
        verified(good_token(typ=None), types=ACCESS_TOKEN)
    assert (refusal.value.expected, refusal.value.received) == ("typ at+jwt", "absent")


# --- payload and claim types ---


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"{",
        b'{"sub": "alice", "sub": "bob"}',
        b'{"a": {"b": 1, "b": 1}}',
        '{"sub": "alice"}'.encode("utf-16"),
        b'\xef\xbb\xbf{"sub": "alice"}',
        b'{"exp": NaN}',
        b'{"exp": Infinity}',
        b'{"iat": -Infinity}',
        b'{"exp": 1e400}',
        b'{"exp": 1' + b"0" * 400 + b"}",
        b'{"exp": ' + b"9" * 5000 + b"}",
        rb'{"sub": "\ud800"}',
        rb'{"\udfff": 1}',
        b'{"a":' * 1500 + b"1" + b"}" * 1500,
    ],
)
def test_a_signed_payload_that_is_no_strict_json_object_is_malformed(payload):
    with pytest.raises(TokenMalformed):
        verified(forged(HEADER, payload))


WRONG_TIMES = [
    True,
    False,
    "1700000000",
    [NOW],
    {},
    "NaN",
    -1,
    -0.5,
    253402300799.5,
    253402300800,
    1e300,
    10**40,
]
WRONG_STRINGS = [1, True, ["alice"], {"a": 1}, "nul\0"]
WRONG_AUDIENCES = ["", [], [""], ["a", ""], ["a", "a", ""], ["a", 1], {"a": 1}, 7, True, ["x\0"], [["a"]]]


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in ("exp", "nbf", "iat", "auth_time") for value in WRONG_TIMES]
    + [(name, value) for name in ("iss", "client_id", "azp", "nonce", "at_hash") for value in WRONG_STRINGS]
    + [(name, value) for name in ("c_hash", "sid") for value in WRONG_STRINGS]
    + [("acr", value) for value in [*WRONG_STRINGS[1:], 1.0, 1.5]]
    + [(name, value) for name in ("sub", "jti") for value in [*WRONG_STRINGS, "", "s" * 256]]
    + [("aud", value) for value in [*WRONG_AUDIENCES, [str(number) for number in range(101)]]],
)
def test_a_registered_claim_of_the_wrong_type_is_refused(name, value):
    with pytest.raises(ClaimRefused) as refusal:
        verified(forged(HEADER, CLAIMS | {name: value}))
    assert refusal.value.expected.startswith(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("exp", 0),
        ("exp", 253402300799),
        ("sub", "s" * 255),
        ("sub", "\N{SNOWMAN}"),
        ("aud", ["a", "b"]),
        ("aud", [str(number) for number in range(100)]),
        ("sid", " "),
        ("groups", [1, None, {"a": "\0"}]),
    ],
)
def test_a_claim_within_its_type_is_accepted_as_it_is(name, value):
    assert verified(forged(HEADER, CLAIMS | {name: value})).claims[name] == value


REGISTERED = ["iss", "sub", "aud", "exp", "nbf", "iat", "auth_time", "jti", "client_id", "azp", "at_hash"]


@pytest.mark.parametrize(("number", "digits"), [(0, "0"), (1, "1"), (-2, "-2"), (10**40, "1" + "0" * 40)])
def test_a_context_that_is_a_whole_number_is_its_digits(number, digits):
    assert verified(forged(HEADER, CLAIMS | {"acr": number})).claims["acr"] == digits


@pytest.mark.parametrize("several", [["a", "a"], ["a", "b", "a"], ["a"] * 100])
def test_a_recipient_that_is_named_twice_is_one(several):
    assert verified(forged(HEADER, CLAIMS | {"aud": several})).claims["aud"] == sorted(set(several))


@pytest.mark.parametrize("name", ["acr", "sid"])
def test_an_optional_claim_that_is_an_empty_string_is_absent(name):
    assert name not in verified(forged(HEADER, CLAIMS | {name: ""})).claims


@pytest.mark.parametrize("name", ["azp", "at_hash", "c_hash", "nonce"])
def test_one_that_binds_the_token_to_something_is_not(name):
    assert verified(forged(HEADER, CLAIMS | {name: ""})).claims[name] == ""


@pytest.mark.parametrize("name", [*REGISTERED, "c_hash", "acr", "amr", "sid", "groups", "nobody's"])
def test_a_claim_that_is_null_is_absent(name):
    expected = {claim: value for claim, value in CLAIMS.items() if claim != name}
    claims = verified(forged(HEADER, CLAIMS | {name: None})).claims
    assert claims == expected
    with pytest.raises(MissingClaim):
        require(claims, name)


def test_a_nonce_that_is_null_is_none_where_one_is_required_and_one_where_none_may_be():
    claims = verified(forged(HEADER, CLAIMS | {"nonce": None})).claims
    assert "nonce" in claims
    with pytest.raises(MissingClaim):
        require(claims, "nonce")


@pytest.mark.parametrize("name", ["exp", "nbf", "iat", "auth_time"])
@pytest.mark.parametrize(
    ("written", "seconds"),
    [(b"1700000300.0", NOW + 300), (b"1.7e9", NOW), (b"1700000000.999999", NOW), (b"0.5", 0), (b"1e-300", 0)],
)
def test_a_time_with_a_fraction_becomes_whole_seconds(name, written, seconds):
    value = verified(forged(HEADER, b'{"%s": %s}' % (name.encode(), written))).claims[name]
    assert (value, type(value)) == (seconds, int)


def test_unverified_claims_are_typed_although_nobody_vouches_for_them():
    token = forged(HEADER, signature=b"")
    assert unverified_claims(token) == CLAIMS
    with pytest.raises(ClaimRefused):
        unverified_claims(forged(HEADER, {"iss": ["https://idp.example"]}, signature=b""))
    with pytest.raises(TokenTooLarge):
        unverified_claims(token, max_bytes=10)


# --- what is told, and to whom ---


FAULTS = [
    (TokenMalformed, {"alphabet": "*"}),
    (HeaderRefused, {"header": {"crit": ["x"]}}),
    (TokenTypeRefused, {"header": {"typ": "at+jwt"}}),
    (AlgorithmRefused, {"header": {"alg": "none"}}),
    (UnknownKey, {"header": {"kid": "nobody"}}),
    (SignatureInvalid, {"signature": b"\x01" * 64}),
    (ClaimRefused, {"payload": {"exp": True}}),
]


@pytest.mark.parametrize("first", range(len(FAULTS)))
def test_of_several_faults_the_first_in_order_is_reported(first):
    header, payload, rest = dict(HEADER), dict(CLAIMS), {"alphabet": "", "signature": None}
    for _, fault in FAULTS[first:]:
        header |= fault.get("header", {})
        payload |= fault.get("payload", {})
        rest |= {name: value for name, value in fault.items() if name in rest}
    with pytest.raises(FAULTS[first][0]):
        verified(forged(header, payload, signature=rest["signature"]) + rest["alphabet"])


def _subclasses(kind):
    return [kind, *(found for child in kind.__subclasses__() for found in _subclasses(child))]


def test_every_refusal_has_its_own_code_and_the_same_words_for_a_stranger():
    kinds = _subclasses(JwtRefused)
    assert len({kind.code for kind in kinds}) == len(kinds) == 17
    assert {str(kind(expected="a", received="b")) for kind in kinds} == {"This token was refused."}
    assert all(kind.code == kind.code.lower() and " " not in kind.code for kind in kinds)


def test_the_trace_is_one_short_printable_line():
    refusal = JwtRefused(expected="a\nb\x1b[31m", received="x" * 1000)
    assert refusal.expected == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[31m"
    assert len(refusal.received) == 200
    assert JwtRefused(received={"a": 1}).received == "{'a': 1}"


def test_no_refusal_repeats_the_token():
    token = forged(HEADER, CLAIMS | {"exp": True})
    for keys in (key_set(), key_set(jwk("ES256")), key_set(jwk("ES256", kid="other"))):
        with pytest.raises(JwtRefused) as refusal:
            verified(token, keys=keys)
        told = refusal.value.expected + refusal.value.received + str(refusal.value) + repr(refusal.value)
        assert not any(part in told for part in token.split("."))
        assert "alice" not in told


def test_the_twin_of_an_ecdsa_signature_is_another_text_for_the_same_token():
    # (r, n - s) verifies as well as (r, s). Whoever needs a token to be unique compares jti, never the text.
    jws = parse_jws(good_token())
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    twin = jws.signature[:32] + (order - int.from_bytes(jws.signature[32:], "big")).to_bytes(32, "big")
    assert verified(jws.signing_input.decode() + "." + base64url.encode(twin)).claims == CLAIMS
