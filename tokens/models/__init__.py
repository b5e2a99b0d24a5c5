"""Audiences, bots, what bots prove themselves with, signing keys, and the records of what was issued."""

from tokens.models.audience import Audience
from tokens.models.bot import Bot, Grant
from tokens.models.credential import Credential
from tokens.models.record import TokenRecord
from tokens.models.signing_key import SigningKey

__all__ = ["Audience", "Bot", "Credential", "Grant", "SigningKey", "TokenRecord"]
