"""Requests that a caller may safely send again when the answer was lost."""
