"""Certificates made for one test run: an authority and what it signs."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SIGNS = x509.KeyUsage(False, False, False, False, False, True, True, False, False)


def _name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


class Authority:
    def __init__(self, folder):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(
            "Test CA", self.key.public_key(), x509.BasicConstraints(True, None), SIGNS
        )
        self.file = folder / "ca.pem"
        self.file.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def _sign(self, name, public_key, *extensions, days=1, age=3):
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            _name("Test CA"), _name(name), public_key, x509.random_serial_number()
        )
        builder = builder.not_valid_before(now - timedelta(days=age)).not_valid_after(
            now + timedelta(days=days)
        )
        # Python 3.13 verifies strictly by RFC 5280: identifiers of both keys, and what is critical marked so.
        identifiers = (
            x509.SubjectKeyIdentifier.from_public_key(public_key),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
        )
        for extension in (*identifiers, *extensions):
            critical = isinstance(extension, (x509.BasicConstraints, x509.KeyUsage))
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self.key, SHA256())

    def context(self, name, *, days=1, age=3, highest=None):
        """Return the TLS context of a server whose certificate is for `name`, and so many days old."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(
            name, key.public_key(), x509.SubjectAlternativeName([_general(name)]), days=days, age=age
        )
        file = self.folder / "server.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        if highest:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = highest
        return context


def _general(name):
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
