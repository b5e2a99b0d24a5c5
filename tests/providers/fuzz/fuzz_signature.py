"""ID tokens bent in their compact form or in their signature, and such as others have signed."""

import hmac
import json

from hypothesis import strategies as st

from tests.providers.fuzz.fuzz_jwt import changed
from tests.providers.fuzz.fuzz_values import json_of
from tests.support.scripted.keys import unb64


def sure_forms():
    """Every rearrangement of the parts."""
    return [_rearranged(name, "x") for name in REARRANGED]


def sure_signatures():
    """Every bent signature, and every other key under the honest name and under its own."""
    keys = [_another_key(name, kid, "") for name in sorted(KEYS) for kid in ("honest", "own")]
    return [*map(_bent, sorted(SIGNATURES)), *keys]


def of_compact_form():
    """Characters of the three parts changed, added, taken away; parts added, left out, exchanged."""
    place, number = st.integers(0, 2), st.integers(0, 2**16)
    strange = st.sampled_from(
        ["=", "==", " ", "\n", "\t", "\r\n", "+", "/", ".", "..", "%", "\0", "ä", "\ufeff", "\ud800"]
    )
    signs = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    return st.one_of(
        st.builds(_replaced, place, number, signs),
        st.builds(_replaced, place, number, signs),
        st.builds(_inserted, place, number, st.one_of(signs, strange)),
        st.builds(_cut, place, number, st.integers(1, 20)),
        st.builds(_rearranged, st.sampled_from(list(REARRANGED)), st.text(max_size=8)),
    )


def _replaced(place, number, sign):
    def forge(jwt, world):
        parts = jwt.parts
        at = number % len(parts[place])
        parts[place] = parts[place][:at] + sign + parts[place][at + 1 :]
        return ".".join(parts), not _is_the_same_signature(jwt, parts)

    return f"part {place}: {sign} at {number}", forge


def _is_the_same_signature(jwt, parts):
    """Whether only bits changed that no byte is made of: another spelling of the same token."""
    return parts[:2] == jwt.parts[:2] and unb64(parts[2]) == unb64(jwt.parts[2])


def _inserted(place, number, text):
    def forge(jwt, world):
        parts = jwt.parts
        at = number % (len(parts[place]) + 1)
        parts[place] = parts[place][:at] + text + parts[place][at:]
        return ".".join(parts), True

    return f"part {place}: {text!r} put in at {number}", forge


def _cut(place, number, count):
    def forge(jwt, world):
        parts = jwt.parts
        at = number % len(parts[place])
        parts[place] = parts[place][:at] + parts[place][at + count :]
        return ".".join(parts), True

    return f"part {place}: {count} characters fewer from {number}", forge


REARRANGED = {
    "a fourth part": lambda h, p, s, extra: f"{h}.{p}.{s}.{extra}",
    "five parts": lambda h, p, s, extra: f"{h}.{p}.{s}.{extra}.{extra}",
    "no signature, no dot": lambda h, p, s, extra: f"{h}.{p}{extra}",
    "no signature": lambda h, p, s, extra: f"{h}.{p}.",
    "no payload": lambda h, p, s, extra: f"{h}..{s}{extra}",
    "no header": lambda h, p, s, extra: f"{extra}.{p}.{s}",
    "header and payload exchanged": lambda h, p, s, extra: f"{p}.{h}.{s}{extra}",
    "payload twice": lambda h, p, s, extra: f"{h}.{p}{p}{extra}.{s}",
    "the JSON serialisation": lambda h, p, s, extra: json.dumps(
        {"protected": h, "payload": p, "signature": s, "header": {"x": extra}}
    ),
    "something before": lambda h, p, s, extra: f"Bearer {extra}{h}.{p}.{s}",
    "nothing": lambda h, p, s, extra: extra,
    "only dots": lambda h, p, s, extra: f"..{extra}",
    "very long": lambda h, p, s, extra: f"{h}.{p * 100}{extra}.{s}",
}


def _rearranged(name, extra):
    function = REARRANGED[name]
    return f"{name}, with {extra!r}", lambda jwt, world: (function(*jwt.parts, extra), True)


ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _both(function):
    """On r and s as numbers; what does not fit 32 bytes is cut."""

    def bend(signature):
        pair = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        return b"".join((number % 2**256).to_bytes(32, "big") for number in function(*pair))

    return bend


SIGNATURES = {
    "every byte flipped": lambda s: bytes(byte ^ 0x5A for byte in s),
    "r and s exchanged": lambda s: s[32:] + s[:32],
    "zeros": lambda s: bytes(64),
    "ones": lambda s: b"\xff" * 64,
    "r zero": lambda s: bytes(32) + s[32:],
    "s zero": lambda s: s[:32] + bytes(32),
    "r the order": _both(lambda r, s: (ORDER_OF_P256, s)),
    "s the order": _both(lambda r, s: (r, ORDER_OF_P256)),
    "s plus the order": _both(lambda r, s: (r, s + ORDER_OF_P256)),
    "empty": lambda s: b"",
    "half": lambda s: s[:32],
    "twice": lambda s: s + s,
    "a byte more": lambda s: s + b"\0",
    "a byte less": lambda s: s[:-1],
    "a zero before": lambda s: b"\0" + s,
    "in DER": lambda s: b"\x30\x44\x02\x20" + s[:32] + b"\x02\x20" + s[32:],
}


def of_signature():
    """The signature changed, or made by somebody or something else."""
    keys = st.sampled_from(sorted(KEYS))
    return st.one_of(
        st.builds(_bent, st.sampled_from(sorted(SIGNATURES))),
        st.builds(_random_signature, st.binary(min_size=0, max_size=140)),
        st.builds(_one_bit, st.integers(0, 511)),
        st.builds(_one_bit, st.integers(0, 511)),
        st.builds(
            _another_key, keys, st.sampled_from(["honest", "own", "none", "random"]), st.text(max_size=6)
        ),
        st.builds(
            _other_claims_same_signature,
            st.sampled_from(["sub", "nonce", "aud", "unknown"]),
            st.text(max_size=20),
        ),
    )


def _bent(name):
    return f"signature: {name}", lambda jwt, world: (jwt.with_signature(SIGNATURES[name]), True)


def _random_signature(octets):
    return f"signature: {octets.hex()}", lambda jwt, world: (jwt.with_signature(lambda _: octets), True)


def _one_bit(bit):
    def flip(signature):
        number = int.from_bytes(signature, "big") ^ (1 << bit)
        return number.to_bytes(64, "big")

    return f"signature: bit {bit}", lambda jwt, world: (jwt.with_signature(flip), True)


def _other_claims_same_signature(name, value):
    def forge(jwt, world):
        payload = json_of(changed(jwt.claims, name, value + "x"))
        signature = unb64(jwt.parts[2])
        return jwt.signed(json_of(jwt.header.items()), payload, sign=lambda _: signature), True

    return f"claim {name} as {value + 'x'!r}, not signed again", forge


def _ec_by(name):
    return lambda op: ("ES256", getattr(op.keys, name))


KEYS = {
    "an RSA key of nobody": lambda op: ("RS256", op.keys.stranger),
    "the published RSA key": lambda op: ("RS256", op.keys.rsa[0]),
    "the published RSA key, PSS": lambda op: ("PS256", op.keys.rsa[1]),
    "the encryption key": _ec_by("ec_enc"),
    "the next generation's key": lambda op: ("ES256", op.keys.next.ec[0]),
    "the secp256k1 key": lambda op: ("ES256K", op.keys.secp256k1),
    "the secp256k1 key as P-256": lambda op: ("ES256", op.keys.secp256k1),
    "the Ed25519 key": lambda op: ("EdDSA", op.keys.ed25519),
    "HS256 with the public key": lambda op: ("HS256", op.keys.ec[0].public_bytes("pem")),
    "HS256 with the public key in DER": lambda op: ("HS256", op.keys.ec[0].public_bytes("der")),
    "HS256 with the JWK": lambda op: ("HS256", json.dumps(op.keys.ec[0].jwk()).encode()),
    "HS256 with the client secret": lambda op: ("HS256", op.client.client_secret.encode()),
    "HS256 with nothing": lambda op: ("HS256", b""),
    "HS512 with the client secret": lambda op: ("HS512", op.client.client_secret.encode()),
    "none": lambda op: ("none", None),
    "nOnE": lambda op: ("nOnE", None),
}


def _another_key(name, kid, extra):
    """Signed by another key, which calls itself by the honest name, by its own, by none or by a new one."""

    def forge(jwt, world):
        alg, key = KEYS[name](world.op)
        own = getattr(key, "kid", "mac")
        kids = {"honest": jwt.header["kid"], "own": own, "none": None, "random": f"kid-{extra}"}
        return jwt.signed_by(lambda message: _signature(alg, key, message), alg=alg, kid=kids[kid]), True

    return f"signed by {name}, kid {kid} {extra!r}", forge


def _signature(alg, key, message):
    if alg.lower() == "none":
        return b""
    if isinstance(key, bytes):
        return hmac.digest(key, message, f"sha{alg[2:]}")
    return key.sign(alg, message)
