"""The shape of a request, who sent it, and the token that came with it."""

from ssoconsole.platform.examination.meaning import Meaning

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
