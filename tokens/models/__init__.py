"""Audiences, bots, what bots prove themselves with, signing keys, and the records of what was issued."""

from tokens.models.audience import Audience
from tokens.models.bot import Bot, Grant, Stale
from tokens.models.credential import Credential, SpentAssertion
from tokens.models.record import Revocation, StatusList, TokenRecord
from tokens.models.refusal import RepeatableRequest, TokenRefusal
from tokens.models.registry import RegistryVersion
from tokens.models.signing_key import RemoteKeys, SigningKey

__all__ = [
    "Audience",
    "Bot",
    "Credential",
    "Grant",
    "RegistryVersion",
    "RemoteKeys",
    "RepeatableRequest",
    "Revocation",
    "SigningKey",
    "SpentAssertion",
    "Stale",
    "StatusList",
    "TokenRecord",
    "TokenRefusal",
]
