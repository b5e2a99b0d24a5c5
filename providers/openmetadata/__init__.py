"""Configurations of OpenMetadata: written for a registration, and held against what is registered."""
