"""Backups of the database that say what they need, and restores that refuse what would do harm."""
