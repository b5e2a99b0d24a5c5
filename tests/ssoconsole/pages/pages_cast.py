"""The cast, and how each of them comes in: Alice owns the bot, Bob administers, Mallory owns nothing."""

from datetime import timedelta

from django.contrib.auth.models import Permission
from django.utils import timezone

from providers.models import ConsoleSession, Provider
from providers.sessions.services import PROVIDER_BACKEND, SESSION_KEY
from ssoconsole.platform.accounts.models import User

PASSWORD_BACKEND = "ssoconsole.platform.accounts.passwords.PasswordBackend"


def person(username, **fields):
    user = User(username=username, **fields)
    user.set_unusable_password()
    user.save()
    return user


def administrator(username="bob@corp.example", **fields):
    return person(username, is_staff=True, is_superuser=True, **fields)


def provider(slug="corp", **fields):
    defaults = {"name": "Corp SSO", "issuer": f"https://{slug}.example", "client_id": "console"}
    return Provider.objects.create(slug=slug, **(defaults | fields))


def session_of(user, at_provider, **fields):
    now = timezone.now()
    times = dict.fromkeys(("started_at", "checked_at", "last_seen_at"), now)
    defaults = {"sub": user.username, "expires_at": now + timedelta(hours=8), **times}
    return ConsoleSession.objects.create(user=user, provider=at_provider, **(defaults | fields))


def come_in(client, user, at_provider):
    """Sign a browser in as if `at_provider` had just vouched for the user."""
    client.force_login(user, backend=PROVIDER_BACKEND)
    row = session_of(user, at_provider)
    store = client.session
    store[SESSION_KEY] = str(row.pk)
    store.save()
    return row


def come_in_by_password(client, user):
    client.force_login(user, backend=PASSWORD_BACKEND)


def staff(client, *rights):
    """Dave, who has come in with exactly these rights."""
    user = person("dave", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    come_in_by_password(client, user)
    return client
