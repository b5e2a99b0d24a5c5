"""A JWT that is right until a test bends it: claims, header, key, algorithm and signature one by one."""

import json

from tests.support.scripted.keys import b64, hmac_sign


class Token:
    """
    Every method returns the token itself, so that bends can be chained.

    `claims` and `header` override what the provider would have written; they apply to every token issued
    until the test ends.
    """

    def __init__(self, provider, typ="JWT"):
        self.provider = provider
        self.claims = {}
        self.header = {"typ": typ}
        self.at_hash = False
        self._removed = set()
        self._removed_header = set()
        self._changes = []
        self._alg = None
        self._key = None
        self._text = None
        self._payload = None
        self._sign = self._honest_signature
        self._bend = lambda signature: signature

    # Claims

    def remove(self, *names):
        """Leave claims out."""
        self._removed |= set(names)
        return self

    def change(self, name, function):
        """Put `function(value)` in the place of a claim the provider would have written."""
        self._changes.append((name, function))
        return self

    def append(self, name, suffix="1"):
        """The conformance suite's mutation: one more character at the end."""
        return self.change(name, lambda value: f"{value}{suffix}")

    def shift(self, name, seconds):
        """Move a time claim."""
        return self.change(name, lambda value: value + seconds)

    def include_at_hash(self):
        """Write `at_hash` in the code flow too, where it is optional."""
        self.at_hash = True
        return self

    # Header

    def remove_header(self, *names):
        self._removed_header |= set(names)
        return self

    # Signature

    def sign_with(self, key=None, alg=None):
        """Sign with this key of the ring (its kid goes into the header) or with this algorithm."""
        self._key, self._alg = key or self._key, alg or self._alg
        return self

    def break_signature(self):
        """Every byte XOR 0x5A: valid base64url, right length, wrong."""
        self._bend = lambda signature: bytes(byte ^ 0x5A for byte in signature)
        return self

    def truncate_signature(self):
        """No signature, although the header names an algorithm."""
        self._bend = lambda signature: b""
        return self

    def alg_none(self, spelling="none"):
        self._alg = spelling
        self._sign = lambda alg, message: b""
        return self

    def hs256_with_public_key(self, form="pem"):
        """Algorithm confusion: a MAC keyed with the public key (`pem` or `der`) that everybody knows."""
        key = self.provider.keys.signer("RS256")
        self.header["kid"] = key.kid
        return self.hs256_with(key.public_bytes(form))

    def hs256_with(self, secret):
        self._alg = "HS256"
        self._sign = lambda alg, message: hmac_sign(alg, secret, message)
        return self

    # All of it

    def raw(self, text):
        """Anything at all instead of a JWT."""
        self._text = text
        return self

    def raw_payload(self, payload):
        """Bytes that are signed as they are: duplicate members, UTF-16, a list, deep nesting."""
        self._payload = payload
        return self

    def issue(self, base):
        """The compact serialization over the provider's own claims `base` with all bends applied."""
        text = self._text
        if text is None:
            text = self._compact(self.header_as_sent(), self._payload_as_sent(base))
        self.provider.issued_tokens.append(text)
        return text

    @property
    def alg(self):
        return self._alg or self.provider.client.id_token_signed_response_alg

    @property
    def key(self):
        return self._key or self.provider.keys.signer(self.alg)

    def header_as_sent(self):
        own = {"alg": self.alg}
        if self._sign == self._honest_signature and not self.alg.startswith("HS"):
            own["kid"] = self.key.kid
        header = own | self.header
        return {name: value for name, value in header.items() if name not in self._removed_header}

    def claims_as_sent(self, base):
        claims = dict(base)
        for name, function in self._changes:
            if name in claims:
                claims[name] = function(claims[name])
        claims |= self.claims
        return {name: value for name, value in claims.items() if name not in self._removed}

    def _payload_as_sent(self, base):
        if self._payload is not None:
            return self._payload
        return json.dumps(self.claims_as_sent(base)).encode()

    def _compact(self, header, payload):
        signing_input = f"{b64(json.dumps(header).encode())}.{b64(payload)}"
        signature = self._bend(self._sign(self.alg, signing_input.encode()))
        return f"{signing_input}.{b64(signature)}"

    def _honest_signature(self, alg, message):
        if alg.startswith("HS"):
            return hmac_sign(alg, self.provider.client.client_secret, message)
        return self.key.sign(alg, message)
