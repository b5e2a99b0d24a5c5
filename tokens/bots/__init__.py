"""Bots and their grants."""
