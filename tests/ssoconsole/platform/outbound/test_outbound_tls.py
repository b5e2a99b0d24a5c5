import socket
import ssl
import struct

import pytest
from outbound_peer import IMPATIENT, PATIENT, answers, is_silent, says

from ssoconsole.platform.outbound.connection import Deadline, secure
from ssoconsole.platform.outbound.errors import ProtocolBroken, ResponseTimeout, TlsFailed


@pytest.fixture
def idp(peer, names, authority):
    """A server for idp.test under TLS; the certificate may be for another name."""
    names["idp.test"] = names["idp.test."] = [["127.0.0.1"]]

    def make(act=None, name="idp.test", **options):
        return peer(act or answers(), context=authority.context(name, **options))

    return make


@pytest.mark.parametrize("host", ["idp.test", "idp.test.", "127.0.0.1"])
def test_a_certificate_of_a_trusted_authority_for_the_name_is_taken(idp, get, authority, host):
    server = idp(name=host.removesuffix("."))
    url = server.url(scheme="https", host=host)
    assert get(url, ca_file=str(authority.file), allow_loopback=True).json() == {}
    assert f"Host: {host.removesuffix('.')}:".encode() in server.requests[0]


def test_an_authority_of_its_own_is_trusted_only_where_it_is_named(idp, get, authority):
    url = idp().url(scheme="https", host="idp.test")
    assert get(url, ca_file=str(authority.file)).status == 200
    with pytest.raises(TlsFailed, match="not valid: unable to get local issuer certificate"):
        get(url)


def test_a_certificate_for_another_name_is_refused(idp, get, authority):
    server = idp(name="evil.test")
    with pytest.raises(TlsFailed, match="Hostname mismatch"):
        get(server.url(scheme="https", host="idp.test"), ca_file=str(authority.file))
    assert not server.requests


def test_a_certificate_for_the_name_does_not_cover_the_address(idp, get, authority):
    with pytest.raises(TlsFailed, match="IP address mismatch"):
        get(idp().url(scheme="https"), ca_file=str(authority.file))


def test_an_expired_certificate_is_refused(idp, get, authority):
    with pytest.raises(TlsFailed, match="expired"):
        get(idp(days=-1).url(scheme="https", host="idp.test"), ca_file=str(authority.file))


def test_tls_before_1_2_is_refused(idp, get, authority):
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        server = idp(highest=ssl.TLSVersion.TLSv1_1)
    with pytest.raises(TlsFailed, match=r"handshake with idp\.test failed"):
        get(server.url(scheme="https", host="idp.test"), ca_file=str(authority.file))


def test_a_peer_that_speaks_no_tls_is_told_apart(peer, get):
    def plain(connection):
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.close()

    server = peer(answers())
    server._serve = plain
    with pytest.raises(TlsFailed, match="failed"):
        get(server.url(scheme="https"))


@pytest.mark.parametrize("linger", [0, 1])  # by FIN, by RST
def test_a_peer_that_hangs_up_in_the_handshake_is_told_apart(peer, get, linger):
    def hang_up(connection):
        connection.recv(16_384)  # the ClientHello: a reset before it may already fail the connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", linger, 0))
        connection.close()

    server = peer(answers())
    server._serve = hang_up
    with pytest.raises(TlsFailed):
        get(server.url(scheme="https"))


def test_a_connection_that_was_reset_before_the_handshake_never_counts_as_secured():
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as ours,
    ):
        theirs, _ = listener.accept()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        theirs.close()
        with pytest.raises(ConnectionResetError):
            ours.recv(1)
        with pytest.raises(TlsFailed):
            secure(ours, "idp.test", ca_file=None, limits=PATIENT, deadline=Deadline(5))


def test_a_peer_that_never_finishes_the_handshake_is_given_up(peer, get):
    def wait(connection):
        server.stopped.wait(5)
        connection.close()

    server = peer(is_silent)
    server._serve = wait
    with pytest.raises(ResponseTimeout, match="TLS handshake"):
        get(server.url(scheme="https"), limits=IMPATIENT)


def test_a_body_cut_short_under_tls_is_refused(idp, get, authority):
    server = idp(says(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}"))
    with pytest.raises(ProtocolBroken, match="shorter than announced"):
        get(server.url(scheme="https", host="idp.test"), ca_file=str(authority.file))


def test_bytes_that_are_no_tls_record_are_refused(idp, get, authority):
    def break_tls(connection, peer):
        raw = connection.detach()
        with socket.socket(fileno=raw) as plain:
            plain.sendall(b"garbage that is no TLS record")

    server = idp(break_tls)
    with pytest.raises(TlsFailed, match="ended TLS"):
        get(server.url(scheme="https", host="idp.test"), ca_file=str(authority.file))


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_of_authorities_that_cannot_be_read_is_told_apart(idp, get, tmp_path, content):
    file = tmp_path / "broken.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(TlsFailed, match="file of CA certificates"):
        get(idp().url(scheme="https", host="idp.test"), ca_file=str(file))


def test_a_renewed_file_of_authorities_counts_at_once(idp, get, authority):
    url = idp().url(scheme="https", host="idp.test")
    right = authority.file.read_bytes()
    file = authority.folder / "authorities.pem"
    file.write_bytes(_other_authority(authority))
    with pytest.raises(TlsFailed):
        get(url, ca_file=str(file))
    file.write_bytes(right)
    assert get(url, ca_file=str(file)).status == 200


def _other_authority(authority):
    folder = authority.folder / "other"
    folder.mkdir()
    return type(authority)(folder).file.read_bytes()
