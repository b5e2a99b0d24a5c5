"""Grammars and forms: whatever a stranger sends ends in a value or in our own error."""

import base64
import string
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokens_cast import basic

from tokens.errors import (
    InvalidClient,
    InvalidRequest,
    LifetimeInvalid,
    NetworkInvalid,
    RequestTooLarge,
    RoleInvalid,
    ScopeMalformed,
    SecretTooWeak,
)
from tokens.protocol.access_token import parse_lifetime, parse_lifetime_text
from tokens.protocol.client_authentication import (
    check_strength,
    format_client_secret,
    has_our_form,
    hint_of,
    parse_basic,
)
from tokens.protocol.form import parse_form, read_charset
from tokens.protocol.networks import check_networks, is_allowed
from tokens.protocol.scopes import check_roles, check_scopes, is_resource, parse_scope

few = settings(max_examples=50, deadline=None)


@few
@given(st.binary(max_size=200))
def test_any_body_is_a_form_or_refused(body):
    try:
        form = parse_form(body)
    except InvalidRequest:
        return
    assert all(len(values) == 1 and values[0] for values in form.values.values())


@few
@given(st.dictionaries(st.text(max_size=10), st.text(min_size=1, max_size=10), max_size=5))
def test_what_is_encoded_is_decoded(parameters):
    from urllib.parse import urlencode

    try:
        form = parse_form(urlencode(parameters).encode())
    except (InvalidRequest, UnicodeEncodeError):
        assert any("\0" in text for pair in parameters.items() for text in pair)
    else:
        assert form.values == {name: [value] for name, value in parameters.items()}


@few
@given(st.text(max_size=100))
def test_any_header_is_a_client_or_refused(text):
    for header in (text, f"Basic {text}"):
        try:
            client = parse_basic(header)
        except InvalidClient:
            continue
        assert client.unverified_client_id
        assert all(client.unverified_client_secrets)
        assert 1 <= len(client.unverified_client_secrets) <= 2


printable = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@few
@given(printable, printable)
def test_basic_keeps_every_id_and_secret(client_id, client_secret):
    client = parse_basic(basic(client_id, client_secret))
    assert (client.unverified_client_id, client.unverified_client_secrets[0]) == (client_id, client_secret)
    assert client_secret not in repr(client) or client_secret in client_id or len(client_secret) < 8


@pytest.mark.parametrize("scheme", ["Digest", "Bearer", "Basi", "Basics", "", "Negotiate"])
def test_what_is_basic_by_another_name_is_no_client(scheme):
    encoded = basic("ingestion-bot", "secret").removeprefix("Basic ")
    for spelling in ("Basic", "basic", "BASIC"):
        assert parse_basic(f"{spelling} {encoded}").unverified_client_id == "ingestion-bot"
    with pytest.raises(InvalidClient):
        parse_basic(f"{scheme} {encoded}")


def as_it_stands(client_id, client_secret):
    """What `curl -u` sends: no encoding beneath base64 (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()


@few
@given(printable)
def test_a_secret_is_also_read_as_it_stands(client_secret):
    client = parse_basic(as_it_stands("ingestion-bot", client_secret))
    assert client.unverified_client_id == "ingestion-bot"
    assert client_secret in client.unverified_client_secrets


@pytest.mark.parametrize(
    ("sent", "readings"),
    [
        ("plain", ("plain",)),
        ("a:b", ("a:b",)),
        ("a+b", ("a b", "a+b")),
        ("a%2Bb", ("a+b", "a%2Bb")),
        ("a%b", ("a%b",)),
        ("100%", ("100%",)),
        ("a%00b", ("a%00b",)),
        ("a%ffb", ("a%ffb",)),
    ],
)
def test_only_a_plus_or_percent_sign_can_be_read_in_two_ways(sent, readings):
    assert parse_basic(as_it_stands("ingestion-bot", sent)).unverified_client_secrets == readings


@pytest.mark.parametrize("name", ["", "a%", "a%ff", "a%00"])
def test_a_name_is_read_in_one_way(name):
    with pytest.raises(InvalidClient):
        parse_basic(as_it_stands(name, "secret"))


@pytest.mark.parametrize("stray", ["!", "\n", " ", "-", "_", "\u00fc", "=", "\0"])
def test_a_header_with_anything_in_it_that_is_no_base64_is_refused(stray):
    """Two spellings of one secret would be counted, masked and compared as two."""
    good = basic("ingestion-bot", "secret")
    assert parse_basic(good).unverified_client_secrets == ("secret",)
    for place in (8, 12, len(good) - 6):
        with pytest.raises(InvalidClient):
            parse_basic(good[:place] + stray + good[place:])


@few
@given(st.binary(min_size=32, max_size=32))
def test_a_generated_secret_is_recognised_and_a_damaged_one_is_not(random):
    secret = format_client_secret(random)
    assert len(secret) == 54
    assert has_our_form(secret)
    assert not has_our_form(secret[:-1])
    damaged = secret[:20] + ("A" if secret[20] != "A" else "B") + secret[21:]
    assert not has_our_form(damaged)
    assert not has_our_form(secret + "0")
    assert not has_our_form(secret[:-6] + "0" * 6)
    assert secret not in hint_of(secret)


@pytest.mark.parametrize(
    ("body", "ours"), [("ghp_0" + "A" * 43, False), ("ssoc_" + "A" * 44, False), ("ssoc_" + "A" * 43, True)]
)
def test_a_secret_of_somebody_elses_make_is_not_taken_for_ours(body, ours):
    """The checksum alone does not say whose it is."""
    checksum, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        checksum, digit = divmod(checksum, 62)
        digits = (string.digits + string.ascii_uppercase + string.ascii_lowercase)[digit] + digits
    assert has_our_form(body + digits) is ours


def test_a_generated_secret_is_strong():
    import secrets

    check_strength(format_client_secret(secrets.token_bytes(32)))
    with pytest.raises(ValueError, match="32 random bytes"):
        format_client_secret(b"short")


VARIED = string.digits + string.ascii_letters


@pytest.mark.parametrize(("length", "is_taken"), [(31, False), (32, True), (512, True), (513, False)])
def test_a_given_secret_has_so_many_characters_and_no_more(length, is_taken):
    given_secret = (VARIED * 9)[:length]
    if is_taken:
        check_strength(given_secret)
        return
    with pytest.raises(SecretTooWeak) as refused:
        check_strength(given_secret)
    assert refused.value.expected == "32 to 512 printable characters"


@pytest.mark.parametrize("stray", ["\n", "\0", "\x7f", "\u200b"])
def test_a_given_secret_has_nothing_in_it_that_is_not_printed(stray):
    check_strength(VARIED)
    with pytest.raises(SecretTooWeak):
        check_strength(VARIED + stray)


def test_a_given_secret_needs_90_bits():
    check_strength("abcdefgh" * 4)  # eight letters, equally often, are 3 bits each
    with pytest.raises(SecretTooWeak) as refused:
        check_strength("abcdefg" * 4 + "abcd")  # 89.6 bits
    assert "bits" in refused.value.expected


def test_the_hint_of_a_given_secret_shows_less():
    assert hint_of("x7Kq" + "a" * 30 + "9Zt") == "x7K…9Zt"


@few
@given(st.text(max_size=30))
def test_any_scope_is_in_the_grammar_or_refused(text):
    try:
        scopes = parse_scope(text)
    except ScopeMalformed:
        return
    assert scopes
    assert all(0x21 <= ord(c) <= 0x7E and c not in '"\\' for scope in scopes for c in scope)


def test_values_come_once_and_in_order():
    assert parse_scope("b a b") == ["b", "a"]


@pytest.mark.parametrize("text", [" a b", "a b ", "a  b", "a\tb", "a b\n", "\r\n a \n b \n", " a b a "])
def test_stray_blanks_are_no_scopes(text):
    assert parse_scope(text) == ["a", "b"]


@pytest.mark.parametrize("text", ["", " ", " \n", "a\u00a0b", "a\u2028b", "a\x0bb", "a,b\x00"])
def test_nothing_but_blanks_and_other_separators_are_malformed(text):
    with pytest.raises(ScopeMalformed):
        parse_scope(text)
    assert check_roles(["x", "y", "x"]) == ["x", "y"]


@pytest.mark.parametrize("scopes", [[""], [7], [None], ["a" * 256], ["a b"]])
def test_what_is_no_scope_is_refused(scopes):
    with pytest.raises(ScopeMalformed):
        check_scopes(scopes)


@pytest.mark.parametrize("roles", [[""], [7], ["a\n"], ["a" * 101]])
def test_what_is_no_role_is_refused(roles):
    with pytest.raises(RoleInvalid):
        check_roles(roles)


@few
@given(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.none()))
)
def test_any_lifetime_is_one_or_refused(value):
    for parse in (parse_lifetime, lambda v: parse_lifetime_text(str(v))):
        try:
            lifetime = parse(value)
        except LifetimeInvalid:
            continue
        assert lifetime is None or lifetime.total_seconds() >= 1


def test_a_command_line_means_words_first():
    assert parse_lifetime_text("30").days == 30
    assert parse_lifetime_text("31").total_seconds() == 31
    assert parse_lifetime_text("Unlimited") is None


@few
@given(st.text(max_size=60))
def test_any_text_is_a_resource_or_not(text):
    assert is_resource(text) in (True, False)
    assert is_resource(f"https://{text}#x") is False


@pytest.mark.parametrize(
    ("address", "networks", "allowed"),
    [
        ("192.0.2.7", [], True),
        (None, [], True),
        ("192.0.2.7", ["192.0.2.0/24"], True),
        ("::ffff:192.0.2.7", ["192.0.2.0/24"], True),
        ("192.0.3.7", ["192.0.2.0/24"], False),
        ("2001:db8::1", ["192.0.2.0/24", "2001:db8::/32"], True),
        (None, ["192.0.2.0/24"], False),
        ("", ["0.0.0.0/0"], False),
        ("nonsense", ["0.0.0.0/0"], False),
        ("192.0.2.7", ["nonsense"], False),
        ("192.0.2.7", None, False),
        ("192.0.2.7", 7, False),
        ("192.0.2.7", "", False),
    ],
)
def test_networks_fail_closed(address, networks, allowed):
    assert is_allowed(address, networks) is allowed


@pytest.mark.parametrize(
    "body", [b"a=x&a=y", b"a=x&a=", b"a=&a=x", b"a=&a=", b"a&a", b"a=x&%61=y", b"b=&a=x&b=y"]
)
def test_a_name_comes_once_with_or_without_a_value(body):
    with pytest.raises(InvalidRequest) as refused:
        parse_form(body)
    assert "more than once" in refused.value.message


@pytest.mark.parametrize("body", [b"a=%00", b"a%00=x", b"a=x%00y", b"a=\0", b"b=x&a=%00"])
def test_a_form_holds_no_nul(body):
    with pytest.raises(InvalidRequest) as refused:
        parse_form(body)
    assert "NUL" in refused.value.message


def test_a_form_has_so_many_bytes_and_parameters_and_no_more():
    assert parse_form(b"a=" + b"x" * 65_534).one("a")
    assert len(parse_form(b"&".join(b"p%d=x" % number for number in range(200))).values) == 200
    for body in (b"a=" + b"x" * 65_535, b"&".join(b"p%d=x" % number for number in range(201))):
        with pytest.raises(RequestTooLarge):
            parse_form(body)


@pytest.mark.parametrize(
    ("charset", "read"),
    [
        *(("utf-8", "utf-8"), ("UTF8", "utf-8"), ('"utf-8"', "utf-8"), (None, "utf-8")),
        *(("utf_8", "utf-8"), ("'utf-8'", "utf-8"), ('""', "utf-8")),
        *(("iso-8859-1", "ascii"), ("ISO-8859-1", "ascii"), ('"us-ascii"', "ascii"), ("latin1", "ascii")),
        *(("ISO8859_1", "ascii"), ("latin-1", "ascii"), ("ISO-8859-15", "ascii"), ("windows-1252", "ascii")),
    ],
)
def test_a_body_in_a_charset_that_is_utf_8_or_reads_ascii_alike_is_read(charset, read):
    named = f"; charset={charset}" if charset else ""
    assert read_charset(f"application/x-www-form-urlencoded{named}") == read


def test_of_another_charset_only_ascii_is_certain():
    assert parse_form(b"scope=a%20b&resource=https%3A%2F%2Fa", charset="ascii").one("scope") == "a b"
    assert parse_form(b"scope=%C3%BC").one("scope") == "\u00fc"
    for body in (b"scope=%C3%BC", b"%C3%BC=a", b"scope=%FC"):
        with pytest.raises(InvalidRequest):
            parse_form(body, charset="ascii")


@pytest.mark.parametrize(
    "body",
    [b"\xef\xbb\xbfa=x", b"a=x\n", b"a=x\r\n", b"\r\na=x", b"\xef\xbb\xbfa=x\r\n", b"\xef\xbb\xbf\na=x&\n"],
)
def test_what_an_editor_leaves_around_a_body_is_no_part_of_it(body):
    assert parse_form(body).values == {"a": ["x"]}


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (b"a=%EF%BB%BFx%0A", {"a": ["\ufeffx\n"]}),
        (b"%EF%BB%BFa=x", {"\ufeffa": ["x"]}),
        (b"a=x\n&b=y", {"a": ["x\n"], "b": ["y"]}),
        (b"a= x ", {"a": [" x "]}),
        (b"\xef\xbb\xbf\xef\xbb\xbfa=x", {"\ufeffa": ["x"]}),
    ],
)
def test_what_is_encoded_or_within_it_stays(body, values):
    assert parse_form(body).values == values


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded; charset=koi8-r",
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/x-www-form-urlencoded; charset=utf-7",
        "text/plain; application/x-www-form-urlencoded",
    ],
)
def test_a_body_in_another_form_or_encoding_is_refused(content_type):
    with pytest.raises(InvalidRequest):
        read_charset(content_type)


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("https://a.example", True),
        ("urn:x:y", True),
        ("https://a.example/" + "x" * 237, True),
        ("https://a.example/" + "x" * 238, False),
        ("https://mallory@a.example", False),
        ("https://:password@a.example", False),
        ("https://", False),
        ("//a.example", False),
        ("https://a.example/ x", False),
        ("https://a.example/\u00fc", False),
        ("https://[x", False),
        ("", False),
    ],
)
def test_an_identifier_is_an_absolute_uri_without_anybodys_name_in_it(value, fits):
    assert is_resource(value) is fits


@pytest.mark.parametrize("value", [True, False, 0, -1, 3_155_760_001, "2", "unlimited", "", None, 1.0, [1]])
def test_what_is_no_lifetime_is_refused(value):
    with pytest.raises(LifetimeInvalid):
        parse_lifetime(value)


def test_the_longest_lifetime_is_a_century_and_the_shortest_a_second():
    assert parse_lifetime(3_155_760_000).days == 36_525
    assert parse_lifetime(1).total_seconds() == 1
    assert parse_lifetime("1").days == 1


def test_scopes_and_roles_have_their_longest():
    assert parse_scope(" ".join(["a" * 255] * 7 + ["b" * 201]))
    for refused in (" ".join(["a" * 250] * 8), " ".join(["a"] * 1_001), "a" * 256):
        with pytest.raises(ScopeMalformed):
            parse_scope(refused)
    assert check_roles(["a" * 100, "Data admins"])
    for role in ("a\u200b", "a\n", "a\u2028", "\u202e"):
        with pytest.raises(RoleInvalid):
            check_roles([role])


@pytest.mark.parametrize("network", ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "::1/64", "localhost", "", 7])
def test_a_network_is_what_it_says_or_refused(network):
    """Bits behind the prefix are a mistake: nobody knows whether one machine was meant, or all."""
    with pytest.raises(NetworkInvalid, match="is a CIDR range such as"):
        check_networks([network])


def test_networks_are_kept_in_one_spelling():
    assert check_networks([" 10.0.0.0/8 ", "10.0.0.0/8", "192.0.2.7", "2001:DB8::/32"]) == [
        "10.0.0.0/8",
        "192.0.2.7/32",
        "2001:db8::/32",
    ]
