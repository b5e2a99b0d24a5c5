"""A signed-in person connects another account at a provider, by signing in there."""
