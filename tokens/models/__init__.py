"""Audiences, bots, what bots prove themselves with, signing keys, and the records of what was issued."""

from tokens.models.assertion import SpentAssertion
from tokens.models.audience import Audience
from tokens.models.bot import Bot, Grant, Stale
from tokens.models.credential import Credential
from tokens.models.idempotency import RepeatableRequest
from tokens.models.record import TokenRecord
from tokens.models.refusal import TokenRefusal
from tokens.models.remote_keys import RemoteKeys
from tokens.models.signing_key import SigningKey
from tokens.models.status_list import StatusList

__all__ = [
    "Audience",
    "Bot",
    "Credential",
    "Grant",
    "RemoteKeys",
    "RepeatableRequest",
    "SigningKey",
    "SpentAssertion",
    "Stale",
    "StatusList",
    "TokenRecord",
    "TokenRefusal",
]
