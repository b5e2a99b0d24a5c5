"""`manage.py rotate_client_key` is the same service."""

import pytest
from django.core.management import CommandError, call_command

from providers.models import ClientKey
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import registered_at


def test_it_prints_the_key_that_signs_now(corp, capsys):
    call_command("rotate_client_key", "corp")
    signing = ClientKey.objects.signing().get()
    assert capsys.readouterr().out == f"kid: {signing.kid}\n"
    event = Event.objects.get(action="client_key_rotated")
    assert (event.actor, event.after["kid"]) == ("command:rotate_client_key", signing.kid)


def test_a_compromise_leaves_no_overlap(corp, capsys):
    before = set(ClientKey.objects.values_list("kid", flat=True))
    call_command("rotate_client_key", "corp", "--compromised")
    after = list(ClientKey.objects.values_list("kid", flat=True))
    assert len(after) == 2
    assert not before & set(after)
    assert capsys.readouterr().out.removeprefix("kid: ").strip() in after


@pytest.mark.parametrize(("slug", "message"), [("nobody", "no such provider"), ("basic", "private_key_jwt")])
def test_what_has_no_key_is_not_rotated(op, corp, slug, message, capsys):
    registered_at(op, slug="basic", token_endpoint_auth_method="client_secret_basic")
    before = list(ClientKey.objects.values())
    with pytest.raises(CommandError, match=message):
        call_command("rotate_client_key", slug)
    assert capsys.readouterr().out == ""
    assert list(ClientKey.objects.values()) == before
