"""Why a token or a key set was refused, as facts with stable codes."""

from ssoconsole.platform.errors import DomainError

LONGEST_SHOWN = 200


def shown(value: object) -> str:
    """Return `value` as one printable line of at most 200 characters, fit for an administrator's trace."""
    text = value if isinstance(value, str) else repr(value)
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: LONGEST_SHOWN + 1])
    return line if len(line) <= LONGEST_SHOWN else line[: LONGEST_SHOWN - 1] + "…"


class JwtRefused(DomainError):
    """
    A token was refused; the subclass says why.

    `expected` and `received` are for an administrator's trace: truncated, and never the token or key material. The
    message is the same sentence for every subclass, so that whatever prints the error tells an outsider nothing.
    """

    code = "token_refused"

    def __init__(self, message: str = "", *, expected: object = "", received: object = "") -> None:
        super().__init__(
            message or "This token was refused.", expected=shown(expected), received=shown(received)
        )


class TokenMalformed(JwtRefused):
    """It is no compact JWS, or its header or payload is no strict JSON object."""

    code = "token_malformed"


class TokenTooLarge(JwtRefused):
    """It has more bytes than the caller reads; nothing of it was looked at."""

    code = "token_too_large"


class HeaderRefused(JwtRefused):
    """The header asks for something never done here: `crit`, `b64`, compression, encryption."""

    code = "header_refused"


class TokenTypeRefused(JwtRefused):
    """The `typ` belongs to another kind of JWT (RFC 8725 section 3.11)."""

    code = "token_type_refused"


class AlgorithmRefused(JwtRefused):
    """The `alg` is not on the caller's allow-list (RFC 8725 section 3.1)."""

    code = "algorithm_refused"


class UnknownKey(JwtRefused):
    """No published key fits; the key set may have been rotated since it was read."""

    code = "unknown_key"


class AmbiguousKey(JwtRefused):
    """Several different published keys fit, and guessing among them is not verification."""

    code = "ambiguous_key"


class SignatureInvalid(JwtRefused):
    """The signature does not belong to this key and this text."""

    code = "signature_invalid"


class ClaimRefused(JwtRefused):
    """A registered claim has the wrong type or range."""

    code = "claim_refused"


class MissingClaim(JwtRefused):
    """A claim that the caller requires is absent."""

    code = "missing_claim"


class IssuerMismatch(JwtRefused):
    """`iss` is not exactly the expected issuer."""

    code = "issuer_mismatch"


class AudienceMismatch(JwtRefused):
    """`aud` does not name us, or names somebody who is not trusted."""

    code = "audience_mismatch"


class Expired(JwtRefused):
    """`exp` has passed."""

    code = "expired"


class IssuedInTheFuture(JwtRefused):
    """`iat` has not come yet."""

    code = "issued_in_the_future"


class NotYetValid(JwtRefused):
    """`nbf` has not come yet."""

    code = "not_yet_valid"


class IssuedTooLongAgo(JwtRefused):
    """`iat` is older than the caller accepts."""

    code = "issued_too_long_ago"


class KeySetRefused(Exception):
    """A document is no JSON Web Key Set at all (RFC 7517 section 5); one bad key never raises this."""
