"""
The outcomes of a refused sign-in: one fact, one stable code each.

What is wrong with a token by itself is a `JwtRefused` (`ssoconsole/platform/jose/errors.py`), and its code the outcome.

A door has the pages with their statuses (`providers/signin/guard.py`); what each code means to an administrator is in
`providers/explanations/meanings.py`, and a test keeps that table complete.
"""

from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.jose.errors import JwtRefused


class SignInRefused(DomainError):
    """This sign-in was refused."""


# --- The answer does not belong to an attempt of this browser ------------------------------------------------


class AnswerRefused(SignInRefused):
    """The provider's answer cannot be used."""

    code = "answer_refused"


class StateUnknown(AnswerRefused):
    """No sign-in attempt has this state."""

    code = "state_unknown"


class StateUsed(AnswerRefused):
    """This attempt has been answered before."""

    code = "state_used"


class BrowserMismatch(AnswerRefused):
    """Another browser started this attempt."""

    code = "browser_mismatch"


class AttemptExpired(AnswerRefused):
    """The answer came too late."""

    code = "attempt_expired"


class CallbackMismatch(AnswerRefused):
    """The answer came to another callback than the attempt's."""

    code = "callback_mismatch"


class IssParameterMismatch(AnswerRefused):
    """The answer's `iss` parameter is not the provider's issuer (RFC 9207)."""

    code = "iss_parameter_mismatch"


class IssParameterMissing(AnswerRefused):
    """The provider announces an `iss` parameter and the answer has none (RFC 9207)."""

    code = "iss_parameter_missing"


class ProviderChanged(AnswerRefused):
    """The provider's registration was changed while the attempt was under way."""

    code = "provider_changed"


class AnswerIncomplete(AnswerRefused):
    """The answer has neither an error nor what was asked for."""

    code = "answer_incomplete"


class ResponseModeMismatch(AnswerRefused):
    """The answer was posted, and this provider was asked to answer by redirect."""

    code = "response_mode_mismatch"


class RehearsalMismatch(AnswerRefused):
    """Another person than who began this rehearsal came back."""

    code = "rehearsal_mismatch"


class TooManyAttempts(SignInRefused):
    """This address starts too many sign-ins."""

    code = "too_many_attempts"


class InternalError(SignInRefused):
    """The console itself failed."""

    code = "internal_error"


# --- The provider is at fault, or says no --------------------------------------------------------------------


class ProviderFault(SignInRefused):
    """The provider does not do its part."""

    code = "provider_fault"


class ProviderRefused(SignInRefused):
    """The provider answered with an error."""

    code = "provider_error"


class ProviderUnreachable(ProviderFault):
    """The provider does not answer."""

    code = "provider_unreachable"


class ProviderUnavailable(ProviderFault):
    """The provider answered that it cannot serve at the moment."""

    code = "provider_unavailable"


class MetadataInvalid(ProviderFault):
    """The provider's discovery document cannot be used."""

    code = "metadata_invalid"


class KeysInvalid(ProviderFault):
    """The provider's key set cannot be used."""

    code = "keys_invalid"


class TokenEndpointError(ProviderFault):
    """The token endpoint refused, or answered what is no token response."""

    code = "token_endpoint_error"


class PushedAuthorizationRefused(ProviderFault):
    """The provider refused the pushed authorization request, or answered what is none (RFC 9126)."""

    code = "pushed_authorization_refused"


class ClientCredentialsUnusable(ProviderFault):
    """The console cannot prove to this provider which client it is: its own secret or key is unusable."""

    code = "client_credentials_unusable"


class UserinfoError(ProviderFault):
    """The userinfo endpoint refused, or answered what is no userinfo."""

    code = "userinfo_error"


class RefreshRefused(SignInRefused):
    """The provider does not vouch for this session any more."""

    code = "refresh_refused"


class ProviderDisabled(SignInRefused):
    """This provider is disabled."""

    code = "provider_disabled"


class ProviderUnknown(SignInRefused):
    """No provider has this name or issuer."""

    code = "provider_unknown"


# --- The ID token is not the one asked for (OpenID Connect Core 1.0 section 3.1.3.7) --------------------------


class IdTokenRefused(SignInRefused):
    """The ID token cannot be trusted."""

    code = "id_token_refused"


class AuthorizedPartyMismatch(IdTokenRefused):
    """The token was issued to another client (`azp`)."""

    code = "authorized_party_mismatch"


class NonceMismatch(IdTokenRefused):
    """The nonce is not this attempt's."""

    code = "nonce_mismatch"


class AtHashMismatch(IdTokenRefused):
    """The access token is not the one that the ID token vouches for."""

    code = "at_hash_mismatch"


class CHashMismatch(IdTokenRefused):
    """The code is not the one that the ID token vouches for."""

    code = "c_hash_mismatch"


class AuthenticationTooOld(IdTokenRefused):
    """The person signed in at the provider longer ago than `max_age` allows."""

    code = "authentication_too_old"


class InsufficientAuthentication(IdTokenRefused):
    """The provider does not say that the person has authenticated as the registration demands."""

    code = "insufficient_user_authentication"


class SubjectMismatch(IdTokenRefused):
    """The token speaks of another person than the one who is signed in."""

    code = "subject_mismatch"


class AuthenticationTimeChanged(IdTokenRefused):
    """The token speaks of another authentication than the one that the session began with."""

    code = "authentication_time_changed"


class UserinfoSubjectMismatch(SignInRefused):
    """Userinfo speaks of somebody else than the ID token."""

    code = "userinfo_subject_mismatch"


# --- Who may enter -------------------------------------------------------------------------------------------


class Denied(SignInRefused):
    """The person may not enter; `rule` names what says so, in the words of the registration where it is a field."""

    code = "denied"
    rule = ""


class PrincipalMissing(Denied):
    """None of the principal claims is present."""

    code = "principal_missing"
    rule = "principal_claims"


class PrincipalUnusable(Denied):
    """The principal claim holds what cannot be a user's name."""

    code = "principal_unusable"
    rule = "principal_claims"


class NotAdmitted(Denied):
    """The admission rules do not let this person in."""

    code = "not_admitted"

    def __init__(self, message: str = "", *, expected: str = "", received: str = "", rule: str = "") -> None:
        super().__init__(message, expected=expected, received=received)
        self.rule = rule


class EmailTaken(Denied):
    """Another person has this user name or e-mail address."""

    code = "email_taken"
    rule = "email_taken"


class UserDisabled(Denied):
    """This user is disabled."""

    code = "user_disabled"
    rule = "user_disabled"


class SessionEnded(Denied):
    """The session ended before its check did."""

    code = "session_ended"


class IdentityGone(Denied):
    """The person's identity at this provider is no longer the signed-in user's."""

    code = "identity_gone"


class IdentityTaken(Denied):
    """The account that was to be connected opens another user's already."""

    code = "identity_taken"


# Whatever a sign-in is refused with: its own refusals, and those of the tokens that it reads, as they are.
REFUSALS = (SignInRefused, JwtRefused)


def every_outcome() -> list[type[DomainError]]:
    """All refusals there are, for the documentation and its test."""
    found: list[type[DomainError]] = []
    waiting: list[type[DomainError]] = [SignInRefused, *JwtRefused.__subclasses__()]
    while waiting:
        outcome = waiting.pop(0)
        found.append(outcome)
        waiting.extend(outcome.__subclasses__())
    return found
