"""Audiences: the APIs that trust the console's tokens, the console's own among them."""
