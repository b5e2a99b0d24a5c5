"""
Why a back-channel logout was refused, beside what may be wrong with any token of a provider.

The provider is answered the same for all of them; `docs/outcomes.md` explains each code to an administrator.
"""

from ssoconsole.errors import DomainError


class LogoutRefused(DomainError):
    """This back-channel logout was refused."""

    code = "logout_refused"


class LogoutFormRefused(LogoutRefused):
    """The request is no form with one logout token."""

    code = "logout_form_refused"


class LogoutEventMissing(LogoutRefused):
    """The token does not say that it is about a logout."""

    code = "logout_event_missing"


class NonceForbidden(LogoutRefused):
    """The token has a nonce, as ID tokens have and logout tokens must not."""

    code = "nonce_forbidden"


class NobodyNamed(LogoutRefused):
    """The token names neither a person nor a session."""

    code = "nobody_named"


class ValidTooLong(LogoutRefused):
    """The token is valid for longer than a logout takes."""

    code = "valid_too_long"


class LogoutTokenUsed(LogoutRefused):
    """This token has been used before."""

    code = "logout_token_used"


def every_logout_refusal() -> list[type[LogoutRefused]]:
    """All there are, for the documentation and its test."""
    return [LogoutRefused, *LogoutRefused.__subclasses__()]
