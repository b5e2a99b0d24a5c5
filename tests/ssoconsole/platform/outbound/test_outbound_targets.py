import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssoconsole.platform.outbound.errors import OutboundError, SchemeRefused, UrlRefused
from ssoconsole.platform.outbound.targets import Target, parse


@pytest.mark.parametrize(
    ("url", "target", "authority"),
    [
        ("https://idp.example", Target("https", "idp.example", 443, "/"), "idp.example"),
        ("HTTPS://IDP.Example:443/a?b=c", Target("https", "idp.example", 443, "/a?b=c"), "idp.example"),
        ("https://idp.example:8443/", Target("https", "idp.example", 8443, "/"), "idp.example:8443"),
        ("https://idp.example.?x", Target("https", "idp.example.", 443, "/?x"), "idp.example"),
        (
            "https://xn--mller-kva.example/",
            Target("https", "xn--mller-kva.example", 443, "/"),
            "xn--mller-kva.example",
        ),
        ("https://keycloak_idp:1/%20", Target("https", "keycloak_idp", 1, "/%20"), "keycloak_idp:1"),
        ("https://10.0.0.1/", Target("https", "10.0.0.1", 443, "/"), "10.0.0.1"),
        ("https://[FD12::0:1]:444/", Target("https", "fd12::1", 444, "/"), "[fd12::1]:444"),
        ("http://localhost:9000/", Target("http", "localhost", 9000, "/"), "localhost:9000"),
        ("http://idp.example:443/", Target("http", "idp.example", 443, "/"), "idp.example:443"),
        (
            "https://idp.example/?next=https://a@b/",
            Target("https", "idp.example", 443, "/?next=https://a@b/"),
            "idp.example",
        ),
    ],
)
def test_an_ordinary_url_is_understood(url, target, authority):
    assert parse(url, allow_http=True) == target
    assert target.authority == authority


@pytest.mark.parametrize(("port", "is_taken"), [(1, True), (0, False), (65_535, True), (65_536, False)])
def test_a_port_is_a_number_from_1_to_65535(port, is_taken):
    if is_taken:
        assert parse(f"https://idp.example:{port}/", allow_http=False).port == port
        return
    with pytest.raises(UrlRefused):
        parse(f"https://idp.example:{port}/", allow_http=False)


@pytest.mark.parametrize(("length", "is_taken"), [(253, True), (254, False)])
def test_a_host_has_253_characters(length, is_taken):
    host = (("a" * 62 + ".") * 4 + "x" * 9)[: length - 2] + ".b"
    assert len(host) == length
    if is_taken:
        assert parse(f"https://{host}/", allow_http=False).host == host
        return
    with pytest.raises(UrlRefused):
        parse(f"https://{host}/", allow_http=False)


@pytest.mark.parametrize("url", ["http://idp.example/", "HTTP://idp.example"])
def test_plain_http_is_for_development_only(url):
    with pytest.raises(SchemeRefused, match="needs https"):
        parse(url, allow_http=False)
    assert parse(url, allow_http=True).port == 80


@pytest.mark.parametrize(
    "url",
    [
        "ftp://idp.example/",
        "file:///etc/passwd",
        "gopher://idp.example:70/",
        "//idp.example/",
        "idp.example",
        "",
        "data:,x",
    ],
)
def test_other_schemes_are_refused(url):
    with pytest.raises((SchemeRefused, UrlRefused)):
        parse(url, allow_http=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https:///path",
        "https:idp.example",
        "https:/idp.example",
        "https://?query",
        "https://:443/",
        "https://user@idp.example/",
        "https://user:hunter2@idp.example/",
        "https://@idp.example/",
        "https://idp.example@169.254.169.254/",
        "https://idp.example:443@evil.example/",
        "https://idp.example\\@evil.example/",
        "https://evil.example\\.idp.example/",
        "https://idp.example#@evil.example/",
        "https://idp.example/#fragment",
        "https://idp.example/#",
        " https://idp.example/",
        "https://idp.example/ ",
        "https://idp.example/a b",
        "https://idp.example/\r\nX: y",
        "https://idp\t.example/",
        "https://idp.example/\0",
        "https://idp.example\x7f/",
        "https://idp.example:0/",
        "https://idp.example:65536/",
        "https://idp.example:/",
        "https://idp.example:+443/",
        "https://idp.example:4_43/",
        "https://idp.example:99999999999/",
        "https://idp.example:443:443/",
        "https://idp.example:port/",
        "https://idp..example/",
        "https://.example/",
        "https://./",
        "https://-idp.example/",
        "https://idp-.example/",
        "https://idp%2eexample/",
        "https://%31%32%37.0.0.1/",
        "https://idp,example/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 127 + "example/",
        "https://müller.example/",
        "https://127。0。0。1/",
        "https://127\uff0e0\uff0e0\uff0e1/",
        "https://①②⑦.⓪.⓪.①/",
        "https://ⓛocalhost/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0x7f000001/",
        "https://0x/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://127.0.0.1./",
        "https://127.0.0.256/",
        "https://127.0.0.0x1/",
        "https://1.2.3.4.5/",
        "https://[::1/",
        "https://::1/",
        "https://[::1]x/",
        "https://[::1]]/",
        "https://x[::1]/",
        "https://[]/",
        "https://[127.0.0.1]/",
        "https://[v1.x]/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
    ],
)
def test_a_url_that_two_readers_could_read_differently_is_refused(url):
    with pytest.raises(UrlRefused) as refused:
        parse(url, allow_http=True)
    assert not any(word in refused.value.detail for word in ("evil", "hunter2", "127", "example"))


@given(st.text() | st.text(alphabet="htps:/@[]%.#?0127x\\ ").map("https://".__add__))
def test_no_text_raises_anything_but_a_refusal(text):
    try:
        target = parse(text, allow_http=False)
    except OutboundError:
        return
    assert target.host
    assert 1 <= target.port <= 65535
