"""The watch learns until when the certificate of an issuer's host is good."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from providers.models import Provider
from ssoconsole.platform.outbound import connection
from tests.providers.drift.watching import watch
from tests.providers.registrations import somewhere
from tests.ssoconsole.platform.outbound.outbound_certificates import Authority
from tests.ssoconsole.platform.outbound.outbound_peer import Peer, answers

pytestmark = pytest.mark.django_db


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """An authority that this machine trusts for the time of a test."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    connection._context.cache_clear()
    yield made
    connection._context.cache_clear()


@pytest.fixture
def host(authority):
    """A provider that speaks TLS, with a certificate for so many days."""
    made = []

    def start(days=20):
        def act(sock, peer):
            path = peer.requests[-1].split(b" ")[1].decode()
            answers(json.dumps(documents(peer)[path]).encode())(sock, peer)

        made.append(Peer(act, context=authority.context("127.0.0.1", days=days)))
        return made[-1]

    yield start
    for each in made:
        each.close()


def documents(peer):
    issuer = peer.url(scheme="https").rstrip("/")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    endpoints = {name: f"{issuer}/{name}" for name in names}
    return {
        "/.well-known/openid-configuration": {"issuer": issuer, **endpoints},
        "/jwks_uri": {"keys": []},
    }


def register(peer):
    provider = somewhere(issuer=peer.url(scheme="https").rstrip("/"))
    provider.save()
    return provider


def test_the_end_is_kept(host):
    register(host(days=20))
    assert watch().document["ok"]
    left = Provider.objects.get().tls_not_after - datetime.now(UTC)
    assert timedelta(days=19) < left < timedelta(days=21)


def test_one_that_is_not_valid_is_told_and_what_was_known_stays(host):
    peer = host(days=-1)
    register(peer)
    known = datetime(2026, 1, 1, tzinfo=UTC)
    Provider.objects.update(tls_not_after=known)
    told = watch()
    assert told.status == 1
    assert "certificate" in told.finding("certificate_unreadable")["received"]
    assert Provider.objects.get().tls_not_after == known


def test_over_plain_http_there_is_none(scripted_provider):
    from tests.providers.registrations import registered_at

    registered_at(scripted_provider, tls_not_after=datetime(2026, 1, 1, tzinfo=UTC))
    watch()
    assert Provider.objects.get().tls_not_after is None
