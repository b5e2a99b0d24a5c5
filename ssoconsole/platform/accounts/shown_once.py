"""
A secret that has just been made, on its way from the form that made it to the page that shows it.

The form is answered by a redirect, so that reloading the page makes no second secret. What is to be shown waits for a
few minutes as a row, encrypted, for the person and the browser session that made it, and the row goes with the look:
of two requests at once, on whatever replica, one shows it.

A secret that somebody typed into a form with a mistake waits in the same way for the next time that he sends it.
"""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from ssoconsole.platform.accounts.models import SecretToShow, User
from ssoconsole.platform.encryption.keyring import key_ring

LIFETIME = timedelta(minutes=5)
PURPOSE = "session_of_a_secret"


def keep_for_one_look(request: HttpRequest, secret: str, *, about: Model) -> uuid.UUID:
    """
    Keep a secret for this person in this browser session; return the name under which it can be looked at once.

    `about` is the row that the secret belongs to.
    """
    drop_unseen_secrets(at=timezone.now())
    told = f"{_beginning(type(about))}{about.pk}"
    row = SecretToShow(user=_person(request), session_hash=_session_hashes(request)[0], about=told)
    row.secret = secret
    row.save(force_insert=True)
    return row.pk


@transaction.atomic
def look_once(request: HttpRequest, pk: uuid.UUID, *, about: type[Model]) -> tuple[str, str] | None:
    """
    Return the secret and the primary key of its row, and forget it.

    None if it was seen, is over, is somebody else's, or is about a row of another model, which another page shows.
    """
    rows = _waiting(request, pk, about)
    row = rows.first()
    # Whoever deletes the row has it: somebody else may have read it at the same time.
    if row is None or not rows.delete()[0]:
        return None
    return row.secret, row.about.removeprefix(_beginning(about))


def peek(request: HttpRequest, pk: uuid.UUID, *, about: type[Model]) -> tuple[str, str] | None:
    """Return the same and leave it waiting: what was only tried is still to be saved."""
    row = _waiting(request, pk, about).first()
    return (row.secret, row.about.removeprefix(_beginning(about))) if row else None


def drop_unseen_secrets(*, at: datetime) -> int:
    """Delete what nobody has looked at in time; return how many."""
    return SecretToShow.objects.filter(made_at__lte=at - LIFETIME).delete()[0]


def _waiting(request: HttpRequest, pk: uuid.UUID, about: type[Model]) -> QuerySet[SecretToShow]:
    return SecretToShow.objects.filter(
        pk=pk,
        about__startswith=_beginning(about),
        user=_person(request),
        session_hash__in=_session_hashes(request),
        made_at__gt=timezone.now() - LIFETIME,
    )


def _beginning(model: type[Model]) -> str:
    return f"{model._meta.label_lower}:"


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - for the type checker: the admin lets nobody else in
    return request.user


def _session_hashes(request: HttpRequest) -> list[str]:
    """The session's key would open it for whoever reads the table."""
    key = request.session.session_key
    if not key:
        raise RuntimeError("a secret is shown to a browser session, and there is none")
    return key_ring().keyed_hashes(key, purpose=PURPOSE)
