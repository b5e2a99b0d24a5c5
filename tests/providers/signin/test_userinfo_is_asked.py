"""When userinfo is asked: always, only for mapped claims that the ID token lacks, or never."""

import pytest

from tests.providers.refresh.checked_sessions import DUE, by_token, is_live, later
from tests.providers.signin.journey import assert_refused, register

CLAIMS = {"email": "alice@corp.example", "name": "Alice Example", "groups": ["staff"]}


def asked(op):
    return len(op.requests_to("userinfo"))


@pytest.mark.parametrize(
    ("userinfo", "claims", "fields", "times"),
    [
        ("always", CLAIMS, {}, 1),
        ("always", {}, {}, 1),
        ("when_needed", CLAIMS, {}, 0),
        ("when_needed", {"email": "alice@corp.example"}, {}, 1),
        ("when_needed", CLAIMS | {"groups": []}, {}, 0),
        ("when_needed", {**CLAIMS, "groups": None}, {}, 1),
        ("when_needed", {**CLAIMS, "groups": ""}, {}, 1),
        ("when_needed", {**CLAIMS, "email": ""}, {}, 1),
        ("when_needed", {**CLAIMS, "name": ""}, {"mapping": {"name": "name, nickname"}}, 1),
        ("when_needed", CLAIMS, {"mapping": {"groups": "roles"}}, 1),
        ("when_needed", CLAIMS, {"mapping": {"groups": "roles, groups"}}, 0),
        ("when_needed", CLAIMS, {"mapping": {"groups": ""}}, 0),
        ("when_needed", CLAIMS, {"mapping": {"email_verified": "xms_edov"}}, 1),
        ("when_needed", CLAIMS, {"principal_claims": ["upn"], "mapping": {}}, 1),
        ("when_needed", CLAIMS, {"principal_claims": ["upn", "email"], "mapping": {}}, 0),
        ("never", CLAIMS, {}, 0),
    ],
)
def test_it_is_asked_as_the_registration_says(op, visitor, userinfo, claims, fields, times):
    register(op, userinfo=userinfo, **fields)
    op.id_token.claims |= {name: value for name, value in claims.items() if value is not None}
    op.userinfo.claims |= {"upn": "alice@corp.example"}
    assert visitor.sign_in(op).status_code == 302
    assert asked(op) == times


@pytest.mark.parametrize("status", [401, 403, 500, 503])
@pytest.mark.parametrize("userinfo", ["when_needed", "never"])
def test_an_endpoint_that_fails_keeps_nobody_out_who_needs_it_not(op, visitor, userinfo, status):
    register(op, userinfo=userinfo)
    op.id_token.claims |= CLAIMS
    op.userinfo.respond(status)
    assert visitor.sign_in(op).status_code == 302


def test_one_that_is_needed_still_has_to_answer(op, visitor):
    register(op, userinfo="when_needed")
    op.userinfo.respond(403)
    assert_refused(visitor.sign_in(op), "userinfo_error", 502)


@pytest.mark.parametrize(("userinfo", "times"), [("always", 2), ("when_needed", 0), ("never", 0)])
def test_a_check_by_refresh_token_asks_as_the_sign_in_did(op, visitor, userinfo, times):
    by_token(op, userinfo=userinfo)
    op.id_token.claims |= CLAIMS
    op.refreshed_id_token.claims |= CLAIMS
    visitor.sign_in(op)
    with later(DUE):
        visitor.client.get("/account")
    assert (is_live(), asked(op)) == (True, times)
