"""Whatever goes wrong in the REST API is told in one form, and what is our own fault is not dressed up."""

import inspect

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.test import Client
from rest_framework import exceptions
from rest_framework.test import APIClient
from tokens_cast import PASSWORD_BACKEND, problem

from ssoconsole.platform.errors import DomainError
from tests.support.leaks import assert_without
from tokens import errors
from tokens.api import problems
from tokens.api.bots import BotsView
from tokens.api.problems import STATUSES, problem_details
from tokens.models import TokenRefusal
from tokens.oauth.answers import ANSWERS, refusal

EVERY_ERROR = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, DomainError)
]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "permission_denied"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.ValidationError({"name": ["x"]}), 400, "invalid"),
        (ValidationError({"name": ["x"]}), 400, "invalid"),
        (ValidationError("x"), 400, "invalid"),
        (OperationalError("secret of the database"), 503, "temporarily_unavailable"),
        (InterfaceError("secret of the database"), 503, "temporarily_unavailable"),
        (errors.NoSigningKey(), 503, "no_signing_key"),
        (errors.InvalidToken(), 401, "invalid_token"),
        (errors.InsufficientScope(), 403, "insufficient_scope"),
    ],
)
def test_every_refusal_is_a_problem(db, error, status, code):
    answer = problem_details(error, {})
    assert (answer.status_code, answer.data["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"
    assert_without(str(answer.data), "secret of the database")
    assert ("Retry-After" in answer) == (status == 503)


def test_a_fault_of_ours_is_not_dressed_up(db):
    assert problem_details(ZeroDivisionError(), {}) is None


@pytest.mark.parametrize("kind", EVERY_ERROR)
def test_every_domain_error_has_a_status_and_a_sentence(db, kind):
    answer = problem_details(kind(), {})
    assert answer.status_code == next(STATUSES[base] for base in kind.__mro__ if base in STATUSES)
    assert answer.data["code"] == kind.code
    assert answer.data["detail"].endswith(".")


def test_no_two_errors_share_a_code_unless_one_is_the_other():
    for kind in EVERY_ERROR:
        for other in EVERY_ERROR:
            if kind.code == other.code and not (issubclass(kind, other) or issubclass(other, kind)):
                pytest.fail(f"{kind.__name__} and {other.__name__} are both {kind.code}")


def test_an_oauth_error_without_an_answer_is_not_answered_wrongly():
    with pytest.raises(errors.BotNameTaken):
        refusal(errors.BotNameTaken())
    assert all(status >= 400 for status, _ in ANSWERS.values())


class RefusedBeforeAnybodyAsksWhoItIsTests:
    """What is not acceptable is refused before the caller is known; asking for the trace must not be a fault."""

    BEARERS = ("bad", "", "e" * 60_000)

    @pytest.mark.parametrize(
        "accept", ["text/html", "image/png", "a/b;q=x", "application/xml, */*;q=0", ";;"]
    )
    @pytest.mark.parametrize("method", ["get", "post", "patch", "delete", "put", "options"])
    def test_a_bad_bearer_is_a_problem(self, db, anybody, bot, accept, method):
        for path in (
            "/api/v1/bots",
            "/api/v1/bots/ingestion-bot",
            "/api/v1/schema",
            "/api/v1/events",
        ):
            for bearer in self.BEARERS:
                headers = {"accept": accept, "authorization": f"Bearer {bearer}"}
                answer = getattr(anybody, method)(path, headers=headers)
                assert answer.status_code in (401, 404, 405, 406), (path, bearer[:9], answer.content)
                assert answer["Content-Type"] == "application/problem+json"
                assert answer["Cache-Control"] == "no-store"

    def test_a_session_without_its_token_is_a_problem_too(self, people, bot):
        strict = APIClient(enforce_csrf_checks=True)
        strict.force_login(people["bob"], PASSWORD_BACKEND)
        answer = strict.patch(
            "/api/v1/bots/ingestion-bot", {"disabled": True}, headers={"accept": "text/html"}
        )
        assert answer.status_code == 406
        assert type(bot).objects.get().disabled_at is None

    @pytest.mark.parametrize("error", [OperationalError, InterfaceError])
    def test_so_is_a_trace_that_cannot_be_written(self, db, anybody, error, monkeypatch):
        def fail(*args, **kwargs):
            raise error("secret of the database")

        monkeypatch.setattr(TokenRefusal, "save", fail)
        problem(anybody.get("/api/v1/bots"), 401, "not_authenticated")

    def test_so_is_a_trace_that_brings_a_fault_to_light(self, db, anybody, monkeypatch):
        monkeypatch.setattr(problems, "presentable", lambda text: 1 / 0)
        problem(anybody.get("/api/v1/bots"), 401, "not_authenticated")


class NowhereTests:
    PATHS = (
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v2/bots",
        "/api/v1/nowhere",
        "/api/v1/bots/",
        "/api/v1/b/\n",
    )

    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch", "head", "options"])
    def test_an_unknown_path_is_a_problem_for_everybody(self, bob, anybody, path, method):
        for client in (bob, anybody, Client(enforce_csrf_checks=True)):
            answer = client.generic(method.upper(), path, b"{}", content_type="application/json")
            assert answer.status_code == 404
            assert answer["Content-Type"] == "application/problem+json"
            assert answer["Cache-Control"] == "no-store"
            if method != "head":
                assert answer.json()["code"] == "not_found"

    @pytest.mark.parametrize("debug", [True, False])
    def test_also_while_developing(self, db, anybody, settings, debug):
        settings.DEBUG = debug
        problem(anybody.get("/api/v1/nowhere", headers={"accept": "text/html"}), 404, "not_found")

    def test_a_name_that_is_none_of_ours_is_a_problem_too(self, db, anybody):
        problem(anybody.get("/api/v1/bots", headers={"host": "evil.example"}), 400, "malformed_request")

    def test_what_is_our_own_fault_is_a_problem_without_a_word_of_it(self, bob, monkeypatch):
        def fail(*args, **kwargs):
            raise ZeroDivisionError("secret of the code")

        monkeypatch.setattr(BotsView, "get", fail)
        bob.raise_request_exception = False
        answer = bob.get("/api/v1/bots")
        problem(answer, 500, "internal_error")
        assert b"secret" not in answer.content
