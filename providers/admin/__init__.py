"""The admin of identity providers, and of what they have brought: people, sessions, sign-in attempts."""

from providers.admin import attempts, people, providers

__all__ = ["attempts", "identities", "people", "providers", "sessions"]
