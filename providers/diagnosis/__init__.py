"""Telling administrators what is wrong with a provider, or with what it has signed; nothing is changed or fetched."""
