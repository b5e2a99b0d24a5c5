"""Judging what a provider publishes and answers, for the administrator who asks why a registration does not work."""
