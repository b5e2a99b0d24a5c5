"""`manage.py provider_history` is the same history, for when nobody gets into the admin."""

import pytest
from django.core.management import CommandError, call_command

from providers.models import Provider, ProviderVersion
from providers.registration import services
from providers.registration.secret import set_client_secret
from tests.providers.registrations import BOB, registered_at
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
SECRET = "s3cret-that-no-terminal-may-show"


@pytest.fixture
def corp(scripted_provider):
    provider = registered_at(scripted_provider)
    provider.leeway = 30
    set_client_secret(provider, SECRET)
    services.save_provider(provider=provider, by=BOB, anyway=True)
    return provider


def run(capsys, *arguments):
    call_command("provider_history", "corp", *arguments)
    return capsys.readouterr()


def test_it_lists_who_changed_what_without_secrets(corp, capsys):
    out = run(capsys).out
    lines = out.splitlines()
    assert lines[0].startswith("2  ")
    assert lines[0].endswith("UTC  user:bob")
    assert "leeway: 60 -> 30" in out
    assert "client_secret: (earlier) -> (changed)" in out
    assert lines[-1].startswith("1  ")
    assert_without(out, SECRET)


def test_it_lists_all_of_them(corp, capsys):
    for leeway in range(1, 24):
        corp.leeway = leeway
        services.save_provider(provider=corp, by=BOB, fetch_metadata=False, anyway=True)
    versions = [line for line in run(capsys).out.splitlines() if line[0] != " "]
    assert [int(line.split()[0]) for line in versions] == list(range(25, 0, -1))


def test_it_says_what_is_on_trial(corp, capsys):
    from datetime import timedelta

    corp.prompt = "login"
    services.save_provider(provider=corp, by=BOB, fetch_metadata=False, trial=timedelta(hours=1))
    assert "version 2 comes back unless an administrator signs in." in run(capsys).out


def test_it_compares_two(corp, capsys):
    told = ["client_secret: (earlier) -> (changed)", "leeway: 30 -> 60"]
    assert run(capsys, "--diff", "2", "1").out.splitlines() == told
    assert run(capsys, "--diff", "2", "now").out == ""


def test_what_a_terminal_obeys_is_escaped(corp, capsys):
    Provider.objects.update(name="Corp\x1b[2J SSO")
    assert "Corp\\x1b[2J SSO" in run(capsys, "--diff", "1", "now").out


def test_it_restores_with_warnings_and_in_its_own_name(corp, capsys):
    said = run(capsys, "--restore", "1")
    assert said.out == "Version 1 of corp is restored.\n"
    assert "warning: The issuer is plain http" in said.err
    row = Provider.objects.get()
    assert (row.leeway, row.client_secret == SECRET) == (60, False)
    version = ProviderVersion.objects.first()
    assert (version.by, version.note) == ("command:provider_history", "restored from version 1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nobody"], "no such provider"),
        (["corp", "--restore", "9"], "no such version of this provider. 9"),
        (["corp", "--restore", "-1"], "no such version"),
        (["corp", "--diff", "x", "1"], "no such version"),
        (["corp", "--diff", "1", "9"], "no such version"),
    ],
)
def test_what_is_not_there_is_refused_and_nothing_changes(corp, arguments, message):
    before = list(Provider.objects.values())
    with pytest.raises(CommandError, match=message):
        call_command("provider_history", *arguments)
    assert list(Provider.objects.values()) == before


def test_rules_that_refuse_it_are_told(corp, monkeypatch):
    monkeypatch.setattr("providers.registration.rules.RULES", (("prompt", lambda provider: "No more."),))
    with pytest.raises(CommandError, match="No more"):
        call_command("provider_history", "corp", "--restore", "1")
    assert Provider.objects.get().leeway == 30
