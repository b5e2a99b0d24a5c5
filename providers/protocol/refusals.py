"""The refusals of strict JOSE as outcomes of a sign-in."""

from collections.abc import Iterator
from contextlib import contextmanager

from providers.errors import SignInRefused, by_code
from ssoconsole.jose.errors import JwtRefused


def outcome_of(refused: JwtRefused) -> SignInRefused:
    """Return the outcome with the same code, with what was expected and received."""
    return by_code(refused.code)(expected=refused.expected, received=refused.received)


@contextmanager
def refusals_as_outcomes() -> Iterator[None]:
    """Raise the outcome in the place of every JwtRefused inside."""
    try:
        yield
    except JwtRefused as refused:
        raise outcome_of(refused) from None
