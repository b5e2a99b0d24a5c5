"""Registering a provider: the rules, the warnings and the writes, the same for every door."""
