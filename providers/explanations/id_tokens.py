"""The ID token, and userinfo beside it."""

from ssoconsole.platform.examination.meaning import Meaning
from ssoconsole.platform.jose.verify import MAX_BYTES

OF_ID_TOKENS = {
    "id_token_refused": Meaning(
        "The ID token cannot be trusted, for a reason that has no code of its own.",
        "Read the trace.",
    ),
    "token_malformed": Meaning(
        "The ID token is no well-formed signed JWT.",
        "Check that the provider signs, and does not encrypt, ID tokens for this client.",
    ),
    "token_too_large": Meaning(
        f"The ID token, logout token or signed userinfo has more than {MAX_BYTES:,} bytes, and was not read.",
        "Have the provider put less into it: for this client only the groups that are assigned to it, or groups "
        "from userinfo alone. The trace names the size.",
    ),
    "header_refused": Meaning(
        "The token's header asks for what is never done: `crit`, `b64`, compression, encryption.",
        "Turn the feature off at the provider; if nobody turned it on, this was a forgery.",
    ),
    "token_type_refused": Meaning(
        "The token is of another kind: an access token or a logout token in the place of an ID token.",
        "If the provider gives its ID tokens a `typ` other than JWT, that is its fault.",
    ),
    "algorithm_refused": Meaning(
        "The token is signed with an algorithm that is not among the registration's signing algorithms.",
        "If the trace names an algorithm that you expect, add it. `none` and a surprising HS256 are "
        "forgeries.",
    ),
    "unknown_key": Meaning(
        "No key in the provider's set fits the token, also after fetching the set again.",
        "The provider signs with a key that it does not publish, or the issuer's keys come from a "
        "stale cache in between.",
    ),
    "ambiguous_key": Meaning(
        "Several different published keys fit the token: it names none, or they have the same `kid`.",
        "Have the provider put `kid` into its tokens, and give each key a `kid` of its own.",
    ),
    "signature_invalid": Meaning(
        "The signature does not verify.",
        "A forgery, or a provider that reuses a key ID for another key: check the provider, which compares its keys "
        "with those that are known here.",
    ),
    "claim_refused": Meaning(
        "A claim has a type or value that it may not have.",
        "The trace names it.",
    ),
    "missing_claim": Meaning(
        "A claim is missing that every ID token must have, or that was asked for (`auth_time` with a "
        "max age).",
        "The trace names it.",
    ),
    "issuer_mismatch": Meaning(
        "The issuer in the token or the discovery document is not the one registered, character by "
        "character.",
        "Correct the registered issuer; a slash at the end counts. For several tenants, register each.",
    ),
    "audience_mismatch": Meaning(
        "The token is meant for another client, or for others besides this one.",
        "Check the client ID. Members beside it that are yours, such as a project's, belong into the trusted "
        "audiences; the trace names those that are missing there.",
    ),
    "authorized_party_mismatch": Meaning(
        "`azp` names another client.",
        "Check the client ID.",
    ),
    "expired": Meaning(
        "The token had expired, beyond the leeway.",
        "Compare the clocks of both machines; then the leeway.",
    ),
    "issued_in_the_future": Meaning(
        "The token was issued later than now, beyond the leeway.",
        "Compare the clocks of both machines; then the leeway.",
    ),
    "issued_too_long_ago": Meaning(
        "The token was issued more than a day ago.",
        "Compare the clocks. If they are right, an old token was used again.",
    ),
    "not_yet_valid": Meaning(
        "`nbf` has not come yet, beyond the leeway.",
        "Compare the clocks of both machines; then the leeway.",
    ),
    "nonce_mismatch": Meaning(
        "The token was issued for another attempt: injected, or a provider that does not return the "
        "nonce as it was.",
        "If it happens to everybody, the provider is broken.",
    ),
    "at_hash_mismatch": Meaning(
        "The access token is not the one that the ID token vouches for.",
        "An injected token, or a provider that computes the hash wrongly.",
    ),
    "c_hash_mismatch": Meaning(
        "The code is not the one that the ID token vouches for.",
        "An injected code, or a provider that computes the hash wrongly.",
    ),
    "authentication_too_old": Meaning(
        "The person signed in at the provider longer ago than the max age allows.",
        "Raise the max age, or set the prompt to `login`.",
    ),
    "insufficient_user_authentication": Meaning(
        "The ID token does not say that the person has authenticated as the registration demands: `acr` is none of "
        "the required ones, or `amr` lacks a required one, such as a second factor.",
        "Let the provider ask for it and say so in the ID token, or correct what the registration requires to enter "
        "(`required_acr`, `required_amr`) or to administer (`admin_required_acr`, `admin_required_amr`).",
    ),
    "subject_mismatch": Meaning(
        "A session was checked, and the provider vouched for another person than the one who is "
        "signed in. The session ended.",
        "Nothing, if several people use one browser. Otherwise the provider changes its subjects, "
        "and people would lose their accounts.",
    ),
    "authentication_time_changed": Meaning(
        "The ID token that came for a refresh token has another `auth_time` than the first one: it "
        "speaks of another sign-in. The session ended.",
        "The provider breaks OpenID Connect Core 1.0 section 12.2, or answered with another person's token.",
    ),
    "userinfo_subject_mismatch": Meaning(
        "Userinfo has another `sub` than the ID token, or none: it speaks of somebody else.",
        "An injected access token, or a broken provider. None of its claims were used.",
    ),
}
