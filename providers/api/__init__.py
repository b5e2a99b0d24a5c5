"""What of identity providers the REST API answers."""
