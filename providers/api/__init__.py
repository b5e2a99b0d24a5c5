"""The providers' part of the REST API."""
