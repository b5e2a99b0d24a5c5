"""Serving in production: the server with its options from the settings, and leaving without losing a request."""
