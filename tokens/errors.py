"""
What the bots' side refuses, as facts with stable codes.

Each door has one table from these to its own answers: `tokens/oauth/answers.py` and `tokens/api/problems.py`.
"""

from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.jose.errors import JwtRefused


class TokensError(DomainError):
    """The request was refused."""


# --- What a request may look like (RFC 6749 section 5.2) ---------------------------------------------------


class InvalidRequest(TokensError):
    """The request is malformed."""

    code = "invalid_request"


class RequestTooLarge(InvalidRequest):
    """The request is larger than anything this endpoint needs."""


class UnsupportedGrantType(TokensError):
    """Only the grant type client_credentials is served here."""

    code = "unsupported_grant_type"


class InvalidClient(TokensError):
    """
    Client authentication failed.

    One error for every cause: unknown client, wrong secret, retired or expired secret, disabled bot, wrong
    network. `retry_after` is seconds to wait, after too many failures. `cause` is which it was, for the administrator
    and never for the caller.
    """

    code = "invalid_client"

    def __init__(
        self,
        message: str = "",
        *,
        retry_after: int | None = None,
        cause: "ProofRefused | JwtRefused | None" = None,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.cause = cause


class UnauthorizedClient(TokensError):
    """This bot has no grant at any audience, and so may not ask for tokens."""

    code = "unauthorized_client"


class InvalidToken(TokensError):
    """The token is malformed, unknown, expired, revoked or meant for somebody else."""

    code = "invalid_token"


class InsufficientScope(TokensError):
    """The token lacks the scope that this needs."""

    code = "insufficient_scope"


# --- Scopes and lifetimes ----------------------------------------------------------------------------------


class UnknownScope(TokensError):
    """A scope is unknown at this audience or beyond what is granted."""

    code = "invalid_scope"


class ScopeMalformed(UnknownScope):
    """A scope breaks the grammar of RFC 6749 section 3.3."""


class LifetimeInvalid(TokensError):
    """A lifetime is whole seconds, or one of OneHour, 1, 7, 30, 60, 90 (days) and Unlimited."""

    code = "lifetime_invalid"


class LifetimeTooLong(TokensError):
    """The lifetime is longer than the audience allows."""

    code = "lifetime_too_long"


# --- Audiences ---------------------------------------------------------------------------------------------


class AudienceRefused(TokensError):
    """No token can be had for this audience."""

    code = "audience_refused"


class AudienceUnknown(AudienceRefused):
    """No audience has this identifier."""

    code = "audience_unknown"


class AudienceAmbiguous(AudienceRefused):
    """The bot has grants at several audiences: say which one is meant."""

    code = "audience_ambiguous"


class AudienceDisabled(AudienceRefused):
    """This audience is disabled."""

    code = "audience_disabled"


class NotGranted(AudienceRefused):
    """The bot has no grant at this audience."""

    code = "not_granted"


class AudienceTaken(TokensError):
    """Another audience has this identifier."""

    code = "audience_taken"


class IdentifierInvalid(TokensError):
    """An audience is named by an absolute URI in ASCII (https, http or urn) without a fragment."""

    code = "audience_identifier_invalid"


class IdentifierImmutable(TokensError):
    """Tokens carry this identifier already, so that it cannot change any more."""

    code = "audience_identifier_immutable"


class ProfileInUse(TokensError):
    """Live tokens have the other form; revoke them or wait for their end before changing it."""

    code = "audience_profile_in_use"


# --- Bots --------------------------------------------------------------------------------------------------


class BotUnknown(TokensError):
    """No bot has this name."""

    code = "bot_unknown"


class BotDisabled(TokensError):
    """This bot is disabled."""

    code = "bot_disabled"


class BotRetired(BotDisabled):
    """This bot is disabled for good."""

    code = "bot_retired"


class BotNameTaken(TokensError):
    """A bot has, or had, this name; names are never reused."""

    code = "bot_name_taken"


class NameImmutable(TokensError):
    """The name of a bot never changes: tokens and log lines mean the same bot for ever."""

    code = "bot_name_immutable"


class NetworkInvalid(TokensError):
    """An allowed network is a CIDR range such as 192.0.2.0/24 or 2001:db8::/32."""

    code = "network_invalid"


class GrantRepeated(TokensError):
    """Two grants name the same audience."""

    code = "grant_repeated"


class RoleInvalid(TokensError):
    """A role is a text of 1 to 100 printable characters."""

    code = "role_invalid"


# --- Credentials -------------------------------------------------------------------------------------------


class SecretTooWeak(TokensError):
    """A client secret needs at least 32 characters that look random."""

    code = "client_secret_too_weak"


class SecretInUse(TokensError):
    """This client secret is, or was, already registered."""

    code = "client_secret_in_use"


class ExpiryInvalid(TokensError):
    """A credential must expire in the future or not at all."""

    code = "expiry_invalid"


class KeysRefused(TokensError):
    """The key set cannot be used."""

    code = "public_keys_refused"


class RuleInvalid(TokensError):
    """A federation rule needs an issuer, an audience and a subject, all of them texts."""

    code = "federation_rule_invalid"


class RuleTooWide(RuleInvalid):
    """The federation rule would admit workloads of strangers."""

    code = "rule_too_wide"


# --- Why a proof does not count: for the log and the administrator, never for the caller --------------------


class ProofRefused(TokensError):
    """What the caller showed proves nothing; he is told InvalidClient, whichever it was."""

    code = "proof_refused"


class CredentialUnknown(ProofRefused):
    """No live credential fits: unknown name, wrong, retired or expired secret, or a bot that is stopped."""

    code = "credential_unknown"


class AssertionReplayed(ProofRefused):
    """This assertion has been used before."""

    code = "assertion_replayed"


class NetworkForeign(ProofRefused):
    """The bot may not come from this address."""

    code = "network_foreign"


class KeysUnavailable(ProofRefused):
    """The keys to verify with cannot be had from where they are published."""

    code = "keys_unavailable"


class WorkloadUnknown(ProofRefused):
    """No federation rule fits this workload's token."""

    code = "workload_unknown"


class WorkloadAmbiguous(ProofRefused):
    """Rules of several bots fit this workload's token; it must say by client_id which bot it is."""

    code = "workload_ambiguous"


# --- Signing keys and tokens -------------------------------------------------------------------------------


class NoSigningKey(TokensError):
    """There is no usable signing key for this algorithm."""

    code = "no_signing_key"


class TooManyTokens(TokensError):
    """The bot holds as many tokens as it may; let some end, or revoke them."""

    code = "too_many_tokens"


class AlgorithmUnknown(TokensError):
    """Tokens are signed with ES256, RS256 or EdDSA."""

    code = "algorithm_unknown"


class KeyUnknown(TokensError):
    """No signing key has this key id."""

    code = "signing_key_unknown"


class SigningKeyRefused(TokensError):
    """This key cannot be imported."""

    code = "signing_key_refused"


class KeyTaken(TokensError):
    """This key, or another one with its key id, is on record already."""

    code = "signing_key_taken"


class TokenUnknown(TokensError):
    """No token has this jti."""

    code = "token_unknown"


# --- Requests that are sent again --------------------------------------------------------------------------


class AlreadyDone(TokensError):
    """This request was done before; `resource` is what it created, and a secret is shown only once."""

    code = "already_done"

    def __init__(self, message: str = "", *, resource: str = "") -> None:
        super().__init__(message)
        self.resource = resource


class IdempotencyKeyReused(TokensError):
    """This Idempotency-Key has been used with another body."""

    code = "idempotency_key_reused"


class IdempotencyKeyInvalid(TokensError):
    """An Idempotency-Key is 1 to 255 visible ASCII characters."""

    code = "idempotency_key_invalid"
