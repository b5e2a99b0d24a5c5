"""Whose word on where a request comes from is believed."""

from ipaddress import ip_network

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from ssoconsole.platform.http.forwarding import LONGEST
from ssoconsole.platform.http.request_log import RequestMiddleware
from ssoconsole.platform.limits import source_of

PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48")]
CLIENT = "203.0.113.7"
CLIENT_V6 = "2001:db8:ffff::7"
PROXY = "10.0.0.1"
STRANGER = "198.51.100.9"


@pytest.fixture(autouse=True)
def _proxies(settings):
    settings.TRUSTED_PROXIES = PROXIES
    settings.TRUSTED_PROXY_HEADER = "X-Forwarded-For"


@pytest.fixture
def by_forwarded(settings):
    settings.TRUSTED_PROXY_HEADER = "Forwarded"


def passed_on(peer, forwarded_for=None, **headers):
    """The request as the views see it."""
    seen = []
    if forwarded_for is not None:
        headers["HTTP_X_FORWARDED_FOR"] = forwarded_for
    request = RequestFactory().get("/", REMOTE_ADDR=peer, **headers)
    RequestMiddleware(lambda request: seen.append(request) or HttpResponse())(request)
    return seen[0]


# The address in every spelling that a proxy uses, and what is none; the same for both headers.
NODES = {
    CLIENT: CLIENT,
    f"{CLIENT}:47011": CLIENT,
    f"[{CLIENT}]": CLIENT,
    f"[{CLIENT}]:47011": CLIENT,
    f"::ffff:{CLIENT}": CLIENT,
    f"[::ffff:{CLIENT}]:1": CLIENT,
    CLIENT_V6: CLIENT_V6,
    f"[{CLIENT_V6}]": CLIENT_V6,
    f"[{CLIENT_V6}]:47011": CLIENT_V6,
    "2001:DB8:FFFF:0::7": CLIENT_V6,
    "": "",
    "unknown": "",
    "_hidden": "",
    "localhost": "",
    f"{CLIENT}:": "",
    f"{CLIENT}:port": "",
    f"{CLIENT}:123456": "",
    f"[{CLIENT_V6}": "",
    f"{CLIENT_V6}]": "",
    f"[{CLIENT_V6}]47011": "",
    f"[{CLIENT_V6}]:": "",
    f"[{CLIENT_V6}%eth0]": "",
    f"{CLIENT_V6}%1": "",
    f"{CLIENT}/32": "",
    f"{CLIENT} {CLIENT}": "",
    "203.0.113.007": "",
    "3405803783": "",
    "127.1": "",
    "\N{ARABIC-INDIC DIGIT TWO}03.0.113.7": "",
}


@pytest.mark.parametrize("node", NODES)
def test_an_address_is_read_in_every_spelling_and_what_is_none_is_none(node):
    assert passed_on(PROXY, node).META["REMOTE_ADDR"] == NODES[node]


@pytest.mark.parametrize("node", NODES)
def test_forwarded_says_the_same_in_the_same_spellings(by_forwarded, node):
    request = passed_on(PROXY, HTTP_FORWARDED=f'for="{node}";proto=https')
    assert request.META["REMOTE_ADDR"] == NODES[node]


ADDRESSES = {
    "one proxy": (PROXY, CLIENT, CLIENT),
    "several proxies": (PROXY, f"{CLIENT}, 10.0.0.3, 10.0.0.2", CLIENT),
    "several proxies with ports": (PROXY, f"{CLIENT}:80, 10.0.0.3:81,10.0.0.2:82", CLIENT),
    "what the client wrote to the left is not believed": (PROXY, f"198.51.100.1, {CLIENT}", CLIENT),
    "not even when it names a proxy": (PROXY, f"10.9.9.9, {CLIENT}", CLIENT),
    "garbage left of the client": (PROXY, f"<script>, {CLIENT}", CLIENT),
    "garbage right of the client": (PROXY, f"{CLIENT}, unknown", ""),
    "nothing right of the client": (PROXY, f"{CLIENT}, ", ""),
    "garbage between proxies": (PROXY, f"{CLIENT}, unknown, 10.0.0.2", ""),
    "only proxies: the first has not said whom it had it from": (PROXY, "10.0.0.3, 10.0.0.2", ""),
    "the proxy itself": (PROXY, PROXY, ""),
    "nothing forwarded": (PROXY, None, ""),
    "empty": (PROXY, "", ""),
    "commas": (PROXY, " , ,", ""),
    "longer than a few proxies would write": (PROXY, f"{'1, ' * LONGEST}{CLIENT}", ""),
    "IPv6 proxy": ("2001:db8:1::1", CLIENT, CLIENT),
    "IPv4 proxy in IPv6 clothes": ("::ffff:10.0.0.1", CLIENT, CLIENT),
    "untrusted peer": (STRANGER, CLIENT, STRANGER),
    "untrusted IPv6 peer": ("2001:db8:2::1", CLIENT, "2001:db8:2::1"),
    "no peer": ("", CLIENT, ""),
}


@pytest.mark.parametrize("case", ADDRESSES)
def test_the_address_is_the_first_from_the_right_that_no_proxy_owns_or_none(case):
    peer, forwarded_for, address = ADDRESSES[case]
    assert passed_on(peer, forwarded_for).META["REMOTE_ADDR"] == address


FORWARDED = {
    "as the standard has it": (f'For="[{CLIENT_V6}]:4711";Proto=HTTPS;by=10.0.0.1', CLIENT_V6, True),
    "several proxies": (f"for={CLIENT};proto=https, for=10.0.0.2;proto=http", CLIENT, True),
    "the scheme is the client's own": (f"for={CLIENT};proto=http, for=10.0.0.2;proto=https", CLIENT, False),
    "what the client wrote to the left is not believed": (
        f"for=10.9.9.9;proto=https, for={CLIENT}",
        CLIENT,
        False,
    ),
    "an unquoted port": (f"for={CLIENT}:4711;proto=https", CLIENT, True),
    "escapes": ('for="203.0.113.\\7";proto=https', CLIENT, True),
    "a node that is hidden": ("for=_hidden;proto=https", "", True),
    "a proxy that says no node": ("proto=https", "", True),
    "a quote that the client has opened": (f'for=10.9.9.9;x=", for={CLIENT};proto=https', "", False),
    "a quote that swallows what the proxy says": (f'for="x, for="[{CLIENT_V6}]";proto=https', "", False),
    "two nodes for one hop": (f"for=10.9.9.9;for={CLIENT}", "", False),
    "what is no pair": (f"for={CLIENT};https", "", False),
    "a separator at the end": (f"for={CLIENT},", "", False),
    "another separator at the end": (f"for={CLIENT};", "", False),
    "garbage left of the client": (f"<script>, for={CLIENT};proto=https", "", False),
    "longer than a few proxies would write": (f"x={'y' * LONGEST}, for={CLIENT};proto=https", "", False),
    "X-Forwarded-For is another header": (None, "", False),
}


@pytest.mark.parametrize("case", FORWARDED)
def test_forwarded_is_read_whole_or_not_at_all(by_forwarded, case):
    value, address, secure = FORWARDED[case]
    headers = {} if value is None else {"HTTP_FORWARDED": value}
    request = passed_on(
        PROXY, "192.0.2.66", HTTP_X_FORWARDED_PROTO="https" if value is None else "", **headers
    )
    assert (request.META["REMOTE_ADDR"], request.is_secure()) == (address, secure)


@pytest.mark.parametrize(
    "header",
    [
        *("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT"),
        *("HTTP_X_FORWARDED_PROTO", "HTTP_X_REAL_IP"),
    ],
)
@pytest.mark.parametrize("peer", [STRANGER, PROXY])
def test_no_forwarding_header_gets_past_whoever_wrote_it(peer, header):
    assert header not in passed_on(peer, **{header: "https"}).META


def test_the_header_that_is_not_named_is_not_believed():
    request = passed_on(PROXY, HTTP_FORWARDED=f"for={CLIENT};proto=https", HTTP_X_REAL_IP=CLIENT)
    assert (request.META["REMOTE_ADDR"], request.is_secure()) == ("", False)


def test_while_none_is_named_none_is_believed(settings):
    settings.TRUSTED_PROXY_HEADER = ""
    forwarded = {"HTTP_FORWARDED": f"for={CLIENT};proto=https", "HTTP_X_FORWARDED_PROTO": "https"}
    request = passed_on(PROXY, CLIENT, **forwarded)
    assert (request.META["REMOTE_ADDR"], request.is_secure()) == ("", False)


@pytest.mark.parametrize(
    ("scheme", "secure"),
    [
        ("https", True),
        ("HTTPS", True),
        ("http", False),
        ("", False),
        ("https, http", False),
        ("http, https", False),
    ],
)
def test_a_proxys_word_on_https_counts_where_it_is_one_word(scheme, secure):
    assert passed_on(PROXY, CLIENT, HTTP_X_FORWARDED_PROTO=scheme).is_secure() is secure
    assert not passed_on(STRANGER, CLIENT, HTTP_X_FORWARDED_PROTO=scheme).is_secure()


def test_without_proxies_nobody_is_believed(settings):
    settings.TRUSTED_PROXIES = []
    request = passed_on(PROXY, CLIENT, HTTP_X_FORWARDED_PROTO="https")
    assert request.META["REMOTE_ADDR"] == PROXY
    assert not request.is_secure()


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "source"),
    [
        (PROXY, CLIENT, CLIENT),
        (PROXY, "unknown", PROXY),
        (PROXY, None, PROXY),
        ("10.0.0.2", None, "10.0.0.2"),
        ("2001:db8:1::1", None, "2001:db8:1::"),
        (STRANGER, CLIENT, STRANGER),
        ("", None, None),
    ],
)
def test_who_has_no_certain_address_counts_against_the_proxy(peer, forwarded_for, source):
    assert source_of(passed_on(peer, forwarded_for)) == source
