"""What the rules about scopes, audiences, bots, credentials and keys refuse."""

from ssoconsole.platform.examination.meaning import Meaning

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
