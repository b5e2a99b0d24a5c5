"""Whatever goes wrong in the REST API is told in one form, and what is our own fault is not dressed up."""

import inspect

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions

from ssoconsole.errors import DomainError
from tests.support.leaks import assert_without
from tokens import errors
from tokens.api.problems import STATUSES, problem_details
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
    with pytest.raises(errors.NameTaken):
        refusal(errors.NameTaken())
    assert all(status >= 400 for status, _ in ANSWERS.values())
