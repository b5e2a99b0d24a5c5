"""Warnings by e-mail: one message a run, with everything that is due."""

from collections.abc import Sequence
from datetime import UTC

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from ssoconsole.console.expiry.webhook import Claim, SendingFailed

# What sends nothing, and says that it did.
NOBODY = "django.core.mail.backends.dummy.EmailBackend"


def is_configured() -> bool:
    """Tell whether there is somebody to write to, and a way."""
    return bool(settings.WARNINGS_EMAIL) and settings.EMAIL_BACKEND != NOBODY


def send(claims: Sequence[Claim]) -> None:
    """Send one message. Raises SendingFailed, which never holds what a mail server said: it may quote a login."""
    message = EmailMessage(_subject(claims), _text(claims), settings.WARNINGS_FROM, settings.WARNINGS_EMAIL)
    try:
        message.send()
    except (OSError, ValueError) as error:  # every error of smtplib and of TLS is an OSError
        raise SendingFailed(received=type(error).__name__) from None


def _subject(claims: Sequence[Claim]) -> str:
    """No name of a thing is in it: subjects are shown on locked screens."""
    things = "One thing ends" if len(claims) == 1 else f"{len(claims)} things end"
    return f"SSO Console: {things} soon"


def _text(claims: Sequence[Claim]) -> str:
    paragraphs = [_paragraph(claim) for claim in claims]
    foot = f"You get this because your address is in WARNINGS_EMAIL of {settings.BASE_URL}."
    return "\n\n".join([*paragraphs, foot]) + "\n"


def _paragraph(claim: Claim) -> str:
    each, row = claim
    end = f"{each.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    left = "1 day" if row.threshold == 1 else f"{row.threshold} days"
    when = f"overdue since {end}" if each.ends_at <= timezone.now() else f"ends {end} (within {left})"
    return f"{each.about.title}: {each.name}\n{when}\n{each.about.remedy}\n{each.url}"
