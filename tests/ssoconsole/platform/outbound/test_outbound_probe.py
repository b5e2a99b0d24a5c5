"""A probe tells how far one gets and which certificate is shown, and sends nothing."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from outbound_peer import IMPATIENT, PATIENT, answers, is_silent

from ssoconsole.platform.outbound.errors import SchemeRefused, UrlRefused
from ssoconsole.platform.outbound.probe import probe

LOOPBACK = {"allow_loopback": True, "limits": PATIENT}


@pytest.fixture
def idp(peer, names, authority):
    """A server for idp.test under TLS; the certificate may be for another name."""
    names["idp.test"] = [["127.0.0.1"]]

    def make(name="idp.test", **options):
        server = peer(answers(), context=authority.context(name, **options))
        return server, server.url(scheme="https", host="idp.test")

    return make


def test_a_good_host_is_reached_with_its_certificate_and_without_a_request(idp, authority):
    server, url = idp(days=20)
    found = probe(url, ca_file=str(authority.file), **LOOPBACK)
    assert (found.failed, found.error, found.addresses) == (None, None, ("127.0.0.1",))
    assert found.certificate.names == ("idp.test",)
    assert found.certificate.issuer == "CN=Test CA"
    left = found.certificate.not_after - datetime.now(UTC)
    assert timedelta(days=19) < left < timedelta(days=21)
    server.close()
    assert server.requests == []


@pytest.mark.parametrize(
    ("options", "verify_code"), [({"days": -1}, 10), ({"name": "evil.test"}, 62)], ids=["expired", "name"]
)
def test_a_certificate_that_is_not_believed_is_shown_all_the_same(idp, authority, options, verify_code):
    server, url = idp(**options)
    found = probe(url, ca_file=str(authority.file), **LOOPBACK)
    assert (found.failed, found.error.verify_code) == ("tls", verify_code)
    assert found.certificate.names == (options.get("name", "idp.test"),)
    server.close()
    assert server.requests == []


def test_an_authority_that_nobody_named_is_not_believed(idp):
    found = probe(idp()[1], **LOOPBACK)
    assert (found.failed, found.error.code) == ("tls", "tls_failed")
    assert found.certificate.issuer == "CN=Test CA"


def test_a_host_that_speaks_no_tls_has_no_certificate(peer):
    def plain(connection):
        with connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    server = peer(answers())
    server._serve = plain
    found = probe(server.url(scheme="https"), **LOOPBACK)
    assert (found.failed, found.certificate) == ("tls", None)


def test_a_host_that_says_nothing_is_given_up(peer):
    found = probe(peer(is_silent).url(scheme="https"), **LOOPBACK | {"limits": IMPATIENT})
    assert (found.failed, found.error.code, found.certificate) == ("tls", "response_timeout", None)


def test_under_plain_http_there_is_nothing_but_a_connection(peer):
    server = peer(is_silent)
    found = probe(server.url(), **LOOPBACK)
    assert (found.failed, found.certificate, found.host) == (None, None, "127.0.0.1")


def test_a_port_where_nobody_listens_fails_at_the_connection(peer):
    server = peer(answers())
    server.close()
    found = probe(server.url(), **LOOPBACK)
    assert (found.failed, found.error.code) == ("connection", "connect_failed")
    assert "refused" in found.error.detail


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://169.254.169.254/", "https://[::1]/"])
def test_loopback_and_metadata_are_no_more_probed_than_asked(url):
    found = probe(url, allow_loopback=False)
    assert (found.failed, found.error.code, found.addresses) == ("resolution", "address_refused", ())


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://idp.test/", SchemeRefused),
        ("https://a b/", UrlRefused),
        ("https://user:secret@idp.test/", UrlRefused),
    ],
)
def test_an_address_that_is_none_is_refused(url, error):
    with pytest.raises(error):
        probe(url, allow_loopback=False)


def test_the_context_that_believes_anything_is_nobody_elses(idp, authority, get):
    _, url = idp(name="evil.test")
    assert probe(url, ca_file=str(authority.file), **LOOPBACK).certificate
    with pytest.raises(Exception, match="Hostname mismatch"):
        get(url, ca_file=str(authority.file))
    assert ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED
