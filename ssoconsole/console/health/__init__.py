"""Alive and ready, for whoever keeps the console running."""
