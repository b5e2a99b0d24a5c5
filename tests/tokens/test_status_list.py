"""GET /oauth/status/<n>: the list that tokens point to, and how it is kept (draft-ietf-oauth-status-list-21)."""

import gzip
import time
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import KeySet
from tokens_cast import BASE_URL, claims_in, status_bit

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.support.revoked import revoke_by_hand
from tokens.bots.services import GrantSpec, disable_bot, save_bot
from tokens.keys.services import compromise_signing_key, private_keys
from tokens.models import Bot, SigningKey, StatusList, TokenRecord
from tokens.protocol.status_list import decode
from tokens.records.revocation import revoke_token, revoke_tokens_of_bot
from tokens.records.services import LONG_LIVED, issue_token
from tokens.status import published, services
from tokens.status.published import dead_numbers
from tokens.status.services import SIZE, ensure_status_list, find_status_list, forget_status_lists, status_of

LIST = "/oauth/status/0"
BY = Actor.command("test")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_lists():
    forget_status_lists()
    yield
    forget_status_lists()


@pytest.fixture
def revoke(django_capture_on_commit_callbacks):
    def one(record):
        with django_capture_on_commit_callbacks(execute=True):
            assert revoke_token(record=record, by=BY)

    return one


@pytest.fixture
def issue(bot, audience):
    def one():
        record, token = issue_token(
            bot=bot, audience=audience, scopes=None, lifetime=timedelta(hours=1), by=BY
        )
        return record, token

    return one


@pytest.fixture
def issue_for(bot, openmetadata):
    """To an audience that sets no limit, for any time."""
    save_bot(bot=bot, grants=[GrantSpec(openmetadata, [])], by=BY)

    def one(lifetime):
        return issue_token(bot=bot, audience=openmetadata, scopes=None, lifetime=lifetime, by=BY)[0]

    return one


def revoke_the_token(record):
    assert revoke_token(record=record, by=BY)


def disable_the_bot(record):
    assert disable_bot(bot=record.bot, by=BY)


def verified(oauth, path=LIST):
    """What an API does that knows only the console's keys: an independent library."""
    keys = KeySet.import_key_set(oauth.http.get("/.well-known/jwks.json").json())
    return jwt.decode(oauth.http.get(path).content.decode(), keys, algorithms=["ES256"])


def set_bits(token):
    packed = decode(token.claims["status_list"]["lst"], length=SIZE // 8)
    return int.from_bytes(packed, "little").bit_count()


def test_the_list_is_signed_and_says_what_it_is(oauth, token):
    answer = oauth.http.get(LIST)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/statuslist+jwt"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cache-Control"] == "public, max-age=5"
    status = verified(oauth)
    assert status.header == {
        "alg": "ES256",
        "typ": "statuslist+jwt",
        "kid": SigningKey.objects.signing().get(alg="ES256").kid,
    }
    claims = status.claims
    assert set(claims) == {"sub", "iat", "exp", "ttl", "status_list"}
    assert claims["sub"] == f"{BASE_URL}/oauth/status/0" == claims_in(token)["status"]["status_list"]["uri"]
    assert claims["ttl"] == 60
    assert claims["exp"] - claims["iat"] == 900
    assert claims["status_list"]["bits"] == 1
    assert set_bits(status) == 0


def test_a_token_of_either_profile_has_its_place(oauth, bot, me, openmetadata, audience, by):
    save_bot(bot=bot, grants=[GrantSpec(audience, []), GrantSpec(openmetadata, [])], by=by)
    for api in (audience, openmetadata):
        record, token = issue_token(bot=bot, audience=api, scopes=None, lifetime=timedelta(hours=1), by=by)
        assert claims_in(token)["status"] == status_of(record.number, by=by)
        assert 0 <= claims_in(token)["status"]["status_list"]["idx"] < SIZE


def test_a_revocation_is_in_the_very_next_answer(oauth, issue, revoke):
    (first, one), (_, two) = issue(), issue()
    assert [status_bit(oauth.http, token) for token in (one, two)] == [0, 0]
    before = oauth.http.get(LIST)
    revoke(first)
    assert [status_bit(oauth.http, token) for token in (one, two)] == [1, 0]
    assert oauth.http.get(LIST)["ETag"] != before["ETag"]
    assert set_bits(verified(oauth)) == 1


def test_what_is_rolled_back_has_not_been_revoked(oauth, issue):
    record, token = issue()
    assert status_bit(oauth.http, token) == 0
    with transaction.atomic():
        revoke_token(record=record, by=BY)
        transaction.set_rollback(True)
    assert status_bit(oauth.http, token) == 0


def test_a_revocation_that_the_database_has_not_answered_is_looked_for(oauth, issue, monkeypatch):
    record, token = issue()
    assert status_bit(oauth.http, token) == 0

    def lost(self, *args, **kwargs):
        revoke_by_hand(record)
        raise OperationalError("the connection was lost")

    monkeypatch.setattr("ssoconsole.platform.eventlog.services.AuditedChange.happens", lost)
    with pytest.raises(OperationalError):
        revoke_token(record=record, by=BY)
    assert status_bit(oauth.http, token) == 1


def test_a_process_that_was_not_told_notices_within_seconds(oauth, issue, monkeypatch):
    record, token = issue()
    oauth.http.get(LIST)
    revoke_token(record=record, by=BY)  # by another process, without a shared cache
    assert status_bit(oauth.http, token) == 0
    later = time.monotonic() + services.SIGNED_KEPT
    monkeypatch.setattr("tokens.status.published.time.monotonic", lambda: later)
    assert status_bit(oauth.http, token) == 1
    assert services.KEPT <= 5


@pytest.mark.parametrize("end", [revoke_the_token, disable_the_bot], ids=["a token", "a bot"])
def test_it_is_told_only_once_it_is_committed(oauth, issue, end, django_capture_on_commit_callbacks):
    """Told before, another process would build the list as it was, and keep it as the newest."""
    record, token = issue()
    assert status_bit(oauth.http, token) == 0
    with django_capture_on_commit_callbacks(execute=True):
        end(record)
        assert status_bit(oauth.http, token) == 0  # what was kept is still the newest
    assert status_bit(oauth.http, token) == 1


def test_what_ends_while_a_list_is_built_is_in_the_next_one(oauth, issue, revoke):
    record, token = issue()

    def meanwhile(execute, sql, params, many, context):
        # The revoked have been read by then.
        if 'FROM "tokens_signingkey"' in sql and not TokenRecord.objects.get(pk=record.pk).revoked_at:
            revoke(record)
        return execute(sql, params, many, context)

    ensure_status_list(number=0, by=BY)
    with connection.execute_wrapper(meanwhile):
        assert status_bit(oauth.http, token) == 0
    assert status_bit(oauth.http, token) == 1


def test_what_somebody_else_has_written_into_the_cache_is_no_list(oauth, issue, revoke):
    """Not even one that was signed here: whoever can write to the cache could go on showing the list from before."""
    record, token = issue()
    before = oauth.http.get(LIST).content.decode()
    revoke(record)
    for name in (f"tokens:status-list:{StatusList.objects.get().pk}", f"tokens:status-lists:{BASE_URL}"):
        cache.set(name, [services.current_word(), before])
    assert status_bit(oauth.http, token) == 1
    assert oauth.http.get("/oauth/status").json() == {"status_lists": [f"{BASE_URL}/oauth/status/0"]}


def test_a_list_is_kept_and_costs_no_statement(oauth, issue, revoke):
    revoke(issue()[0])
    first = oauth.http.get(LIST)
    with CaptureQueriesContext(connection) as captured:
        again = oauth.http.get(LIST)
    assert len(captured) == 0, captured.captured_queries
    assert again.content == first.content


def test_building_takes_few_statements_however_many_have_ended(oauth, issue, bot):
    def count():
        cache.clear()
        with CaptureQueriesContext(connection) as captured:
            oauth.http.get(LIST)
        return len(captured)

    issue()
    few = count()
    for _ in range(20):
        issue()
    revoke_tokens_of_bot(bot=bot, by=BY)
    assert count() == few <= 6


def test_who_has_it_already_is_told_so(oauth, token):
    first = oauth.http.get(LIST)
    again = oauth.http.get(LIST, HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]


def test_it_is_compressed_for_those_who_ask(oauth, bot, issue, revoke):
    for _ in range(60):
        revoke(issue()[0])
    plain = oauth.http.get(LIST)
    answer = oauth.http.get(LIST, HTTP_ACCEPT_ENCODING="gzip")
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content) == plain.content
    assert (
        oauth.http.get(LIST, HTTP_ACCEPT_ENCODING="gzip", HTTP_IF_NONE_MATCH=answer["ETag"]).status_code
        == 304
    )


def test_head_is_get_without_the_body(oauth, token):
    answer = oauth.http.head(LIST)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Content-Type"] == "application/statuslist+jwt"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", [LIST, "/oauth/status"])
def test_it_is_only_read(oauth, method, path):
    answer = oauth.http.generic(method, path)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("number", ["1", "999999999", "00", "01", "-1", "1.0", "x", "9999999999", "0/", "٠"])
def test_a_list_that_does_not_exist_is_404(oauth, token, number):
    before = StatusList.objects.count()
    assert oauth.http.get(f"/oauth/status/{number}").status_code == 404
    assert StatusList.objects.count() == before


@pytest.mark.parametrize(("path", "status"), [("/oauth/status/1", 404), (f"{LIST}?time=1", 501)])
def test_a_refusal_is_no_list_and_is_not_kept(oauth, token, path, status):
    answer = oauth.http.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json")
    assert answer.json().keys() == {"error", "error_description"}
    assert answer.json()["error"] == "invalid_request"
    assert (answer["Cache-Control"], answer["Access-Control-Allow-Origin"]) == ("no-store", "*")


def test_the_past_is_not_kept(oauth, token):
    answer = oauth.http.get(f"{LIST}?time=1700000000")
    assert answer.status_code == 501
    assert answer["Cache-Control"] == "no-store"


def test_after_a_compromise_another_key_signs_at_once(oauth, token, django_capture_on_commit_callbacks):
    bad = SigningKey.objects.signing().get(alg="ES256")
    assert verified(oauth).header["kid"] == bad.kid
    with django_capture_on_commit_callbacks(execute=True):
        new = compromise_signing_key(kid=bad.kid, by=BY)
    assert verified(oauth).header["kid"] == new.kid != bad.kid
    assert status_bit(oauth.http, token) == 1


def test_without_a_usable_key_it_is_503(oauth, token, monkeypatch):
    key = SigningKey.objects.signing().get(alg="ES256")
    private_keys.forget(key.kid)
    SigningKey.objects.filter(pk=key.pk).update(private_key="")
    answer = oauth.http.get(LIST)
    assert (answer.status_code, answer["Cache-Control"]) == (503, "no-store")
    assert answer.json()["error"] == "temporarily_unavailable"


def test_without_the_database_there_is_no_list_and_no_lie(oauth, token, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("gone")

    forget_status_lists()
    monkeypatch.setattr("django.db.models.query.QuerySet._fetch_all", away)
    answer = oauth.http.get(LIST)
    assert (answer.status_code, answer["Cache-Control"]) == (503, "no-store")


@pytest.mark.parametrize("broken", ["get", "set", "get_or_set"])
def test_without_the_cache_every_answer_is_built(
    oauth, issue, monkeypatch, broken, django_capture_on_commit_callbacks
):
    record, token = issue()

    def away(*args, **kwargs):
        raise ConnectionError("redis")

    monkeypatch.setattr(cache, broken, away, raising=False)
    assert status_bit(oauth.http, token) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert revoke_token(record=record, by=BY)  # what is revoked stays revoked, whatever the cache does
    assert status_bit(oauth.http, token) == 1
    assert TokenRecord.objects.get().revoked_at


# --- Which list, which place -------------------------------------------------------------------------------


def set_last_number(number):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('tokens_tokenrecord', 'number'), %s)", [max(number, 1)]
            )
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = 'tokens_tokenrecord'")
            cursor.execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES ('tokens_tokenrecord', %s)", [number]
            )


@pytest.fixture
def next_number_is():
    """Let the next token have this number, as after that many tokens."""
    yield lambda number: set_last_number(number - 1)
    set_last_number(0)  # PostgreSQL's sequences know no rollback


def test_the_next_list_begins_where_one_is_full(oauth, issue, revoke, next_number_is):
    next_number_is(SIZE - 1)
    (_, last), (first, token) = issue(), issue()
    uris = [claims_in(one)["status"]["status_list"]["uri"] for one in (last, token)]
    assert uris == [f"{BASE_URL}/oauth/status/0", f"{BASE_URL}/oauth/status/1"]
    assert Event.objects.get(action="status_list_created", target="1")
    revoke(first)
    assert [status_bit(oauth.http, one) for one in (last, token)] == [0, 1]
    assert verified(oauth, "/oauth/status/1").claims["sub"] == uris[1]
    assert set_bits(verified(oauth, "/oauth/status/0")) == 0


def test_two_lists_have_seeds_of_their_own():
    lists = [ensure_status_list(number=number, by=BY) for number in (3, 4)]
    assert len({one.seed for one in lists}) == 2
    assert "seed" not in repr(lists[0])
    raw = str(list(StatusList.objects.values_list("seed", flat=True)))
    assert not any(one.seed.decode() in raw for one in lists)


def test_two_who_make_a_list_at_once_agree_on_one(monkeypatch):
    theirs = ensure_status_list(number=7, by=BY)
    forget_status_lists()
    monkeypatch.setattr(services, "find_status_list", lambda number: None)
    assert ensure_status_list(number=7, by=BY) == theirs
    assert StatusList.objects.filter(number=7).count() == 1
    assert Event.objects.filter(action="status_list_created", target="7").count() == 1


def test_the_database_lets_a_number_be_used_once():
    StatusList.objects.create(number=8, seed="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        StatusList.objects.create(number=8, seed="y")


def test_a_list_that_is_rolled_back_is_not_remembered():
    """Otherwise this process would go on giving out places under a seed that nobody else knows."""
    with transaction.atomic():
        lost = ensure_status_list(number=9, by=BY)
        assert find_status_list(9) == lost
        transaction.set_rollback(True)
    assert find_status_list(9) is None
    assert ensure_status_list(number=9, by=BY).seed != lost.seed


def test_a_list_is_read_once_by_a_process(django_assert_num_queries, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        known = ensure_status_list(number=10, by=BY)
    with django_assert_num_queries(0):
        assert ensure_status_list(number=10, by=BY) == find_status_list(10) == known
    forget_status_lists()
    with django_assert_num_queries(1):
        assert find_status_list(10) == find_status_list(10) == known


# --- Where the lists are -----------------------------------------------------------------------------------


@pytest.fixture
def told(oauth):
    """The numbers of the lists that may hold a live token, at a moment from now."""
    metadata = oauth.http.get("/.well-known/oauth-authorization-server").json()
    path = metadata["status_list_aggregation_endpoint"].removeprefix(BASE_URL)

    def numbers(later=timedelta()):
        cache.clear()
        with time_machine.travel(timezone.now() + later, tick=False):
            answer = oauth.http.get(path)
        assert answer["Content-Type"] == "application/json"
        assert answer["Access-Control-Allow-Origin"] == "*"
        return [uri.rpartition("/")[2] for uri in answer.json()["status_lists"]]

    return numbers


def test_the_lists_that_may_hold_a_live_token_are_told(told, issue, next_number_is):
    assert told() == []
    issue()
    next_number_is(2 * SIZE + 5)
    issue()
    assert told() == ["0", "2"]
    assert told(timedelta(days=2)) == []


def test_a_list_is_told_until_the_last_moment_of_any_token(told, issue_for, next_number_is):
    for place, lifetime in enumerate([timedelta(hours=1), LONG_LIVED, LONG_LIVED + timedelta(hours=1), None]):
        next_number_is(place * SIZE + 5)
        issue_for(lifetime)
    moment = timedelta(seconds=5)
    assert told(timedelta(hours=1) - moment) == ["0", "1", "2", "3"]
    assert set(told(LONG_LIVED - moment)) >= {"1", "2", "3"}
    assert told(LONG_LIVED + timedelta(hours=1) - moment) == ["2", "3"]
    assert told(timedelta(days=5000)) == ["3"]


@pytest.mark.parametrize("lifetime", [timedelta(days=30), None], ids=["a month", "no end"])
def test_a_revocation_ends_what_keeps_an_old_list(told, issue_for, revoke, lifetime):
    record, other = issue_for(lifetime), issue_for(lifetime)
    revoke(record)
    assert told(timedelta(days=2)) == ["0"]
    revoke(other)
    assert told(timedelta(days=2)) == []


def test_where_many_live_long_each_list_from_the_first_record_to_the_last_is_told(
    told, issue_for, next_number_is, monkeypatch
):
    for place, lifetime in ((1, timedelta(hours=1)), (2, timedelta(days=30)), (4, timedelta(days=30))):
        next_number_is(place * SIZE + 5)
        issue_for(lifetime)
    for without in (0, 3, 5):
        ensure_status_list(number=without, by=BY)
    assert told(timedelta(days=2)) == ["2", "4"]
    monkeypatch.setattr(published, "MANY", 2)
    assert told(timedelta(days=2)) == ["1", "2", "3", "4"]


def test_lists_are_found_when_billions_of_tokens_were_issued(told, issue_for, next_number_is):
    next_number_is(20_000 * SIZE)
    issue_for(None)
    assert told(timedelta(days=2)) == ["20000"]


def test_where_the_lists_are_is_kept_for_a_moment(oauth, token, django_assert_num_queries):
    first = oauth.http.get("/oauth/status").json()
    with django_assert_num_queries(0):
        assert oauth.http.get("/oauth/status").json() == first


@pytest.mark.parametrize("number", [0, SIZE - 1])
def test_the_first_and_the_last_token_of_a_list_are_in_it(issue, number):
    record, _ = issue()
    TokenRecord.objects.filter(pk=record.pk).update(number=number)
    revoke_by_hand(TokenRecord.objects.get())
    assert dead_numbers(find_status_list(0), at=timezone.now()) == {number}


@pytest.mark.parametrize("lifetime", [timedelta(hours=1), None], ids=["an hour", "no end"])
def test_of_a_bot_that_was_stopped_every_token_is_dead(bot, openmetadata, by, lifetime):
    save_bot(bot=bot, grants=[GrantSpec(openmetadata, [])], by=by)
    record, _ = issue_token(bot=bot, audience=openmetadata, scopes=None, lifetime=lifetime, by=by)
    disable_bot(bot=bot, by=by)
    assert dead_numbers(find_status_list(0), at=timezone.now()) == {record.number}


def test_a_bot_that_was_stopped_where_nobody_could_say_so_is_found_a_moment_later(issue, monkeypatch):
    passed = [1000.0]
    monkeypatch.setattr("tokens.status.published.time.monotonic", lambda: passed[0])
    record, _ = issue()
    assert dead_numbers(find_status_list(0), at=timezone.now()) == set()
    Bot.objects.update(disabled_at=timezone.now())
    passed[0] += services.KEPT
    assert dead_numbers(find_status_list(0), at=timezone.now()) == {record.number}
