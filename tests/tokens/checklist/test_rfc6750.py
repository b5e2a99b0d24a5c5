"""RFC 6750 at the REST API: how a bearer token is shown, and how it is refused."""

from datetime import timedelta

import pytest
from tokens_cast import problem

from tests.support.leaks import assert_without
from tokens.bots.services import GrantSpec, save_bot
from tokens.records.revocation import revoke_token
from tokens.records.services import issue_token


@pytest.fixture
def reader(bot, console, by):
    """A record and a token that may read, and nothing else."""
    save_bot(bot=bot, grants=[GrantSpec(console, ["console.read"])], by=by)
    return issue_token(bot=bot, audience=console, scopes=None, lifetime=timedelta(hours=1), by=by)


def bearer(token, scheme="Bearer"):
    return {"HTTP_AUTHORIZATION": f"{scheme} {token}"}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_6750_2_1_a_token_in_the_header_is_taken(anybody, reader, scheme):
    assert anybody.get("/api/v1/bots", **bearer(reader[1], scheme)).status_code == 200


def test_6750_3_1_without_a_token_nothing_is_said_of_an_error(anybody, db):
    answer = anybody.get("/api/v1/bots")
    problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="console"'


@pytest.mark.parametrize("bad", ["", "x", "a.b.c", "two words", "a" * 20_000])
def test_6750_3_1_a_bad_token_is_invalid_token(anybody, db, bad):
    answer = anybody.get("/api/v1/bots", **bearer(bad))
    problem(answer, 401, "invalid_token")
    assert answer["WWW-Authenticate"] == 'Bearer realm="console", error="invalid_token"'


def test_6750_3_1_a_revoked_token_is_invalid_token(anybody, reader, by):
    record, token = reader
    revoke_token(record=record, by=by)
    problem(anybody.get("/api/v1/bots", **bearer(token)), 401, "invalid_token")


def test_6750_3_1_too_little_scope_is_insufficient_scope_and_names_what_is_needed(anybody, reader):
    answer = anybody.post("/api/v1/bots", {"name": "x"}, **bearer(reader[1]))
    problem(answer, 403, "insufficient_scope")
    assert answer["WWW-Authenticate"] == (
        'Bearer realm="console", error="insufficient_scope", scope="console.write"'
    )


@pytest.mark.parametrize("with_header", [True, False])
def test_6750_2_3_a_token_in_the_url_is_never_taken_not_even_beside_the_header(anybody, reader, with_header):
    header = bearer(reader[1]) if with_header else {}
    answer = anybody.get(f"/api/v1/bots?access_token={reader[1]}", **header)
    problem(answer, 400, "invalid_request")
    assert answer["WWW-Authenticate"] == 'Bearer realm="console", error="invalid_request"'
    assert_without(answer.content, reader[1])


def test_6750_2_2_a_token_in_a_form_is_not_taken(anybody, reader):
    answer = anybody.post(
        "/api/v1/bots", f"access_token={reader[1]}", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 401


def test_6750_5_3_no_answer_is_kept_by_a_cache(anybody, reader):
    assert anybody.get("/api/v1/bots", **bearer(reader[1]))["Cache-Control"] == "no-store"
