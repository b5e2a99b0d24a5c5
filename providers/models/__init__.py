"""Registrations, people's identities at them, sign-in attempts and signed-in browsers."""

from providers.models.attempt import ClaimedName, Rehearsal, SignInAttempt
from providers.models.drift import DiscoveryDrift, JwksVersion
from providers.models.identity import GivenRight, Identity
from providers.models.provider import ClientKey, DiscoveryVersion, Provider, ProviderVersion
from providers.models.session import ConsoleSession, SpentLogoutToken

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
