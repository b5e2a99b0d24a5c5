"""Whose word on where a request comes from is believed."""

from ipaddress import ip_network

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from ssoconsole.http.forwarding import ForwardingHeadersMiddleware

PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48")]
CLIENT = "203.0.113.7"


@pytest.fixture(autouse=True)
def _proxies(settings):
    settings.TRUSTED_PROXIES = PROXIES


def passed_on(peer, forwarded_for=None, **headers):
    """The request as the views see it."""
    seen = []
    if forwarded_for is not None:
        headers["HTTP_X_FORWARDED_FOR"] = forwarded_for
    request = RequestFactory().get("/", REMOTE_ADDR=peer, **headers)
    ForwardingHeadersMiddleware(lambda request: seen.append(request) or HttpResponse())(request)
    return seen[0]


ADDRESSES = {
    "one proxy": ("10.0.0.1", CLIENT, CLIENT),
    "several proxies": ("10.0.0.1", f"{CLIENT}, 10.0.0.3, 10.0.0.2", CLIENT),
    "what the client wrote to the left is not believed": ("10.0.0.1", f"198.51.100.1, {CLIENT}", CLIENT),
    "not even when it names a proxy": ("10.0.0.1", f"10.9.9.9, {CLIENT}", CLIENT),
    "only proxies": ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
    "nothing forwarded": ("10.0.0.1", None, "10.0.0.1"),
    "empty": ("10.0.0.1", "", "10.0.0.1"),
    "commas": ("10.0.0.1", " , ,", "10.0.0.1"),
    "garbage": ("10.0.0.1", "not an address", "10.0.0.1"),
    "garbage left of the client": ("10.0.0.1", f"<script>, {CLIENT}", CLIENT),
    "garbage right of the client": ("10.0.0.1", f"{CLIENT}, unknown", "10.0.0.1"),
    "a port is no address": ("10.0.0.1", f"{CLIENT}:1234", "10.0.0.1"),
    "IPv6 client": ("10.0.0.1", "2001:db8:ffff::7", "2001:db8:ffff::7"),
    "IPv6 proxy": ("2001:db8:1::1", CLIENT, CLIENT),
    "IPv4 proxy in IPv6 clothes": ("::ffff:10.0.0.1", CLIENT, CLIENT),
    "untrusted peer": ("198.51.100.9", CLIENT, "198.51.100.9"),
    "untrusted IPv6 peer": ("2001:db8:2::1", CLIENT, "2001:db8:2::1"),
    "no peer": ("", CLIENT, ""),
}


@pytest.mark.parametrize("case", ADDRESSES)
def test_the_address_is_the_first_from_the_right_that_no_proxy_owns(case):
    peer, forwarded_for, address = ADDRESSES[case]
    assert passed_on(peer, forwarded_for).META["REMOTE_ADDR"] == address


@pytest.mark.parametrize(
    "header",
    [
        "HTTP_FORWARDED",
        "HTTP_X_FORWARDED_FOR",
        "HTTP_X_FORWARDED_HOST",
        "HTTP_X_FORWARDED_PORT",
        "HTTP_X_FORWARDED_PROTO",
        "HTTP_X_REAL_IP",
    ],
)
def test_a_strangers_forwarding_headers_are_gone(header):
    assert header not in passed_on("198.51.100.9", **{header: "https"}).META


def test_without_proxies_nobody_is_believed(settings):
    settings.TRUSTED_PROXIES = []
    request = passed_on("10.0.0.1", CLIENT, HTTP_X_FORWARDED_PROTO="https")
    assert request.META["REMOTE_ADDR"] == "10.0.0.1"
    assert not request.is_secure()


def test_a_proxys_word_on_https_counts_and_a_strangers_does_not():
    assert passed_on("10.0.0.1", HTTP_X_FORWARDED_PROTO="https").is_secure()
    assert not passed_on("198.51.100.9", HTTP_X_FORWARDED_PROTO="https").is_secure()
