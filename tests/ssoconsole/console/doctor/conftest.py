"""The doctor sees both sides: what the tests of providers start from is here too."""

from tests.providers.conftest import op, provider, visitor

__all__ = ["op", "provider", "visitor"]
