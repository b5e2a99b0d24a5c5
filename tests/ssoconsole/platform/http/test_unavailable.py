"""Without its database the console says so at every door, in that door's form, and when to come back."""

import pytest
from django.db import InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.support.leaks import assert_without

SECRET = "postgres://console:hunter2@db.internal"
COOKIE = {"session": "x" * 32}


@pytest.fixture
def patch(db):
    """Undone before the database of the test is."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture
def away(patch, client):
    """The database does not answer; the browser has a session that only the database knows."""
    client.cookies.load(COOKIE)
    client.raise_request_exception = False

    def go(error=OperationalError):
        def refuse(*args, **kwargs):
            raise error(SECRET)

        patch.setattr(BaseDatabaseWrapper, "cursor", refuse)
        return client

    return go


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize(
    "path", ["/", "/account", "/admin/", "/signin", "/signed-out", "/signin/corp", "/callback/corp"]
)
def test_people_get_a_page(away, path, error):
    response = away(error).get(path)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "no-store" in response["Cache-Control"]
    assert response["Content-Type"].startswith("text/html")
    page = response.content.decode()
    assert "<main" in page
    assert_without(page, "hunter2")
    assert "style=" not in page


@pytest.mark.parametrize("path", ["/signin", "/signin/corp", "/callback/corp?state=a&code=b"])
def test_so_does_who_has_no_session_yet(away, path):
    client = away()
    client.cookies.clear()
    response = client.get(path)
    assert (response.status_code, response["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("path", ["/api/v1/bots", "/api/v1/events"])
def test_programs_get_a_problem(away, path):
    response = away().get(path)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "temporarily_unavailable"
    assert response.json()["status"] == 503


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
def test_bots_get_an_error_of_their_protocol(away, path):
    response = away().post(path, "grant_type=client_credentials&token=x", "application/x-www-form-urlencoded")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json()["error"] == "temporarily_unavailable"


def test_the_log_has_one_line_and_no_secret(away, caplog):
    away().get("/account")
    said = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(said) == 1
    assert_without(caplog.text, "hunter2")


def test_any_other_failure_is_still_ours(client, patch):
    def fail(*args, **kwargs):
        raise ZeroDivisionError

    client.raise_request_exception = False
    client.cookies.load(COOKIE)
    patch.setattr(BaseDatabaseWrapper, "cursor", fail)
    response = client.get("/account")
    assert response.status_code == 500
    assert "Something went wrong here" in response.content.decode()
