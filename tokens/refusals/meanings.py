"""
The one table from the code of a refusal to what it means and what an administrator does about it.

`python -m tests.ssoconsole.reference` writes it into `docs/outcomes.md`; a test keeps the table complete. It is in
parts: client assertions, by which a bot or its platform proves itself (RFC 7523); the shape of a request, its sender
and its token; and the rules about scopes, audiences, bots, credentials and keys.
"""

from ssoconsole.platform.examination import Meaning
from ssoconsole.platform.jose.verify import MAX_BYTES

OF_THE_DOMAIN = {
    "invalid_scope": Meaning(
        "A scope is unknown at this audience, or more than what is granted to the bot.",
        "Ask for less, or widen the grant. Without `scope` a token has all that is granted.",
        expected="scopes within the bot's grant",
    ),
    "lifetime_invalid": Meaning(
        "The lifetime is none of those that there are.",
        "Correct the request.",
        expected="seconds, or OneHour, 1, 7, 30, 60, 90, Unlimited",
    ),
    "lifetime_too_long": Meaning(
        "The lifetime is longer than the audience allows.",
        "Ask for less, or raise the audience's longest lifetime.",
        expected="the longest lifetime of the audience, at most",
    ),
    "audience_refused": Meaning(
        "No token can be had for this audience.",
        "Compare `resource` with the audience's identifier, character by character.",
        expected="an audience where the bot has a grant",
    ),
    "audience_unknown": Meaning(
        "No audience has this identifier.",
        "Compare it with the list of audiences, character by character; a slash at the end counts. "
        "Or register the audience.",
        expected="the identifier of a registered audience",
    ),
    "audience_ambiguous": Meaning(
        "The bot has grants at several audiences, and did not say which is meant.",
        "Have the client send `resource`.",
        expected="`resource` or `audience` with one identifier",
    ),
    "audience_disabled": Meaning(
        "This audience is disabled.",
        "Enable the audience, if its API still trusts the console.",
        expected="an enabled audience",
    ),
    "not_granted": Meaning(
        "The bot has no grant at this audience.",
        "Give the bot a grant there.",
        expected="a grant of the bot at this audience",
    ),
    "audience_taken": Meaning(
        "Another audience has this identifier.",
        "Change the existing audience instead.",
        expected="an identifier that is new",
    ),
    "audience_identifier_invalid": Meaning(
        "The identifier is no absolute URI, or has a fragment.",
        "Correct the identifier.",
        expected="https, http or urn, without a fragment",
    ),
    "audience_identifier_immutable": Meaning(
        "Tokens carry this identifier already.",
        "Register another audience.",
        expected="the identifier as it is",
    ),
    "audience_profile_in_use": Meaning(
        "Live tokens have the other form.",
        "Revoke them, or wait for their end.",
        expected="no live token of the audience",
    ),
    "bot_unknown": Meaning(
        "No bot has this name.",
        "Compare the name with the list of bots.",
        expected="the name of a bot",
    ),
    "bot_disabled": Meaning(
        "This bot is disabled.",
        "Enable the bot, if it shall work.",
        expected="an enabled bot",
    ),
    "bot_retired": Meaning(
        "This bot was disabled for good.",
        "Create one with another name.",
        expected="a bot that is not retired",
    ),
    "bot_name_taken": Meaning(
        "A bot has, or had, this name.",
        "Choose another name: names are never reused.",
        expected="a name that no bot ever had",
    ),
    "bot_name_immutable": Meaning(
        "The name of a bot cannot change.",
        "Create another bot.",
        expected="the name as it is",
    ),
    "network_invalid": Meaning(
        "An allowed network is no CIDR range.",
        "Correct the range; no bits may be set behind the prefix.",
        expected="a range such as 192.0.2.0/24",
    ),
    "grant_repeated": Meaning(
        "Two grants name the same audience.",
        "Put the scopes into one grant.",
        expected="one grant an audience",
    ),
    "role_invalid": Meaning(
        "A role is no text of 1 to 100 printable characters.",
        "Correct the role.",
        expected="1 to 100 printable characters",
    ),
    "client_secret_too_weak": Meaning(
        "The client secret is too short or does not look random.",
        "Let the console make the secret.",
        expected="at least 32 characters that look random",
    ),
    "client_secret_in_use": Meaning(
        "This client secret is, or was, registered already.",
        "Let the console make another.",
        expected="a secret that is new",
    ),
    "expiry_invalid": Meaning(
        "The credential would have ended already.",
        "Correct the date.",
        expected="an end in the future, or none",
    ),
    "public_keys_refused": Meaning(
        "The key set cannot be used.",
        "The answer says which key and why.",
        expected="a JSON Web Key Set of public keys, each with a kid",
    ),
    "federation_rule_invalid": Meaning(
        "The federation rule lacks its issuer, audience or subject, or one of them is no text.",
        "Correct the rule.",
        expected="issuer, audience and subject",
    ),
    "rule_too_wide": Meaning(
        "The federation rule would admit workloads of strangers.",
        "Name the repository, namespace or account in the subject.",
        expected="a subject that only your own workloads have",
    ),
    "no_signing_key": Meaning(
        "There is no usable signing key for this algorithm.",
        "Rotate: `manage.py rotate_signing_key --alg A`. `/readyz` says the same.",
        expected="a signing key",
    ),
    "too_many_tokens": Meaning(
        "The bot holds as many live tokens as it may.",
        "Have the client keep its token until it ends, instead of fetching one for each call; or "
        "raise the bot's limit.",
        expected="fewer live tokens",
    ),
    "algorithm_unknown": Meaning(
        "Tokens are signed with another algorithm.",
        "Correct the request.",
        expected="ES256, RS256 or EdDSA",
    ),
    "signing_key_unknown": Meaning(
        "No signing key has this key ID.",
        "Compare it with the list of signing keys.",
        expected="the key ID of a signing key",
    ),
    "signing_key_refused": Meaning(
        "This key cannot be imported.",
        "The answer says why.",
        expected="a private key of a supported kind",
    ),
    "signing_key_taken": Meaning(
        "This key, or another one with its key ID, is on record already.",
        "Nothing, if it is the same key.",
        expected="a key that is new",
    ),
    "token_unknown": Meaning(
        "No token has this `jti`.",
        "Compare it; records are dropped after `TOKEN_RECORD_DAYS`.",
        expected="the `jti` of a token on record",
    ),
    "already_done": Meaning(
        "The request was done before.",
        "Nothing: what it created is where the answer's `resource` says.",
        expected="a key that no request has used",
    ),
    "idempotency_key_reused": Meaning(
        "The `Idempotency-Key` was used with another body.",
        "Have the client make a key for each request.",
        expected="one key for each request",
    ),
    "idempotency_key_invalid": Meaning(
        "The `Idempotency-Key` is none.",
        "Correct the client.",
        expected="1 to 255 visible ASCII characters",
    ),
    "temporarily_unavailable": Meaning(
        "The database did not answer.",
        "Look at `/readyz` and the log.",
        expected="a database that answers",
    ),
}

OF_REQUESTS = {
    "refused": Meaning(
        "The request was refused for a reason that has no code of its own.",
        "Look for the request ID in the log.",
        expected="a request that the console can serve",
    ),
    "invalid_request": Meaning(
        "The request is malformed: a parameter is missing, comes twice, or stands in the URL.",
        "Correct the client; what was received names the parameter. Credentials and tokens belong "
        "into the body or the header, never into the URL.",
        expected="a form in the body, each parameter once (RFC 6749 section 3.2)",
    ),
    "unsupported_grant_type": Meaning(
        "Another grant type than client_credentials was asked for.",
        "Configure the client for the client credentials grant. People sign in at /signin, not here.",
        expected="grant_type=client_credentials",
    ),
    "invalid_client": Meaning(
        "The request does not prove which bot sent it: no credentials, a header that cannot be "
        "read, or another method than those of the metadata.",
        "Compare the client's method with `token_endpoint_auth_methods_supported`; by HTTP Basic "
        "both halves are form-urlencoded first.",
        expected="client_secret_basic, client_secret_post or a client assertion",
    ),
    "credential_unknown": Meaning(
        "No live credential of a bot fits: the name is wrong, the secret is wrong, retired or "
        "expired, the bot or its owner is disabled.",
        "See below how the bot of that name stands now. Issue another secret where the last one is "
        "retired or lost; compare the name and look for a line break at the end of the secret.",
        expected="the name of an enabled bot, and a live credential of that bot",
    ),
    "network_foreign": Meaning(
        "The credential is right, and the bot may not come from this address.",
        "Add the network to the bot, if it is its own. Behind a proxy, see that `TRUSTED_PROXIES` "
        "names it and `TRUSTED_PROXY_HEADER` the header that it writes: an address that is not certain is none. "
        "If the address is a stranger's, retire the credential: it has leaked.",
        expected="an address in the bot's allowed networks",
    ),
    "assertion_replayed": Meaning(
        "This client assertion was used before.",
        "Have the client make an assertion for each request. If it does, somebody else has sent a copy.",
        expected="a `jti` that is new",
    ),
    "proof_refused": Meaning(
        "What was shown proves nothing, for a reason that has no code of its own.",
        "Look for `client_authentication_failed` in the log of that minute.",
        expected="a live credential",
    ),
    "keys_unavailable": Meaning(
        "The keys to verify an assertion with cannot be had from where they are published.",
        "Fetch the address from the console's machine: name, network, certificate. It must be an https URL.",
        expected="a JSON Web Key Set at the registered address",
    ),
    "workload_unknown": Meaning(
        "No federation rule fits the token of this workload.",
        "Try the token step by step on the credential's page (Try), and correct the rule or the workload.",
        expected="a rule for this issuer, audience, subject and these claims",
    ),
    "workload_ambiguous": Meaning(
        "Rules of several bots fit the token of this workload.",
        "Send `client_id` with the name of the bot, or make the rules narrower.",
        expected="one bot, or `client_id` beside the assertion",
    ),
    "unauthorized_client": Meaning(
        "The bot is known, and has no grant at any audience.",
        "Give the bot a grant on its page.",
        expected="a grant at an audience",
    ),
    "invalid_token": Meaning(
        "The token that was shown does not count: expired, revoked, unknown, not meant for this "
        "door, or its bot, key or audience has ended.",
        "See the steps below. The token doctor, given the token itself, also checks the signature.",
        expected="a live token for the audience of this door",
    ),
    "token_unreadable": Meaning(
        "What was shown as a token is none: the text is spoilt, cut, or of another kind.",
        "Copy the whole token again, in one piece. The token doctor tells what spoils it.",
        expected="a JWT, three parts between two dots, and nothing around it",
    ),
    "insufficient_scope": Meaning(
        "The token counts, and lacks the scope that this needs.",
        "Give the bot's grant at the console's own audience the scope, and fetch another token.",
        expected="a token with the scope",
    ),
    "not_authenticated": Meaning(
        "Nothing proved who is asking: no bearer token, and no session.",
        "Have the program send its token. A proxy in between may take the header away.",
        expected=("`Authorization: Bearer` with a token for the audience `<BASE_URL>/api/v1`, or a session"),
    ),
    "authentication_failed": Meaning(
        "What was sent as authentication could not be used.",
        "Correct the client.",
        expected="a bearer token, or a session",
    ),
    "permission_denied": Meaning(
        "The caller is known, and may not do this; or a session sent no CSRF token.",
        "What was received says which of them. Owners of bots may read and not change.",
        expected=(
            "an administrator, a token with console.write, or the `X-CSRFToken` header beside a session"
        ),
    ),
    "not_found": Meaning(
        "Nothing of this name exists, or it is not the caller's to see: both are answered alike.",
        "Compare the name, character by character. A person who does not administer sees his own bots only.",
        expected="something that exists and that the caller may see",
    ),
    "method_not_allowed": Meaning(
        "The path exists and does not take this method.",
        "Correct the client; `/api/v1/docs` lists the methods of each path.",
        expected="one of the methods that the `Allow` header names",
    ),
    "not_acceptable": Meaning(
        "The client accepts no form in which this can be answered.",
        "Correct the client's `Accept` header.",
        expected="`Accept: application/json`",
    ),
    "unsupported_media_type": Meaning(
        "The body is in a form that is not read here.",
        "Correct the client's `Content-Type` header.",
        expected="`Content-Type: application/json`",
    ),
    "parse_error": Meaning(
        "The body is no JSON.",
        "Correct the client.",
        expected="a JSON object",
    ),
    "invalid": Meaning(
        "Fields of the body are missing, unknown or of the wrong shape.",
        "Correct the fields that were received wrong.",
        expected="the body that `/api/v1/docs` describes",
    ),
    "throttled": Meaning(
        "The caller asks too often.",
        "Let the client wait as long as `Retry-After` says.",
        expected="fewer requests",
    ),
    "error": Meaning(
        "The console itself failed.",
        "Look for the request ID in the log.",
        expected="an answer",
    ),
}

OF_ASSERTIONS = {
    "token_refused": Meaning(
        "The client assertion was refused for a reason that has no code of its own.",
        "Look for `client_authentication_failed` in the log of that minute.",
        expected="an assertion that can be trusted",
    ),
    "token_malformed": Meaning(
        "The client assertion is no well-formed signed JWT.",
        "Have the client send the assertion as its library made it, without quotation marks or line breaks.",
        expected="three parts in base64url between two dots",
    ),
    "token_too_large": Meaning(
        f"The client assertion has more than {MAX_BYTES:,} bytes, and was not read.",
        "Have the platform put less into its token. What was sent may also be something else than a token.",
        expected=f"at most {MAX_BYTES} bytes",
    ),
    "header_refused": Meaning(
        "The header of the assertion asks for what is never done: `crit`, `b64`, compression, encryption.",
        "Turn the feature off in the client; if nobody turned it on, this was a forgery.",
        expected="a header with `alg`, `kid` and `typ` only",
    ),
    "token_type_refused": Meaning(
        "The assertion is a JWT of another kind.",
        "Send an assertion that was made for this, not an access token.",
        expected="`typ` of JWT or client-authentication+jwt, or none",
    ),
    "algorithm_refused": Meaning(
        "The assertion is signed with an algorithm that its key is not for.",
        "Register the key that the client signs with.",
        expected="an algorithm of the registered key",
    ),
    "unknown_key": Meaning(
        "No registered key fits the assertion.",
        "Register the bot's current keys. With `jwks_uri`, see that the new key is published "
        "before it signs.",
        expected="the `kid` of a registered key",
    ),
    "ambiguous_key": Meaning(
        "Several different registered keys fit the assertion: it names none, or they have the same `kid`.",
        "Have the client name its key, and give each key a `kid` of its own.",
        expected="the `kid` of one registered key",
    ),
    "signature_invalid": Meaning(
        "The signature of the assertion does not verify.",
        "Register the key that the client signs with. If it is registered, this was a forgery.",
        expected="a signature by the registered key",
    ),
    "claim_refused": Meaning(
        "A claim of the assertion has a type or value that it may not have.",
        "What was expected names the claim. `iss` and `sub` are the bot's name, and `exp` is near.",
        expected="claims of RFC 7523 section 3",
    ),
    "missing_claim": Meaning(
        "A claim of the assertion is missing.",
        "Have the client add the claim.",
        expected="iss, sub, aud, exp, iat and jti",
    ),
    "issuer_mismatch": Meaning(
        "The issuer of the assertion is another than the one it is checked against.",
        "Correct `iss`, character by character; a slash at the end counts.",
        expected="the name of the bot, or the issuer of the rule",
    ),
    "audience_mismatch": Meaning(
        "The assertion is meant for somebody else.",
        "Have the client name the console's issuer as audience; the address of the token endpoint "
        "is not accepted.",
        expected="`<BASE_URL>` and nothing else, or the audience of the rule",
    ),
    "expired": Meaning(
        "The assertion has expired.",
        "Compare the clocks (NTP), and have the client make the assertion just before it is sent.",
        expected="`exp` in the future",
    ),
    "issued_in_the_future": Meaning(
        "The assertion was issued later than now.",
        "Set the clocks of both machines by NTP.",
        expected="`iat` up to now",
    ),
    "issued_too_long_ago": Meaning(
        "The assertion was issued too long ago.",
        "Have the client make an assertion for each request.",
        expected="`iat` of the last minutes",
    ),
    "not_yet_valid": Meaning(
        "`nbf` of the assertion has not come yet.",
        "Set the clocks of both machines by NTP.",
        expected="`nbf` up to now",
    ),
}

REFUSAL_MEANINGS: dict[str, Meaning] = {**OF_REQUESTS, **OF_ASSERTIONS, **OF_THE_DOMAIN}


def meaning_of(code: str) -> Meaning:
    """Return what a code means; for one unknown here, that it has no meaning of its own."""
    return REFUSAL_MEANINGS.get(code, REFUSAL_MEANINGS["refused"])
