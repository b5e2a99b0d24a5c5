"""Settings that would tell nobody, or the wrong ones, are found when the console starts."""

from pathlib import Path

import pytest
from django.conf import global_settings

from ssoconsole.console.expiry.checks import mail_reaches_somebody, webhook_is_safe
from tests.ssoconsole.console.expiry.hook import SECRET
from tests.ssoconsole.test_setting_values import DEVELOPMENT, settings_in

ROOT = Path(__file__).resolve().parents[4]
DUMMY = "django.core.mail.backends.dummy.EmailBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def ids(messages):
    messages = list(messages)
    assert all(message.hint for message in messages)
    return [message.id for message in messages]


@pytest.mark.parametrize(
    ("recipients", "sender", "backend", "found"),
    [
        ([], "sso@corp.example", DUMMY, []),
        (["ops@corp.example"], "sso@corp.example", SMTP, []),
        (["ops@corp.example"], "sso-console@localhost", SMTP, []),
        (["ops@corp.example"], "sso@corp.example", DUMMY, ["expiry.W001"]),
        (["ops"], "sso@corp.example", SMTP, ["expiry.E001"]),
        (["Ops <ops@corp.example>"], "sso@corp.example", SMTP, ["expiry.E001"]),
        (["ops@corp.example\nBcc: x@evil.example"], "sso@corp.example", SMTP, ["expiry.E001"]),
        ([], "nobody", SMTP, ["expiry.E002"]),
        ([], "a@b.example\nBcc: x@evil.example", SMTP, ["expiry.E002"]),
    ],
)
def test_mail(settings, recipients, sender, backend, found):
    settings.WARNINGS_EMAIL, settings.WARNINGS_FROM = recipients, sender
    settings.EMAIL_BACKEND = backend
    assert ids(mail_reaches_somebody()) == found


@pytest.mark.parametrize(
    ("url", "secret", "found"),
    [
        ("", "", []),
        ("https://hook.example/x", SECRET, []),
        ("http://127.0.0.1:9000/x", SECRET, []),
        ("", SECRET, ["expiry.W002"]),
        ("https://hook.example/x", "", ["expiry.E004"]),
        ("https://hook.example/x", "short", ["expiry.E004"]),
        ("https://hook.example/x", "a" * 64, ["expiry.E004"]),
        ("http://hook.example/x", SECRET, ["expiry.E003"]),
        ("ftp://hook.example/x", SECRET, ["expiry.E003"]),
        ("hook.example", SECRET, ["expiry.E003"]),
        ("https://user:secret@hook.example/", SECRET, ["expiry.E003"]),
    ],
)
def test_webhook(settings, url, secret, found):
    settings.WARNINGS_WEBHOOK_URL, settings.WARNINGS_WEBHOOK_SECRET = url, secret
    assert ids(webhook_is_safe()) == found


def test_plain_http_is_for_development(settings):
    settings.WARNINGS_WEBHOOK_URL, settings.WARNINGS_WEBHOOK_SECRET = "http://127.0.0.1:9000/", SECRET
    settings.ALLOW_LOOPBACK_PROVIDERS = False
    assert ids(webhook_is_safe()) == ["expiry.E003"]


def test_a_message_never_holds_a_secret(settings):
    settings.WARNINGS_WEBHOOK_URL = "https://user:passw0rd@hook.example/t0ken"
    settings.WARNINGS_WEBHOOK_SECRET = "short-s3cret"
    told = "".join(map(str, webhook_is_safe()))
    assert not any(word in told for word in ("passw0rd", "t0ken", "short-s3cret"))


def settings_with(**environment):
    """What settings.py makes of the environment, and Django of what it leaves out."""
    values = vars(global_settings) | settings_in(**DEVELOPMENT | environment)
    names = ("BACKEND", "HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL", "TIMEOUT")
    mail = [values[f"EMAIL_{name}"] for name in names]
    return f"{mail} {values['WARNINGS_EMAIL']} {values['WARNINGS_FROM']}"


def test_the_environment_says_who_and_how():
    told = settings_with(
        EMAIL_URL="smtp+tls://sso:p%40ss@mail.example:587", WARNINGS_EMAIL="a@x.example, b@x.example,"
    )
    assert f"'{SMTP}', 'mail.example', 587, 'sso', 'p@ss', True, False, 15" in told
    assert "['a@x.example', 'b@x.example'] sso-console@localhost" in told


def test_without_it_nobody_is_told():
    assert f"'{DUMMY}'" in settings_with(EMAIL_URL="dummymail://")
