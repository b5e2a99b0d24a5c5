"""What is as long as it may be is taken, and one more is not."""

from datetime import timedelta

import pytest
from django.utils import timezone
from tokens_cast import basic

from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import check_unused_days
from tokens.errors import (
    ExpiryInvalid,
    IdentifierInvalid,
    InvalidClient,
    KeysUnavailable,
    LifetimeInvalid,
    RoleInvalid,
    ScopeMalformed,
    SigningKeyRefused,
)
from tokens.models import TokenRecord
from tokens.protocol import status_list
from tokens.protocol.access_token import parse_lifetime, parse_lifetime_text
from tokens.protocol.client_authentication import LONGEST_HEADER, parse_basic
from tokens.protocol.examination.text import check_text
from tokens.protocol.key_file import read_key_file
from tokens.protocol.retirement import evidence_for_retiring, unused_since
from tokens.protocol.scopes import check_identifier, check_roles, check_scopes, is_resource, parse_scope
from tokens.protocol.workload_token import jwks_uri_of
from tokens.records.services import issue_token

CENTURY = 36_525 * 86_400
NOW = timezone.now()
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def scope_of(length):
    return ("x" * 199 + " ") * (length // 200) + "x" * (length % 200)


@pytest.mark.parametrize(
    ("read", "good", "bad", "error"),
    [
        (parse_scope, scope_of(1999), scope_of(2001), ScopeMalformed),
        (parse_scope, "x " + scope_of(1998 - 1) + "y", "x " + scope_of(1999 - 1) + "y", ScopeMalformed),
        (check_scopes, ["x" * 255], ["x" * 256], ScopeMalformed),
        (check_scopes, ["!#[]~"], ['"'], ScopeMalformed),
        (check_scopes, ["x"], ["\\"], ScopeMalformed),
        (check_scopes, ["x"], ["\x7f"], ScopeMalformed),
        (check_scopes, ["x"], [""], ScopeMalformed),
        (check_roles, ["r" * 100], ["r" * 101], RoleInvalid),
        (check_roles, ["r"], [""], RoleInvalid),
        (
            check_identifier,
            "https://a.example/" + "x" * 237,
            "https://a.example/" + "x" * 238,
            IdentifierInvalid,
        ),
        (check_identifier, "urn:x:y", "ftp://a.example", IdentifierInvalid),
        (check_identifier, "https://a.example", "https://user@a.example", IdentifierInvalid),
        (check_identifier, "https://a.example", "https://a.example#x", IdentifierInvalid),
        (parse_lifetime, 1, 0, LifetimeInvalid),
        (parse_lifetime, CENTURY, CENTURY + 1, LifetimeInvalid),
        (parse_lifetime, 1, True, LifetimeInvalid),
        (parse_lifetime_text, str(CENTURY), "9" * 19, LifetimeInvalid),
        (parse_lifetime_text, "2", "9" * 20, LifetimeInvalid),
        (check_unused_days, 1, 0, ExpiryInvalid),
        (check_unused_days, 3_650, 3_651, ExpiryInvalid),
    ],
)
def test_one_more_is_refused(read, good, bad, error):
    read(good)
    with pytest.raises(error):
        read(bad)


def test_a_scope_parameter_has_2000_characters():
    text = "x" * 199 + " "
    assert len(text * 9 + "y" * 200) == 2000
    assert parse_scope(text * 9 + "y" * 200)
    with pytest.raises(ScopeMalformed):
        parse_scope(text * 9 + "y" * 201)


@pytest.mark.parametrize(("more", "is_taken"), [(0, True), (1, False)])
def test_a_header_that_proves_a_client(more, is_taken):
    header = basic("bot", "s").removesuffix("=")
    header = basic("bot", "s" * ((LONGEST_HEADER - len("Basic ")) // 4 * 3 - len("bot:")))
    header += " " * (LONGEST_HEADER - len(header) + more)
    assert len(header) == LONGEST_HEADER + more
    if is_taken:
        assert parse_basic(header).unverified_client_id == "bot"
        return
    with pytest.raises(InvalidClient):
        parse_basic(header)


@pytest.mark.parametrize(("length", "is_taken"), [(512, True), (513, False), (0, False)])
def test_where_a_platform_has_its_keys(length, is_taken):
    uri = ("https://a.example/" + "x" * 600)[:length]
    document = {"issuer": "https://a.example", "jwks_uri": uri}
    if is_taken:
        assert jwks_uri_of(document, issuer="https://a.example") == uri
        return
    with pytest.raises(KeysUnavailable):
        jwks_uri_of(document, issuer="https://a.example")


@pytest.mark.parametrize(("length", "says"), [(65_536, "no key in this file"), (65_537, "too large")])
def test_a_file_with_a_key(length, says):
    with pytest.raises(SigningKeyRefused, match=says):
        read_key_file(b"x" * length)


@pytest.mark.parametrize(("length", "is_ok"), [(1, True), (65_536, True), (65_537, False), (0, False)])
def test_a_token_that_is_examined(length, is_ok):
    assert check_text("x" * length)[0].ok is is_ok


def test_a_resource_is_255_characters():
    assert is_resource("https://a.example/" + "x" * 237)
    assert not is_resource("https://a.example/" + "x" * 238)


class StatusListTests:
    @pytest.mark.parametrize("bits", [1, 2, 4, 8])
    def test_the_first_and_the_last_place_and_status(self, bits):
        highest = 2**bits - 1
        packed = status_list.pack({0: highest, 15: highest}, bits=bits, size=16)
        assert [status_list.status_at(packed, index, bits=bits) for index in (0, 1, 14, 15)] == [
            highest,
            0,
            0,
            highest,
        ]
        for index in (-1, 16):
            with pytest.raises(status_list.StatusListMalformed):
                status_list.status_at(packed, index, bits=bits)
            with pytest.raises(ValueError, match="beyond"):
                status_list.pack({index: 0}, bits=bits, size=16)
        for status in (-1, highest + 1):
            with pytest.raises(ValueError, match="beyond"):
                status_list.pack({0: status}, bits=bits, size=16)

    def test_of_one_bit_a_place_too(self):
        assert status_list.pack_invalid([0, 7], size=8) == b"\x81"
        for index in (-1, 8):
            with pytest.raises(ValueError, match="beyond"):
                status_list.pack_invalid([index], size=8)

    @pytest.mark.parametrize("size", [0, -8, 7, 9])
    def test_a_list_fills_whole_bytes(self, size):
        with pytest.raises(ValueError, match="whole bytes"):
            status_list.pack_invalid([], size=size)
        with pytest.raises(ValueError, match="whole bytes"):
            status_list.pack({}, bits=1, size=size)

    @pytest.mark.parametrize("size", [2, 3, 5, 8, 9, 100])
    def test_places_are_a_permutation_whatever_the_size(self, size):
        places = [status_list.index_of(number, seed=b"seed", size=size) for number in range(size)]
        assert sorted(places) == list(range(size))
        for number in (-1, size):
            with pytest.raises(ValueError, match="beyond the list"):
                status_list.index_of(number, seed=b"seed", size=size)

    @pytest.mark.parametrize(("size", "is_taken"), [(1, False), (2, True), (2**32, True), (2**32 + 1, False)])
    def test_how_large_a_list_may_be(self, size, is_taken):
        if is_taken:
            assert 0 <= status_list.index_of(0, seed=b"seed", size=size) < size
            return
        with pytest.raises(ValueError, match=r"2 to 2\*\*32"):
            status_list.index_of(0, seed=b"seed", size=size)


class RetirementTests:
    @pytest.mark.parametrize(
        ("quiet", "other", "is_safe"),
        [
            (7 * DAY, 6 * DAY, True),
            (7 * DAY - SECOND, 6 * DAY, False),
            (8 * DAY, 8 * DAY, False),
            (8 * DAY, 8 * DAY - SECOND, True),
            (8 * DAY, None, False),
        ],
    )
    @pytest.mark.parametrize("is_used", [True, False])
    def test_a_week_of_quiet_while_another_was_used(self, quiet, other, is_safe, is_used):
        evidence = evidence_for_retiring(
            created_at=NOW - 90 * DAY if is_used else NOW - quiet,
            last_used_at=NOW - quiet if is_used else None,
            other_used_at=NOW - other if other else None,
            at=NOW,
        )
        assert evidence.safe is is_safe

    @pytest.mark.parametrize(("age", "is_over"), [(3 * DAY, True), (3 * DAY - SECOND, False)])
    def test_days_without_use(self, age, is_over):
        used = {"created_at": NOW - 90 * DAY, "last_used_at": NOW - age}
        never = {"created_at": NOW - age, "last_used_at": None}
        for one in (used, never):
            assert unused_since(**one, days=3, at=NOW) is is_over
            assert unused_since(**one, days=None, at=NOW) is False

    @pytest.mark.parametrize(
        ("age", "words"),
        [
            (2 * DAY, "2 days ago"),
            (DAY, "1 day ago"),
            (DAY - SECOND, "23 hours ago"),
            (timedelta(hours=1), "1 hour ago"),
            (timedelta(minutes=1), "1 minute ago"),
            (timedelta(seconds=59), "just now"),
        ],
    )
    def test_how_long_ago_it_was(self, age, words):
        evidence = evidence_for_retiring(created_at=NOW, last_used_at=NOW - age, other_used_at=None, at=NOW)
        assert evidence.sentence == f"Last used {words}: still in use."


@pytest.mark.parametrize(
    ("scopes", "roles", "stays"),
    [
        (["metadata.read", "metadata.write"], ["ingestor"], True),
        (["metadata.read", "metadata.write"], ["ingestor", "another"], True),
        (["metadata.read"], ["ingestor"], False),
        (["metadata.read", "metadata.write"], [], False),
        ([], [], False),
    ],
)
def test_a_grant_that_is_no_narrower_leaves_its_tokens(bot, audience, by, scopes, roles, stays):
    issue_token(bot=bot, audience=audience, scopes=None, lifetime=timedelta(hours=1), by=by)
    save_bot(bot=bot, grants=[GrantSpec(audience, scopes, roles)], by=by)
    assert (TokenRecord.objects.get().revoked_at is None) is stays
