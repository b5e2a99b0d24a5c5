"""The certificate of a provider: expired, for somebody else, of nobody known, or about to end."""

import ssl

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from providers.protocol.preflight.codes import CODES

CASES = [
    ({"name": "localhost", "days": -1}, "certificate_expired", "Renew"),
    ({"name": "evil.test", "days": 90}, "certificate_wrong_name", "name that the certificate has"),
    ({"name": "localhost", "days": 20, "age": 70}, "certificate_ends_soon", "before nobody can sign in"),
    ({"name": "localhost", "days": 1}, "certificate_ends_soon", "before nobody can sign in"),
]


def spoilt_by(context):
    return lambda op: op.speak_tls(context) or {}


@pytest.mark.parametrize(
    ("options", "code", "words"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_bad_certificate_comes_first_with_its_remedy(examine, authority, options, code, words):
    report = examine("tls", lambda op: op.speak_tls(authority.context(**options)) or {})
    assert [each.code for each in report.findings if each.severity != "info"] == [code]
    assert words in report.findings[0].remedy
    assert report.ok == (CODES[code].severity == "warning")


def test_the_facts_of_a_refused_certificate_are_told(examine, authority):
    [found] = examine("tls", spoilt_by(authority.context("evil.test", days=90))).findings
    assert "it is for evil.test, from CN=Test CA, valid 20" in found.received
    assert found.expected == "a valid certificate for localhost"


def test_an_authority_that_this_machine_does_not_know_is_named(examine, authority, monkeypatch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    stranger = type(authority)(tmp_path / "elsewhere")
    report = examine("tls", spoilt_by(stranger.context("localhost", days=90)))
    assert report.findings[0].code == "certificate_authority_unknown"
    assert "intermediate" in report.findings[0].remedy


def test_a_self_signed_certificate_is_named(examine, authority, tmp_path):
    (tmp_path / "self").mkdir()
    stranger = type(authority)(tmp_path / "self")
    file = tmp_path / "self" / "both.pem"
    private = stranger.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + stranger.certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    report = examine("tls", spoilt_by(context))
    assert report.findings[0].code == "certificate_self_signed"
    assert "SSL_CERT_FILE" in report.findings[0].remedy


def test_after_a_bad_certificate_nothing_is_asked(examine, authority, scripted_provider):
    report = examine("tls", spoilt_by(authority.context("localhost", days=-1)))
    ran = {check.name for check in report.checks if check.ok is not None}
    assert ran == {
        "registration",
        "issuer_address",
        "client_secret",
        "name_resolution",
        "connection",
        "certificate",
    }
    assert scripted_provider.requests == []
