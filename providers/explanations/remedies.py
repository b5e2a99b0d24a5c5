"""
What to do about the outcome of one attempt: the remedy of the table, the value to type, and the field for it.

An attempt can also be shown as the steps of an examination.
"""

from typing import Any, NamedTuple
from urllib.parse import unquote

from providers.explanations.meanings import meaning_of
from providers.explanations.stages import stages_of
from providers.models import Provider, SignInAttempt
from providers.protocol.discovery import problem_of_issuer
from ssoconsole.platform.examination import Check, failed, passed
from ssoconsole.platform.jose.algorithms import ALGORITHMS, SYMMETRIC

# By outcome; what was expected and received is the attempt's, everything else the registration's or the console's.
SENTENCES = {
    "issuer_mismatch": "If that is the provider you mean, type {received} as the issuer.",
    "metadata_invalid": "The discovery document is at {issuer}/.well-known/openid-configuration.",
    "algorithm_refused": "Accepted are {signing_algs}; received: {received}.",
    "authorized_party_mismatch": "The client ID here is {client_id}.",
    "missing_claim": "Missing is {expected}.",
    "principal_missing": "None of {principal_claims} came; {received} did.",
    "insufficient_user_authentication": "Expected is {expected}; received: {received}.",
    "callback_mismatch": "The redirect URI is {redirect_uri}.",
}
NO_ISSUER = "{received} cannot be registered: let the provider put {expected} into its tokens."
TEMPLATE = (
    "{received} is a template: type the issuer of your own tenant, with its id in the place of the braces."
)
FIRST_OF_A_LIST = "The claim {path} is a list: type {path}.0 to read its first member."
UNTRUSTED = "Type {received} among the trusted audiences, if these are yours."
ANOTHER_CLIENT = "The client ID here is {client_id}, and the token is for {received}."
# Which field a remedy is about where it leaves the value to a person.
FIELDS = {
    "issuer_mismatch": "issuer",
    "iss_parameter_mismatch": "issuer",
    "metadata_invalid": "issuer",
    "audience_mismatch": "client_id",
    "authorized_party_mismatch": "client_id",
    "algorithm_refused": "signing_algs",
    "client_credentials_unusable": "client_secret",
    "principal_missing": "principal_claims",
    "principal_unusable": "principal_claims",
    "authentication_too_old": "max_age",
    "pushed_authorization_refused": "token_endpoint_auth_method",
}
JWKS_URL = (
    "The console's JWKS URL is {jwks_url}: let the provider read it, and compare the assertion audience."
)


class Mend(NamedTuple):
    """The field of a registration that a remedy is about, and what it would be then; None leaves that to a person."""

    field: str
    value: Any = None


def mend_of(attempt: SignInAttempt) -> Mend | None:
    """
    Return what an attempt says is to be changed in the registration; None where that is not told.

    A value is only offered that cannot lead to somebody else: an issuer of another spelling, and never one of another
    path, which may be another tenant's with the same keys.
    """
    provider = attempt.provider
    if provider is None or attempt.outcome in ("", "ok"):
        return None
    mend = _with_value(attempt, provider)
    if mend is None:
        field = FIELDS.get(attempt.outcome, "")
        if attempt.outcome == "token_endpoint_error" and "invalid_client" in attempt.received:
            field = "client_secret"
        return Mend(field) if field else None
    return None if getattr(provider, mend.field) == mend.value else mend


def _with_value(attempt: SignInAttempt, provider: Provider) -> Mend | None:
    outcome, received = attempt.outcome, attempt.received
    if outcome == "issuer_mismatch" and _spelt_alike(attempt.expected, received):
        return Mend("issuer", received)
    if outcome == "audience_mismatch" and "trusted audiences" in attempt.expected:
        added = [name for name in received.split() if name not in provider.trusted_audiences]
        return Mend("trusted_audiences", [*provider.trusted_audiences, *added])
    algorithm = received.removeprefix("alg ")
    if outcome == "algorithm_refused" and algorithm in ALGORITHMS:
        named = [*provider.signing_algs, *({algorithm} - {*provider.signing_algs})]
        return None if set(SYMMETRIC) & set(named) else Mend("signing_algs", named)
    if outcome == "response_mode_mismatch":
        return Mend("extra_params", {**provider.extra_params, "response_mode": "form_post"})
    if outcome == "pushed_authorization_refused" and "invalid_client" not in received:
        return Mend("pushed_authorization", False)
    return Mend("enabled", True) if outcome == "provider_disabled" else None


def _spelt_alike(expected: str, received: str) -> bool:
    """Tell whether two issuers differ in nothing but slashes at the end and the case of the host; a path has a case."""
    (here, path), (there, other_path) = map(_apart, (expected, received))
    return (here.lower(), path) == (there.lower(), other_path)


def _apart(issuer: str) -> tuple[str, str]:
    """Scheme with host, and path, of an issuer."""
    scheme, separator, rest = issuer.rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host}", f"{slash}{path}"


def remedy_of(attempt: SignInAttempt, *, registration: Provider | None = None) -> str:
    """
    Return what an administrator does about an attempt, with the values that he types.

    `registration` is what the attempt went through, if not the one that is stored.
    """
    remedy, provider = meaning_of(attempt.outcome).remedy, registration or attempt.provider
    sentence = _sentence(attempt, provider) if provider else ""
    return f"{remedy} {sentence}".rstrip()


def _sentence(attempt: SignInAttempt, provider: Provider) -> str:
    sentence = SENTENCES.get(attempt.outcome, "")
    if attempt.outcome == "audience_mismatch":
        sentence = UNTRUSTED if "trusted audiences" in attempt.expected else ANOTHER_CLIENT
    if attempt.outcome == "issuer_mismatch" and "{" in unquote(attempt.received):
        sentence = TEMPLATE
    elif attempt.outcome == "issuer_mismatch" and problem_of_issuer(attempt.received, allow_http=True):
        sentence = NO_ISSUER
    path, _, kind = attempt.expected.partition(", ")
    if attempt.outcome == "principal_unusable" and (kind, attempt.received) == ("a string", "list"):
        sentence = FIRST_OF_A_LIST
    asserts = provider.token_endpoint_auth_method == Provider.ClientAuthentication.PRIVATE_KEY_JWT
    if asserts and "invalid_client" in attempt.received:
        sentence = JWKS_URL
    return sentence.format(
        expected=attempt.expected,
        received=attempt.received or "nothing",
        path=path,
        issuer=provider.issuer.rstrip("/"),
        client_id=provider.client_id,
        signing_algs=", ".join(provider.signing_algs),
        principal_claims=", ".join(provider.principal_claims),
        redirect_uri=provider.redirect_uri,
        jwks_url=provider.jwks_url,
    )


def checks_of_attempt(attempt: SignInAttempt) -> list[Check]:
    """Return the stages that were passed and, for a refused attempt, the outcome as the step that failed."""
    checks = [passed(stage.name, stage.took) for stage in stages_of(attempt) if stage.state == "passed"]
    if attempt.outcome == "ok":
        return checks
    meaning = meaning_of(attempt.outcome)
    name = attempt.outcome or "unfinished"
    expected = attempt.expected or "an answer that can be used"
    received = attempt.received or meaning.happened
    return [*checks, failed(name, expected=expected, received=received, remedy=meaning.remedy)]
