"""Signing out, here and at the provider (OpenID Connect RP-Initiated Logout 1.0)."""
