"""Encryption at rest: the key ring, the model field that keeps a secret, and the move to a newer key."""
