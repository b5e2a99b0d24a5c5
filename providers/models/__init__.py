"""Registrations, people's identities at them, sign-in attempts and signed-in browsers."""

from providers.models.attempt import ClaimedName, SignInAttempt
from providers.models.client_key import ClientKey
from providers.models.drift import DiscoveryDrift, JwksVersion
from providers.models.given_right import GivenRight
from providers.models.identity import Identity
from providers.models.logout_token import SpentLogoutToken
from providers.models.provider import DiscoveryVersion, Provider
from providers.models.rehearsal import Rehearsal
from providers.models.session import ConsoleSession
from providers.models.version import ProviderVersion

__all__ = [
    "ClaimedName",
    "ClientKey",
    "ConsoleSession",
    "DiscoveryDrift",
    "DiscoveryVersion",
    "GivenRight",
    "Identity",
    "JwksVersion",
    "Provider",
    "ProviderVersion",
    "Rehearsal",
    "SignInAttempt",
    "SpentLogoutToken",
]
