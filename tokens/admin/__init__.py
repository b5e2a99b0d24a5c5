"""Django admin for audiences, bots, credentials, signing keys, token records and refusals."""

from tokens.admin.audience import AudienceAdmin
from tokens.admin.bot import BotAdmin
from tokens.admin.credential import CredentialAdmin
from tokens.admin.refusal import TokenRefusalAdmin
from tokens.admin.signing_key import SigningKeyAdmin
from tokens.admin.token_record import TokenRecordAdmin

__all__ = [
    "AudienceAdmin",
    "BotAdmin",
    "CredentialAdmin",
    "SigningKeyAdmin",
    "TokenRecordAdmin",
    "TokenRefusalAdmin",
]
