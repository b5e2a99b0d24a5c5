import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssoconsole.platform.outbound.targets import refusal


def carriers(ipv4):
    """Every IPv6 address that leads to an IPv4 address."""
    a, b, c, d = map(int, ipv4.split("."))
    high, low = f"{a * 256 + b:x}", f"{c * 256 + d:x}"
    inverted = f"{(a * 256 + b) ^ 0xFFFF:x}:{(c * 256 + d) ^ 0xFFFF:x}"
    return [
        f"::ffff:{ipv4}",
        f"::ffff:0:{ipv4}",
        f"::{high}:{low}",
        f"64:ff9b::{high}:{low}",
        f"2002:{high}:{low}::1",
        f"2001:0:808:808:0:0:{inverted}",
        f"2001:0:{high}:{low}:0:0:f7f7:f7f7",
    ]


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "2606:4700::1111",
        "fd12::1",
    ],
)
def test_public_and_private_addresses_are_open(address):
    assert refusal(address, allow_loopback=False) is None


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("169.254.169.254", "metadata"),
        ("169.254.170.2", "credential service"),
        ("169.254.0.1", "link-local"),
        ("100.100.100.200", "metadata"),
        ("192.0.0.192", "metadata"),
        ("168.63.129.16", "platform service"),
        ("fd00:ec2::254", "metadata"),
        ("fd00:ec2::23", "metadata"),
        ("fd20:ce::254", "metadata"),
        ("fd00:c1::a9fe:a9fe", "metadata"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("fe80::1", "link-local"),
        ("febf::1", "link-local"),
        ("fec0::1", "reserved"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.250", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("240.0.0.1", "reserved"),
        ("192.0.0.8", "reserved"),
        ("192.0.2.1", "documentation"),
        ("198.51.100.1", "documentation"),
        ("203.0.113.1", "documentation"),
        ("2001:db8::1", "documentation"),
        ("3fff::1", "documentation"),
        ("100::1", "reserved"),
        ("64:ff9b:1::a00:1", "reserved"),
        ("5f00::1", "reserved"),
        ("4000::1", "reserved"),
        ("::2", "unspecified"),
    ],
)
def test_addresses_no_request_may_go_to_are_refused_even_in_development(address, reason):
    assert reason in refusal(address, allow_loopback=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.255.255.254", "::1", *carriers("127.0.0.1")])
def test_loopback_is_for_development_only(address):
    assert "loopback" in refusal(address, allow_loopback=False)
    assert refusal(address, allow_loopback=True) is None


@pytest.mark.parametrize("ipv4", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "168.63.129.16"])
def test_a_forbidden_address_in_ipv6_clothes_is_still_forbidden(ipv4):
    for address in carriers(ipv4):
        assert refusal(address, allow_loopback=True), address


def test_a_private_address_in_ipv6_clothes_is_still_open():
    assert [refusal(address, allow_loopback=False) for address in carriers("10.1.2.3")] == [None] * 7


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "2130706433",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "fe80::1%eth0",
        "2606:4700::1%1",
        "[::1]",
        "8.8.8.8/32",
    ],
)
def test_what_is_no_plain_address_is_refused(text):
    assert refusal(text, allow_loopback=True) == "not an IP address"


@given(st.ip_addresses(v=4).filter(lambda ipv4: int(ipv4) > 1).map(str))  # ::0 and ::1 are themselves
def test_ipv6_clothes_change_nothing(ipv4):
    bare = refusal(ipv4, allow_loopback=False)
    for address in carriers(ipv4):
        assert refusal(address, allow_loopback=False) == bare, address
