"""Every outcome has a page, and nothing is ever a 500."""

import pytest
from django.db import connection

from providers.errors import every_outcome
from providers.identities import services
from providers.signin import chooser, completion
from providers.signin.guard import page_of
from ssoconsole.platform.errors import DomainError
from tests.providers.signin.journey import MAIN, assert_refused, outcome_of
from tests.support.leaks import assert_without

OUTCOMES = every_outcome()


def test_every_outcome_has_a_code_of_its_own():
    assert len({outcome.code for outcome in OUTCOMES}) == len(OUTCOMES)


def test_every_status_is_one_that_tells_the_person_something():
    pages = [page_of(outcome) for outcome in OUTCOMES]
    assert {page.status for page in pages} == {400, 403, 429, 502, 503}
    assert all(page.title and page.advice for page in pages)


def test_an_outcome_that_the_table_forgot_looks_like_a_refusal():
    assert page_of(DomainError).status == 400


def test_a_fault_of_ours_is_no_500_and_signs_nobody_in(op, provider, visitor, monkeypatch):
    def breaks(*args, **kwargs):
        raise RuntimeError(f"secret {op.client.client_secret}")

    monkeypatch.setattr(completion, "start_session", breaks)
    assert_refused_by_us(visitor.sign_in(op))
    assert not visitor.is_signed_in()


def assert_refused_by_us(response):
    assert (outcome_of(response), response.status_code) == ("internal_error", 503)


def test_a_fault_of_ours_is_logged_without_its_words(op, provider, visitor, monkeypatch, caplog):
    def breaks(*args, **kwargs):
        raise RuntimeError(f"secret {op.client.client_secret}")

    monkeypatch.setattr(services, "map_claims", breaks)
    assert_refused(visitor.sign_in(op), "internal_error", 503)
    assert "sign_in_broke" in caplog.text
    assert "breaks" in caplog.text
    assert_without(caplog.text, op.client.client_secret)


def test_a_database_that_takes_no_trace_is_no_500(provider, visitor, monkeypatch, caplog):
    def refuses(execute, sql, params, many, context):
        if "signinattempt" in sql and sql.startswith("INSERT"):
            raise connection.Database.OperationalError("disk full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuses):
        response = visitor.client.get("/signin/corp")
    assert_refused_by_us(response)
    assert MAIN.search(response.content.decode()).group(2) in caplog.text
    assert "trace_not_written" in caplog.text


def test_a_fault_while_choosing_is_no_500(provider, visitor, monkeypatch):
    def breaks(last):
        raise KeyError

    monkeypatch.setattr(chooser, "enabled_choices", breaks)
    assert_refused(visitor.client.get("/signin"), "internal_error", 503)


@pytest.mark.parametrize("slug", ["a" * 300, "Ä", "a%00b", "a/b", "../admin", "A_b"])
def test_odd_slugs_are_no_500(db, visitor, slug):
    assert visitor.client.get(f"/signin/{slug}").status_code in {403, 404}
    assert visitor.client.get(f"/callback/{slug}?state=x").status_code in {400, 404}
