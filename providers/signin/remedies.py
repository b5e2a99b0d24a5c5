"""
What the administrator does about an outcome: the last column of `docs/outcomes.md`, which a test compares.

For pages that only administrators read; what a refused person is told stands in `failure`.
"""

REMEDIES: dict[str, str] = {
    "refused": "Read the trace.",
    "internal_error": (
        "Look for `sign_in_broke` in the log of that minute: it names the kind of fault and the line."
    ),
    "too_many_attempts": (
        "If many people share that address, raise the setting. Check that `TRUSTED_PROXIES` names your "
        "proxy, else everybody has its address."
    ),
    "answer_refused": "Nothing, unless it repeats: then the provider or something in between is broken.",
    "state_unknown": (
        "Have the person start at the sign-in page. For sign-ins that start at the provider, register "
        "`<BASE_URL>/signin` there as login URL."
    ),
    "state_used": "Nothing.",
    "browser_mismatch": (
        "Have the person stay in one browser and reach the console under `BASE_URL` only, not under "
        "another name or address."
    ),
    "attempt_expired": "Nothing; the person starts again.",
    "callback_mismatch": "Register exactly the redirect URI that the provider's page here shows.",
    "iss_parameter_mismatch": (
        "Compare the registered issuer with the provider's discovery document, character by character."
    ),
    "iss_parameter_missing": (
        "Refresh the stored metadata; if the provider still announces it, its answer was stripped on the way."
    ),
    "provider_changed": "Nothing; the person starts again.",
    "rehearsal_mismatch": "Finish a rehearsal in the browser and as the user that began it.",
    "answer_incomplete": (
        "Check that response type and response mode are allowed for this client at the provider."
    ),
    "response_mode_mismatch": (
        "Set `response_mode: form_post` in the extra parameters, or the response mode at the provider."
    ),
    "provider_fault": "Read the trace.",
    "provider_error": (
        "The trace has the provider's error and description. `unauthorized_client`, `invalid_scope` and "
        "the like are settings at the provider."
    ),
    "provider_unreachable": (
        "Try the provider's discovery URL from the console's machine: name, network, proxy, certificate."
    ),
    "provider_unavailable": "Nothing, unless it lasts: then ask who runs the provider.",
    "metadata_invalid": (
        "Check the issuer; `<issuer>/.well-known/openid-configuration` must be the provider's own document."
    ),
    "keys_invalid": (
        "Open the `jwks_uri` of the discovery document. For HS algorithms register a secret of at least "
        "32 bytes."
    ),
    "token_endpoint_error": (
        "The trace has the provider's error. `invalid_client`: client ID, secret, key (does the provider"
        " know the JWKS URL?) or authentication method. `invalid_grant`: redirect URI, or clocks."
    ),
    "pushed_authorization_refused": (
        "The trace has the provider's error. `invalid_client`: client ID, secret, key or authentication "
        "method. If the provider's endpoint for it is broken, switch pushed authorization requests off "
        "for this provider."
    ),
    "client_credentials_unusable": (
        "Enter the client secret again; for `private_key_jwt` save the registration, which makes a key "
        "where there is none, or rotate the client key."
    ),
    "userinfo_error": "Check the scopes, and that the provider's userinfo is enabled for this client.",
    "refresh_refused": (
        "The trace has the provider's error. `invalid_grant`: nothing, the person signs in again. "
        "`invalid_client` or `unauthorized_client`: the registration."
    ),
    "provider_disabled": "Enable it, if people shall sign in through it.",
    "provider_unknown": "Correct the link, or register the provider.",
    "id_token_refused": "Read the trace.",
    "token_malformed": "Check that the provider signs, and does not encrypt, ID tokens for this client.",
    "header_refused": "Turn the feature off at the provider; if nobody turned it on, this was a forgery.",
    "token_type_refused": "If the provider gives its ID tokens a `typ` other than JWT, that is its fault.",
    "algorithm_refused": (
        "If the trace names an algorithm that you expect, add it. `none` and a surprising HS256 are "
        "forgeries."
    ),
    "unknown_key": (
        "The provider signs with a key that it does not publish, or the issuer's keys come from a stale "
        "cache in between."
    ),
    "ambiguous_key": "Have the provider put `kid` into its tokens.",
    "signature_invalid": "A forgery, or a provider that reuses a key ID for another key.",
    "claim_refused": "The trace names it.",
    "missing_claim": "The trace names it.",
    "issuer_mismatch": (
        "Correct the registered issuer; a slash at the end counts. For several tenants, register each."
    ),
    "audience_mismatch": "Check the client ID. Additional audiences are not accepted.",
    "authorized_party_mismatch": "Check the client ID.",
    "expired": "Compare the clocks of both machines; then the leeway.",
    "issued_in_the_future": "Compare the clocks of both machines; then the leeway.",
    "issued_too_long_ago": "Compare the clocks. If they are right, an old token was used again.",
    "not_yet_valid": "Compare the clocks of both machines; then the leeway.",
    "nonce_mismatch": "If it happens to everybody, the provider is broken.",
    "at_hash_mismatch": "An injected token, or a provider that computes the hash wrongly.",
    "c_hash_mismatch": "An injected code, or a provider that computes the hash wrongly.",
    "authentication_too_old": "Raise the max age, or set the prompt to `login`.",
    "subject_mismatch": (
        "Nothing, if several people use one browser. Otherwise the provider changes its subjects, and "
        "people would lose their accounts."
    ),
    "authentication_time_changed": (
        "The provider breaks OpenID Connect Core 1.0 section 12.2, or answered with another person's token."
    ),
    "userinfo_subject_mismatch": (
        "An injected access token, or a broken provider. None of its claims were used."
    ),
    "denied": "Read the trace.",
    "principal_missing": (
        "Ask for the scope that brings the claim, or name another claim first. The trace lists what came."
    ),
    "principal_unusable": "Name another claim, or correct it at the provider.",
    "not_admitted": "Change the admission rules, or the person's entry at the provider.",
    "email_taken": (
        "Decide who it is. If both are one person, link by verified e-mail for this provider, or rename "
        "the old user."
    ),
    "user_disabled": "Activate the user, if the person shall sign in.",
    "session_ended": "Nothing; the event log says who ended it.",
    "identity_gone": "Nothing, if that was intended.",
    "identity_taken": (
        "Decide whose it is. If both users are one person, unlink the identity from the other user first."
    ),
}


def remedy_of(code: str) -> str:
    """Return the remedy in the Markdown of the documentation; "" for a success and for what has none."""
    return REMEDIES.get(code, "")
