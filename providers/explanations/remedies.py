"""What to do about the outcome of one attempt: the remedy of the table, and the value to type where there is one."""

from providers.explanations.meanings import meaning_of
from providers.models import Provider, SignInAttempt

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
UNTRUSTED = "Type {received} among the trusted audiences, if these are yours."
ANOTHER_CLIENT = "The client ID here is {client_id}, and the token is for {received}."
JWKS_URL = (
    "The console's JWKS URL is {jwks_url}: let the provider read it, and compare the assertion audience."
)


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
    asserts = provider.token_endpoint_auth_method == Provider.ClientAuthentication.PRIVATE_KEY_JWT
    if asserts and "invalid_client" in attempt.received:
        sentence = JWKS_URL
    return sentence.format(
        expected=attempt.expected,
        received=attempt.received or "nothing",
        issuer=provider.issuer.rstrip("/"),
        client_id=provider.client_id,
        signing_algs=", ".join(provider.signing_algs),
        principal_claims=", ".join(provider.principal_claims),
        redirect_uri=provider.redirect_uri,
        jwks_url=provider.jwks_url,
    )
