"""A console that is opened under another name says so in its own words; the log has both names and the remedy."""

import pytest
from structlog.testing import capture_logs

PATHS = ["/", "/signin", "/admin/", "/callback/corp", "/oauth/token", "/api/v1/bots", "/nowhere"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["sso.corp.example", "10.0.0.1:8000", "x" * 5000, "a b", ""])
def test_the_log_has_both_names_in_one_line(client, settings, path, host):
    settings.DEBUG = False
    with capture_logs() as lines:
        assert client.get(path, HTTP_HOST=host).status_code == 400
    [line] = [line for line in lines if line["event"] == "host_refused"]
    assert line["asked"] == host[:255]
    assert line["base_url"] == settings.BASE_URL
    assert "BASE_URL" in line["remedy"]


def test_the_page_is_the_console_s_own_and_tells_a_stranger_nothing(client, settings):
    page = client.get("/signin", HTTP_HOST="sso.corp.example").content.decode()
    assert "This is not the console’s address" in page
    assert "sso.corp.example" not in page
    assert settings.BASE_URL not in page


def test_a_program_gets_a_code(client):
    problem = client.get("/api/v1/bots", HTTP_HOST="other.example").json()
    assert (problem["code"], problem["detail"]) == (
        "malformed_request",
        "The console is not called by this name.",
    )
    assert client.post("/oauth/token", HTTP_HOST="other.example").json()["error"] == "invalid_request"


def test_django_s_own_line_is_not_written_beside_it(client, caplog):
    client.get("/signin", HTTP_HOST="sso.corp.example")
    assert not [record for record in caplog.records if record.name == "django.security.DisallowedHost"]
