"""Signing keys of the scripted provider: made once per run, signing with cryptography alone."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp256k1": "secp256k1"}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def hmac_sign(alg, secret, message):
    secret = secret.encode() if isinstance(secret, str) else secret
    return hmac.digest(secret, message, f"sha{alg[2:]}")


def half_hash(alg, text):
    """at_hash, c_hash, s_hash: the left half of the hash of `alg` (OpenID Connect Core 3.1.3.6)."""
    name = "sha512" if alg in {"EdDSA", "Ed25519"} else f"sha{alg[2:]}" if alg[2:] in HASHES else "sha256"
    digest = hashlib.new(name, text.encode()).digest()
    return b64(digest[: len(digest) // 2])


@dataclass(frozen=True)
class Key:
    """A private key with the id and use it is published under."""

    kid: str
    private: object
    use: str = "sig"

    def jwk(self, **members):
        """The public JWK, without `alg`; a member that is None is left out."""
        jwk = self._numbers | {"kid": self.kid, "use": self.use} | members
        return {name: value for name, value in jwk.items() if value is not None}

    @cached_property
    def _numbers(self):
        public = self.private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            size = (public.key_size + 7) // 8
            return {"kty": "RSA", "n": b64(numbers.n.to_bytes(size, "big")), "e": "AQAB"}
        if isinstance(public, ed25519.Ed25519PublicKey):
            return {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes_raw())}
        numbers = public.public_numbers()
        size = (public.key_size + 7) // 8
        point = {name: b64(getattr(numbers, name).to_bytes(size, "big")) for name in "xy"}
        return {"kty": "EC", "crv": CURVES[public.curve.name]} | point

    def public_bytes(self, form="pem"):
        encoding = {"pem": Encoding.PEM, "der": Encoding.DER}[form]
        return self.private.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, alg, message):
        """A JWS signature; the algorithm has to fit the key, nothing else is checked."""
        if alg in {"EdDSA", "Ed25519"}:
            return self.private.sign(message)
        digest = HASHES["256" if alg == "ES256K" else alg[2:]]()
        if alg.startswith("RS"):
            return self.private.sign(message, padding.PKCS1v15(), digest)
        if alg.startswith("PS"):
            pss = padding.PSS(padding.MGF1(type(digest)()), digest.digest_size)
            return self.private.sign(message, pss, digest)
        size = (self.private.key_size + 7) // 8
        pair = decode_dss_signature(self.private.sign(message, ec.ECDSA(digest)))
        return b"".join(number.to_bytes(size, "big") for number in pair)


def _rsa(bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


class KeyRing:
    """The conformance suite's keys: 2 RSA, 2 P-256, secp256k1, Ed25519 to sign, RSA and EC to encrypt."""

    def __init__(self, generation=1):
        self.generation = generation
        self.rsa = [self._key(f"rsa-{n}", _rsa()) for n in (1, 2)]
        self.ec = [self._key(f"ec-{n}", ec.generate_private_key(ec.SECP256R1())) for n in (1, 2)]
        self.ed25519 = self._key("ed25519-1", ed25519.Ed25519PrivateKey.generate())
        self.secp256k1 = self._key("secp256k1-1", ec.generate_private_key(ec.SECP256K1()))
        self.rsa_enc = self._key("rsa-enc", _rsa(), use="enc")
        self.ec_enc = self._key("ec-enc", ec.generate_private_key(ec.SECP256R1()), use="enc")

    def _key(self, name, private, use="sig"):
        return Key(f"{name}-g{self.generation}", private, use)

    @cached_property
    def stranger(self):
        """An RSA key that is published nowhere."""
        return self._key("stranger", _rsa())

    @cached_property
    def weak_rsa(self):
        """1024 bits: a real signature that nobody should believe."""
        return self._key("weak-rsa", _rsa(1024))

    @cached_property
    def crowd(self):
        """Three keys of each family that signs, so that a token without `kid` fits several."""
        curves = [ec.generate_private_key(ec.SECP256K1()) for _ in (2, 3)]
        edwards = [ed25519.Ed25519PrivateKey.generate() for _ in (2, 3)]
        more = [self._key("rsa-3", _rsa()), self._key("ec-3", ec.generate_private_key(ec.SECP256R1()))]
        more += [self._key(f"secp256k1-{n}", private) for n, private in enumerate(curves, 2)]
        more += [self._key(f"ed25519-{n}", private) for n, private in enumerate(edwards, 2)]
        return [*self.rsa, *self.ec, self.secp256k1, self.ed25519, *more]

    @cached_property
    def next(self):
        """The keys of the next generation: other keys under other ids."""
        return KeyRing(self.generation + 1)

    def published(self):
        keys = [*self.rsa, *self.ec, self.secp256k1, self.ed25519, self.rsa_enc, self.ec_enc]
        return [key.jwk() for key in keys]

    def signer(self, alg):
        """The key that signs `alg` when a test does not say otherwise."""
        if alg in {"EdDSA", "Ed25519"}:
            return self.ed25519
        if alg == "ES256K":
            return self.secp256k1
        return self.ec[0] if alg.startswith("ES") else self.rsa[0]
