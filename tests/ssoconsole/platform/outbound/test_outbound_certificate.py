"""The certificate of a host is read under the rules that every request obeys, and the host is asked for nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from outbound_peer import IMPATIENT, is_silent

from ssoconsole.platform.outbound.certificate import peer_certificate
from ssoconsole.platform.outbound.errors import (
    AddressRefused,
    ConnectFailed,
    OutboundError,
    SchemeRefused,
    TlsFailed,
    UrlRefused,
)


def read(peer, authority, **options):
    url = peer.url(scheme="https")
    return peer_certificate(url, **{"allow_loopback": True, "ca_file": str(authority.file)} | options)


def test_its_end_and_its_names(peer, authority):
    found = read(peer(is_silent, context=authority.context("127.0.0.1", days=20)), authority)
    assert timedelta(days=19) < found.not_after - datetime.now(UTC) < timedelta(days=21)
    assert (found.subject, found.issuer) == ("127.0.0.1", "Test CA")


@pytest.mark.parametrize(
    ("name", "days"), [("127.0.0.1", -1), ("other.example", 20)], ids=["past its end", "another name"]
)
def test_one_that_is_not_valid_is_none(peer, authority, name, days):
    with pytest.raises(TlsFailed):
        read(peer(is_silent, context=authority.context(name, days=days)), authority)


def test_an_authority_that_nobody_trusts_is_none(peer, authority):
    with pytest.raises(TlsFailed):
        read(peer(is_silent, context=authority.context("127.0.0.1")), authority, ca_file=None)


def test_a_host_that_speaks_no_tls_is_given_up(peer, authority):
    with pytest.raises(OutboundError):
        read(peer(is_silent), authority, limits=IMPATIENT)


@pytest.mark.parametrize(
    ("url", "allow_loopback", "refusal"),
    [
        ("http://127.0.0.1/", True, SchemeRefused),
        ("https://user:secret@idp.example/", True, UrlRefused),
        ("https://127.0.0.1/", False, AddressRefused),
        ("https://169.254.169.254/", True, AddressRefused),
        ("https://127.0.0.1:9/", True, ConnectFailed),
    ],
)
def test_where_no_request_may_go_no_certificate_is_read(url, allow_loopback, refusal):
    with pytest.raises(refusal):
        peer_certificate(url, allow_loopback=allow_loopback)
