"""An honest ID token taken apart, to be put together again differently."""

import json

from tests.providers.fuzz.fuzz_values import REMOVED, json_of
from tests.support.scripted.keys import b64, unb64


class Jwt:
    """`header` and `claims` as the provider wrote them, and the `key` that signed."""

    def __init__(self, text, key):
        self.text, self.key = text, key
        self.header, self.claims = (json.loads(unb64(part)) for part in text.split(".")[:2])

    @property
    def parts(self):
        return self.text.split(".")

    def with_claim(self, name, value):
        """Another claim, honestly signed."""
        return self.signed(json_of(self.header.items()), json_of(changed(self.claims, name, value)))

    def with_header(self, name, value):
        """Another member of the header, honestly signed."""
        return self.signed(json_of(changed(self.header, name, value)), json_of(self.claims.items()))

    def signed(self, header, payload, *, sign=None):
        """The compact form of these texts; `sign` is from message to signature, by default the honest key's."""
        message = f"{b64(octets(header))}.{b64(octets(payload))}"
        signature = (sign or (lambda m: self.key.sign("ES256", m)))(message.encode())
        return f"{message}.{b64(signature)}"

    def signed_by(self, sign, **header):
        """The honest claims, with another header and signature."""
        members = {name: value for name, value in (self.header | header).items() if value is not None}
        return self.signed(json_of(members.items()), json_of(self.claims.items()), sign=sign)

    def with_signature(self, bend):
        *message, signature = self.parts
        return ".".join([*message, b64(bend(unb64(signature)))])


def changed(members, name, value):
    """The members with one changed, added or removed."""
    pairs = [(known, value if known == name else old) for known, old in members.items()]
    if name not in members:
        pairs.append((name, value))
    return [pair for pair in pairs if pair[1] is not REMOVED]


def octets(text):
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
