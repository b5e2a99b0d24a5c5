"""manage.py check_provider: the contract's JSON, words for people, and the exit status."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import registered_at


@pytest.fixture
def corp(scripted_provider, db):
    return registered_at(scripted_provider)


def run(*args):
    """The exit status and what was printed."""
    out = StringIO()
    try:
        call_command("check_provider", *args, stdout=out)
    except SystemExit as left:
        return left.code, out.getvalue()
    return 0, out.getvalue()


def test_a_good_registration_ends_well(corp):
    status, out = run("corp")
    assert status == 0
    assert out.startswith("corp: Nothing stands in the way of signing in.\n")
    assert "ok        client_credentials\n" in out
    assert "not run   certificate: the issuer is no https address\n" in out


def test_json_is_the_contracts_and_nothing_else(corp, scripted_provider):
    scripted_provider.discovery["issuer"] = f"{scripted_provider.issuer}/"
    status, out = run("corp", "--json")
    report = json.loads(out)
    assert (status, report["provider"], report["ok"]) == (1, "corp", False)
    assert list(report) == ["provider", "ok", "findings", "checks", "not_tried"]
    [finding] = report["findings"]
    assert list(finding) == ["code", "severity", "title", "expected", "received", "remedy"]
    assert (finding["code"], finding["severity"]) == ("issuer_trailing_slash", "error")
    assert finding["received"] == f"“{scripted_provider.issuer}/”"
    assert all(list(check) == ["name", "ok"] and type(check["ok"]) is bool for check in report["checks"])
    assert [check["name"] for check in report["checks"] if not check["ok"]] == ["issuer"]
    assert {"name": "client_credentials", "because": "issuer"} in report["not_tried"]


def test_words_say_what_to_do_first(corp, scripted_provider):
    scripted_provider.client.client_secret = "another"
    status, out = run("corp")
    assert status == 1
    lines = out.splitlines()
    assert lines[0] == "corp: People cannot sign in."
    assert lines[2] == "ERROR  The provider rejects the client's credentials.  [client_credentials_rejected]"
    assert lines[5].startswith("  remedy:   Copy the client secret again")
    assert "FAILED    client_credentials" in lines


def test_a_warning_alone_is_no_failure(corp, scripted_provider):
    scripted_provider.discovery["scopes_supported"] = ["openid"]
    status, out = run("corp", "--json")
    assert status == 0
    assert [each["severity"] for each in json.loads(out)["findings"]] == ["warning"]


def test_an_unknown_slug_is_an_error_of_the_caller(db):
    with pytest.raises(CommandError, match="no such provider"):
        call_command("check_provider", "nobody")


def test_the_command_is_on_record(corp):
    run("corp")
    assert Event.objects.get(action="provider_checked").actor == "command:check_provider"
