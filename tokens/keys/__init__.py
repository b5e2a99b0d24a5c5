"""Signing keys: which one signs, which ones are published, and how they succeed each other."""
