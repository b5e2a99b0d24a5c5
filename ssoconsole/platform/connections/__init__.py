"""The database and the cache over a network: what happens while they are slow, away, or behind a pooler."""
