"""Signing in: the chooser, leaving for a provider, coming back, and what is said when it is refused."""
