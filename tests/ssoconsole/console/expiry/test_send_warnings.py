"""Somebody is told in time, once for every threshold, and never a secret."""

from datetime import timedelta
from io import StringIO
from smtplib import SMTPException

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from ssoconsole.console.expiry import webhook as claims
from ssoconsole.console.expiry.models import SentWarning
from ssoconsole.console.expiry.webhook import LEASE
from ssoconsole.platform.eventlog.models import Event
from tests.ssoconsole.console.expiry import things_that_end as things
from tests.ssoconsole.console.expiry.hook import SECRET, Hook
from tests.ssoconsole.platform.outbound.outbound_peer import answers, says
from tests.support.at_once import at_once
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
BROKEN = "tests.ssoconsole.console.expiry.test_send_warnings.MailServerThatIsDown"


class MailServerThatIsDown:
    """A mail server that quotes the login in its refusal, as some do."""

    fault = ConnectionRefusedError

    def __init__(self, **kwargs):
        pass

    def send_messages(self, messages):
        raise self.fault("535 AUTH user:s3cret-of-the-server")


@pytest.fixture
def hook():
    made = Hook()
    yield made
    made.close()


@pytest.fixture
def by_mail(settings):
    settings.WARNINGS_EMAIL = ["ops@corp.example", "bob@corp.example"]
    settings.WARNINGS_FROM = "sso@corp.example"


@pytest.fixture
def by_webhook(settings, hook):
    settings.WARNINGS_WEBHOOK_URL, settings.WARNINGS_WEBHOOK_SECRET = hook.url, SECRET
    return hook


def send(**later):
    out = StringIO()
    with time_machine.travel(timezone.now() + timedelta(**later), tick=False):
        call_command("send_warnings", stdout=out)
    return out.getvalue()


class MailTests:
    def test_one_message_tells_everything_that_is_due(self, by_mail):
        things.one_of_each()
        assert send() == "email: 6 sent\n"
        (message,) = mail.outbox
        assert (message.to, message.from_email) == (
            ["ops@corp.example", "bob@corp.example"],
            "sso@corp.example",
        )
        assert message.subject == "SSO Console: 6 things end soon"
        assert "Client secret of a bot: nightly, cluster" in message.body
        assert "http://localhost:8000/admin/tokens/credential/" in message.body
        assert "within 7 days" in message.body

    def test_never_a_secret(self, by_mail):
        credential, secret = things.client_secret(days=3)
        corp = things.provider(client_secret_expires_at=things.ahead(days=3))
        record, jwt = things.token(bot=credential.bot)
        send()
        text = mail.outbox[0].subject + mail.outbox[0].body
        hidden = (secret, credential.hint, corp.client_secret, jwt, jwt.rpartition(".")[2], record.jti)
        assert_without(text, *hidden)

    def test_a_name_cannot_write_headers(self, by_mail):
        things.client_secret(label="x\nBcc: mallory@evil.example", days=3)
        send()
        assert "\nBcc:" not in mail.outbox[0].message().as_string()
        assert mail.outbox[0].recipients() == ["ops@corp.example", "bob@corp.example"]

    def test_what_is_over_is_called_overdue(self, by_mail):
        corp = things.provider(tls_not_after=things.ahead(days=-3))
        send()
        assert f"overdue since {corp.tls_not_after:%Y-%m-%d %H:%M} UTC" in mail.outbox[0].body

    def test_nothing_due_is_no_message(self, by_mail):
        things.client_secret(days=40)
        assert send() == "email: 0 sent\n"
        assert mail.outbox == []


class OnceTests:
    def test_once_for_every_threshold(self, by_mail):
        things.client_secret(days=40)
        days = [0, 9, 11, 25, 27, 32, 34, 38, 39.5, 39.9]
        told = [send(days=day) for day in days]
        numbers = [line.split()[1] for line in told]
        assert numbers == ["0", "0", "1", "0", "1", "0", "1", "0", "1", "0"]
        assert list(SentWarning.objects.order_by("-threshold").values_list("threshold", flat=True)) == [
            30,
            14,
            7,
            1,
        ]

    def test_what_is_found_late_is_told_once_and_not_for_every_threshold_it_missed(self, by_mail):
        things.client_secret(days=5)
        assert send() == "email: 1 sent\n"
        assert SentWarning.objects.get().threshold == 7

    def test_another_end_of_the_same_thing_is_another_warning(self, by_mail):
        corp = things.provider(tls_not_after=things.ahead(days=5))
        send()
        corp.tls_not_after = things.ahead(days=6)
        corp.save()
        assert send() == "email: 1 sent\n"

    def test_each_channel_has_its_own(self, by_mail, by_webhook):
        things.client_secret(days=5)
        assert send() == "email: 1 sent\nwebhook: 1 sent\n"
        assert send() == "email: 0 sent\nwebhook: 0 sent\n"

    def test_it_is_on_record(self, by_mail):
        things.client_secret(days=5)
        send()
        event = Event.objects.filter(action="warnings_sent").get()
        assert (event.actor, event.target, event.after) == (
            "command:send_warnings",
            "email",
            {"warnings": 1},
        )

    def test_somebody_elses_claim_is_left_alone_until_it_is_old(self, by_mail):
        things.client_secret(days=5)
        send()
        now = timezone.now()
        SentWarning.objects.update(sent_at=None, claimed_at=now)
        assert send() == "email: 0 sent\n"
        SentWarning.objects.update(claimed_at=now - LEASE - timedelta(seconds=1))
        assert send() == "email: 1 sent\n"

    def test_after_a_long_time_it_is_forgotten(self, by_mail):
        things.provider(tls_not_after=things.ahead(days=-1))
        send()
        call_command("cleanup", stdout=StringIO())
        assert SentWarning.objects.exists()
        SentWarning.objects.update(sent_at=timezone.now() - timedelta(days=401))
        call_command("cleanup", stdout=StringIO())
        assert not SentWarning.objects.exists()


def test_what_another_process_sends_between_the_look_and_the_claim_is_not_sent_again(by_mail, monkeypatch):
    things.client_secret(days=6)
    send()
    monkeypatch.setattr(claims, "_sent", lambda channel, due: set())
    assert send(days=1) == "email: 0 sent\n"
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_many_processes_at_once_tell_it_once(by_mail):
    things.client_secret(days=5)
    at_once(lambda number: send(), 4)
    assert len(mail.outbox) == 1
    assert SentWarning.objects.count() == 1


class WebhookTests:
    def test_it_is_posted_as_json_and_signed(self, by_webhook):
        things.client_secret(days=5)
        send()
        (posted,) = by_webhook.requests
        assert (posted.method, posted.path) == ("POST", "/hook")
        assert posted.headers["content-type"] == "application/json"
        assert posted.is_signed_with(SECRET)
        assert not posted.is_signed_with(SECRET + "x")
        document = posted.document
        assert (document["type"], document["console"]) == ("ending_soon", "http://localhost:8000")
        (warning,) = document["warnings"]
        assert (warning["kind"], warning["name"], warning["threshold_days"]) == (
            "client_secret",
            "nightly, cluster",
            7,
        )
        assert warning["ends_at"].endswith("Z")
        assert_without(posted.body.decode(), SECRET)

    def test_the_same_warning_has_the_same_id(self, by_webhook):
        things.client_secret(days=5)
        send()
        SentWarning.objects.all().delete()
        send()
        first, second = (posted.document["warnings"][0]["id"] for posted in by_webhook.requests)
        assert first == second

    def test_another_end_or_another_threshold_has_another(self, by_webhook):
        corp = things.provider(tls_not_after=things.ahead(days=5))
        send()
        send(days=4.5)
        corp.tls_not_after = things.ahead(days=6)
        corp.save()
        send()
        posted = [posted.document["warnings"][0] for posted in by_webhook.requests]
        assert [warning["threshold_days"] for warning in posted] == [7, 1, 7]
        assert len({warning["id"] for warning in posted}) == 3

    @pytest.mark.parametrize(
        "answer",
        [
            answers(b"ok", content_type="text/plain"),
            answers(b"<ok/>", content_type="application/xml"),
            answers(b"", status="204 No Content", content_type=None),
        ],
        ids=["text", "xml", "nothing"],
    )
    def test_whatever_a_receiver_says_with_a_success(self, by_webhook, answer):
        things.client_secret(days=5)
        by_webhook.answer = answer
        assert send() == "webhook: 1 sent\n"

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (answers(b"", status="500 Oops"), "status 500"),
            (answers(b"", status="403 Forbidden"), "status 403"),
            (
                answers(b"", status="302 Found", headers=["Location: https://evil.example/?token=t0ken"]),
                "redirect_refused",
            ),
            (answers(b"", status="300 Multiple Choices"), ""),
            (answers(b"", status="304 Not Modified"), ""),
            (says(b"nonsense"), "protocol_broken"),
        ],
        ids=["500", "403", "302", "300", "304", "nonsense"],
    )
    def test_a_failure_is_told_and_tried_again_at_the_next_run(self, by_webhook, answer, reason):
        things.client_secret(days=5)
        by_webhook.answer = answer
        with pytest.raises(CommandError) as failed:
            send()
        assert f"webhook: 1 not sent ({reason}" in str(failed.value)
        assert "t0ken" not in str(failed.value)
        assert SentWarning.objects.get().sent_at is None
        assert Event.objects.get(action="warnings_sent").outcome == "sending_failed"
        by_webhook.answer = answers(b"")
        assert send() == "webhook: 1 sent\n"
        assert send() == "webhook: 0 sent\n"

    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("http://hook.example/", "scheme_refused"),
            ("http://169.254.169.254/", "scheme_refused"),
            ("https://169.254.169.254/", "address_refused"),
            ("https://user:secret@hook.example/", "url_refused"),
        ],
    )
    def test_where_it_never_goes(self, by_webhook, settings, url, reason):
        settings.WARNINGS_WEBHOOK_URL = url
        things.client_secret(days=5)
        with pytest.raises(CommandError, match=reason):
            send()
        assert by_webhook.requests == []

    def test_nor_to_loopback_in_production(self, by_webhook, settings):
        settings.ALLOW_LOOPBACK_PROVIDERS = False
        things.client_secret(days=5)
        with pytest.raises(CommandError, match="scheme_refused"):
            send()
        assert by_webhook.requests == []


class FailureTests:
    # ValueError: what the library says of an address or a header that cannot be written.
    @pytest.mark.parametrize("fault", [ConnectionRefusedError, SMTPException, ValueError, UnicodeError])
    def test_a_mail_server_that_is_down_stops_no_webhook_and_is_not_quoted(
        self, by_mail, by_webhook, settings, monkeypatch, fault
    ):
        monkeypatch.setattr(f"{BROKEN}.fault", fault)
        settings.EMAIL_BACKEND = BROKEN
        things.client_secret(days=5)
        with pytest.raises(CommandError) as failed:
            send()
        assert f"email: 1 not sent ({fault.__name__})" in str(failed.value)
        assert_without(failed.value, "s3cret")
        assert len(by_webhook.requests) == 1
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        assert send() == "email: 1 sent\nwebhook: 0 sent\n"

    def test_a_fault_of_ours_leaves_nothing_claimed(self, by_mail, monkeypatch):
        things.client_secret(days=5)
        monkeypatch.setattr("ssoconsole.console.expiry.email.send", fault)
        with pytest.raises(RuntimeError):
            send()
        assert SentWarning.objects.get().claimed_at is None

    def test_with_nobody_to_tell_it_says_so(self, settings):
        things.client_secret(days=5)
        assert "Nobody to tell" in send()
        settings.WARNINGS_EMAIL = ["ops@corp.example"]
        settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
        assert "Nobody to tell" in send()
        assert not SentWarning.objects.exists()


def fault(claims):
    raise RuntimeError("a fault")
