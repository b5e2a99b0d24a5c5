"""The admin of identity providers, and of what they have brought: people, sessions, sign-in attempts."""

from providers.admin import attempts, identities, providers, sessions

__all__ = ["attempts", "identities", "providers", "sessions"]
