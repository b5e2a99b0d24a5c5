"""The claims of a sign-in are kept masked and encrypted, with the statement that ends the attempt."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.models import SignInAttempt

pytestmark = pytest.mark.usefixtures("provider")


def test_they_are_nowhere_in_clear(op, visitor):
    op.id_token.claims["access_token"] = "s3cret"
    visitor.sign_in(op)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM providers_signinattempt")
        row = str(cursor.fetchall())
    assert "alice" not in row
    attempt = SignInAttempt.objects.get()
    assert attempt.claims_shown["email"] == "alice@corp.example"
    assert "s3cret" not in attempt.claims
    assert attempt.trace.keys() == {"timings"}


def test_what_userinfo_says_of_a_token_is_not_among_them(op, visitor):
    """The ID token has the last word about itself, also where it leaves a claim out."""
    about = {
        "auth_time": 1,
        "acr": "gold",
        "amr": ["mfa"],
        "azp": "another",
        "sid": "another",
        "exp": 1,
        "iat": 1,
    }
    op.userinfo.claims.update(about | {"aud": "another", "iss": "https://elsewhere.example", "nbf": 1})
    op.userinfo.claims["department"] = "Research"
    visitor.sign_in(op)
    kept = SignInAttempt.objects.get().claims_shown
    assert kept["department"] == "Research"
    assert (kept["iss"], kept["aud"]) == (op.issuer, op.client.client_id)
    assert not [name for name, value in about.items() if kept.get(name) == value]


def test_they_cost_no_statement(op, visitor):
    callback = op.visit(visitor.leave())
    with CaptureQueriesContext(connection) as captured:
        visitor.arrive(callback)
    updates = [q["sql"] for q in captured if q["sql"].startswith('UPDATE "providers_signinattempt"')]
    assert len(updates) == 2  # used up, and ended
    assert '"claims" = ' in updates[1]


def test_what_was_never_proven_is_not_kept(op, visitor):
    op.id_token.break_signature()
    visitor.sign_in(op)
    attempt = SignInAttempt.objects.get()
    assert (attempt.claims, attempt.claims_shown) == (None, {})


def test_they_move_to_the_newest_key_with_everything_else(op, visitor, capsys):
    visitor.sign_in(op)
    call_command("reencrypt")
    assert "SignInAttempt.claims" in capsys.readouterr().out
