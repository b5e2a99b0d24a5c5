"""What the trace of a refusal at an OAuth endpoint is made of."""

from django.http import HttpRequest

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.limits import source_of
from tokens.errors import InvalidClient, InvalidToken
from tokens.models import Credential, TokenRefusal
from tokens.refusals.presentable import presentable
from tokens.refusals.services import STRANGER, Refused, keep_refusal

DOORS = {f"/oauth/{door.value}": door.value for door in TokenRefusal.Door if door != TokenRefusal.Door.API}


def note_name(request: HttpRequest, unverified_client_id: str | None) -> None:
    """Say which name the caller gives."""
    request.refusal_name = unverified_client_id  # type: ignore[attr-defined]  # read by `keep` alone


def note_proven(request: HttpRequest, credential: Credential) -> None:
    """Say which credential the caller has proven."""
    request.refusal_credential = credential  # type: ignore[attr-defined]  # read by `keep` alone


def keep(request: HttpRequest, error: DomainError, *, status: int, answered: str) -> str:
    """Write the refusal down and return its reference, "" for none."""
    credential: Credential | None = getattr(request, "refusal_credential", None)
    address = request.META.get("REMOTE_ADDR") or None
    name = credential.bot.name if credential else getattr(request, "refusal_name", None) or ""
    cause = error.cause if isinstance(error, InvalidClient) and error.cause else error
    refused = Refused(
        door=DOORS.get(request.path, TokenRefusal.Door.TOKEN),
        endpoint=request.path,
        status=status,
        code=cause.code,
        answered=answered,
        expected=presentable(cause.expected),
        received=presentable(cause.received or getattr(cause, "message", "")),
        client_id=name,
        token=_bearer(request) if isinstance(error, InvalidToken) else None,
        bot_id=credential.bot_id if credential else None,
        credential_id=credential.pk if credential else None,
    )
    by = Actor.bot(name, address) if credential else Actor(STRANGER, "", address)
    return keep_refusal(refused=refused, by=by, source=source_of(request))


def _bearer(request: HttpRequest) -> str:
    return str(request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[2].strip())
