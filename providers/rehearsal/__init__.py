"""Trying a registration by a real sign-in that changes nothing, and asking for that before people depend on it."""
