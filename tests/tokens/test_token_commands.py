"""The commands are the same services as API and admin."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from ssoconsole.platform.jose.keys import public_jwk
from ssoconsole.platform.jose.sign import generate_private_key
from tokens.bots.services import disable_bot
from tokens.keys import services
from tokens.models import SigningKey, TokenRecord

pytestmark = pytest.mark.django_db


def output(capsys, *arguments, **options):
    call_command(*arguments, **options)
    return capsys.readouterr().out


def test_a_token_is_printed_alone_and_is_live(bot, oauth, me, capsys):
    printed = output(
        capsys,
        "issue_token",
        bot.name,
        "--audience",
        "https://metadata.example",
        "--lifetime",
        "600",
        "--label",
        "cron",
    )
    token = printed.removesuffix("\n")
    assert token.count(".") == 2
    assert not set(token) & set(" \n")
    assert oauth.introspect(token, me).json()["active"] is True
    record = TokenRecord.objects.get()
    assert (record.label, record.issued_by) == ("cron", "command:issue_token")
    assert (record.expires_at - record.issued_at).total_seconds() == 600


def test_words_are_days(bot, capsys):
    output(capsys, "issue_token", bot.name, "--lifetime", "1", "--scope", "metadata.read")
    record = TokenRecord.objects.get()
    assert (record.expires_at - record.issued_at).days == 1
    assert record.scopes == ["metadata.read"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such-bot"], "No bot has this name"),
        (["ingestion-bot", "--audience", "https://nobody.example"], "no grant"),
        (["ingestion-bot", "--lifetime", "90"], "longer than the audience allows"),
        (["ingestion-bot", "--lifetime", "soon"], "whole seconds"),
        (["ingestion-bot", "--scope", "admin"], "scope"),
        (["ingestion-bot", "--label", "a" * 101], "100 characters"),
    ],
)
def test_what_may_not_be_is_not_issued(bot, arguments, message, capsys):
    with pytest.raises(CommandError, match=message):
        call_command("issue_token", *arguments)
    assert capsys.readouterr().out == ""
    assert not TokenRecord.objects.exists()


def test_a_disabled_bot_gets_nothing(bot, by):
    disable_bot(bot=bot, by=by)
    with pytest.raises(CommandError, match="disabled"):
        call_command("issue_token", bot.name)


def test_a_token_is_revoked_once(oauth, me, token, capsys):
    jti = TokenRecord.objects.get().jti
    assert output(capsys, "revoke_token", jti) == "revoked\n"
    assert oauth.introspect(token, me).json() == {"active": False}
    assert output(capsys, "revoke_token", jti) == "was revoked already\n"
    with pytest.raises(CommandError, match="jti"):
        call_command("revoke_token", "unknown")


def test_a_key_is_rotated(oauth, me, token, capsys):
    old = SigningKey.objects.signing().get(alg="ES256")
    printed = output(capsys, "rotate_signing_key")
    new = SigningKey.objects.signing().get(alg="ES256")
    assert printed == f"kid: {new.kid}\n"
    assert new != old
    assert oauth.introspect(token, me).json()["active"] is True


def test_whatever_signs_is_rotated_and_nothing_else(capsys):
    call_command("rotate_signing_key", "--alg", "RS256")
    old = {key.alg: key.kid for key in SigningKey.objects.signing()}
    assert set(old) == {"ES256", "RS256"}
    SigningKey.objects.update(created_at=timezone.now() - timedelta(days=1))
    capsys.readouterr()
    printed = output(capsys, "rotate_signing_key")
    new = {key.alg: key.kid for key in SigningKey.objects.signing()}
    assert printed == f"kid: {new['ES256']}\nkid: {new['RS256']}\n"
    assert set(new) == set(old)
    assert not set(new.values()) & set(old.values())


def test_a_key_of_another_algorithm_is_made(capsys):
    output(capsys, "rotate_signing_key", "--alg", "RS256")
    assert SigningKey.objects.signing().filter(alg="RS256").exists()


def key_id(private):
    return public_jwk(private, alg="ES256")["kid"]


def test_no_key_id_looks_like_an_option(monkeypatch, capsys):
    """One in 64 would, and could not be named to a command as the documentation says."""
    drawn = sorted((generate_private_key("ES256") for _ in range(1000)), key=key_id)
    assert key_id(drawn[0]).startswith("-")
    given = iter(drawn)
    monkeypatch.setattr(services, "generate_private_key", lambda alg: next(given))
    before = SigningKey.objects.count()
    output(capsys, "rotate_signing_key", "--alg", "ES256")
    assert SigningKey.objects.count() > before
    assert not SigningKey.objects.filter(kid__startswith="-").exists()


def test_a_compromised_key_is_out(oauth, me, token, capsys):
    old = SigningKey.objects.signing().get(alg="ES256")
    output(capsys, "rotate_signing_key", "--compromised", old.kid)
    assert oauth.introspect(token, me).json() == {"active": False}
    with pytest.raises(CommandError, match="key id"):
        call_command("rotate_signing_key", "--compromised", "unknown")
