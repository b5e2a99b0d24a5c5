"""What may not be done to the accounts at providers that open a user's own."""

from ssoconsole.errors import DomainError


class LastWayIn(DomainError):
    """Without this account the person could not sign in any more."""

    code = "last_way_in"
