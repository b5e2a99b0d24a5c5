"""
The one table from the outcome of a sign-in, or of a logout token, to what it means and what an administrator does.

`python -m tests.ssoconsole.reference` writes it into `docs/outcomes.md`; a test keeps the table complete.
"""

from ssoconsole.platform.examination import Meaning
from ssoconsole.platform.jose.verify import MAX_BYTES

OF_PEOPLE = {
    "denied": Meaning(
        "The person may not enter, for a reason that has no code of its own.",
        "Read the trace.",
    ),
    "principal_missing": Meaning(
        "None of the principal claims is present.",
        "Ask for the scope that brings the claim, or name another claim first. The trace lists what came.",
    ),
    "principal_unusable": Meaning(
        "The principal claim is no text, too long, or has characters that make it look like another name.",
        "Name another claim, or correct it at the provider.",
    ),
    "not_admitted": Meaning(
        "Self-signup is off and the person is new; or the e-mail address is not in an allowed "
        "domain, or is not verified.",
        "Change the admission rules, or the person's entry at the provider. Nobody new comes in by an address that the "
        "provider calls unverified, whatever the rules.",
    ),
    "email_taken": Meaning(
        "A new person has the name or e-mail address of a user who is somebody else's.",
        "Decide who it is. If it is the same person with a new `sub`, because the account was made anew or moved "
        "at the provider, unlink the old identity first, to which the trace leads: as long as it is there, nobody "
        "else is linked to that user. Then let this provider link by verified e-mail, or rename the old user. If it "
        "is somebody else, rename one of the two.",
    ),
    "user_disabled": Meaning(
        "The user is disabled here.",
        "Activate the user, if the person shall sign in.",
    ),
    "session_ended": Meaning(
        "The session was ended while the provider was asked about it, or while the person was away "
        "to connect an account; the answer changed nothing.",
        "Nothing; the event log says who ended it.",
    ),
    "identity_gone": Meaning(
        "A session was checked, and the person's identity at this provider was removed here, or is "
        "another user's now. The session ended.",
        "Nothing, if that was intended.",
    ),
    "identity_taken": Meaning(
        "A signed-in person wanted to connect an account at a provider that opens another user's "
        "account here. Nothing has changed.",
        "Decide whose it is. If both users are one person, unlink the identity from the other user first.",
    ),
}

OF_LOGOUTS = {
    "logout_refused": Meaning(
        "The logout was refused for a reason that has no code of its own.",
        "Read the event.",
    ),
    "logout_form_refused": Meaning(
        "The request was no form (`application/x-www-form-urlencoded`) with exactly one `logout_token`.",
        "Nothing, if it was a stranger; otherwise the provider's back-channel logout is broken.",
    ),
    "logout_event_missing": Meaning(
        "`events` lacks the member `http://schemas.openid.net/event/backchannel-logout`, or it is no "
        "object: another kind of token.",
        "Check that the address is registered at the provider for back-channel logout and for nothing else.",
    ),
    "nonce_forbidden": Meaning(
        "The token has a `nonce`: it is an ID token, or could be taken for one.",
        "An ID token was posted by somebody who must not have it, or the provider is broken.",
    ),
    "nobody_named": Meaning(
        "The token has neither `sub` nor `sid`.",
        "Have the provider put one of them into its logout tokens.",
    ),
    "valid_too_long": Meaning(
        "More than ten minutes lie between `iat` and `exp`.",
        "Shorten the lifetime of logout tokens at the provider.",
    ),
    "logout_token_used": Meaning(
        "A token with this `jti` was used before: a repetition, or a replay.",
        "Nothing; the first one counted.",
    ),
}

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
        "Change how the provider writes this claim, in its settings of claims or tokens; what came is what was "
        "received.",
    ),
    "missing_claim": Meaning(
        "A claim is missing that every ID token must have, or that was asked for (`auth_time` with a "
        "max age).",
        "Let the provider send it. `sub`, `iss`, `aud`, `exp` and `iat` are in every ID token; where it has no "
        "`auth_time`, set no max age.",
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

OF_ANSWERS = {
    "refused": Meaning(
        "The sign-in was refused for a reason that has no code of its own.",
        "Read the trace.",
    ),
    "internal_error": Meaning(
        "The console itself failed; nobody was signed in.",
        "Look for `sign_in_broke` in the log of that minute: it names the kind of fault and the line.",
    ),
    "too_many_attempts": Meaning(
        "One address started more sign-ins in a minute than `SIGN_INS_PER_MINUTE` allows.",
        "If many people share that address, raise the setting. Check that `TRUSTED_PROXIES` names "
        "your proxy and `TRUSTED_PROXY_HEADER` the header that it writes, else all who come through it count as one.",
    ),
    "answer_refused": Meaning(
        "The answer named a parameter twice, or was longer than any honest one.",
        "Nothing, unless it repeats: then the provider or something in between is broken.",
    ),
    "state_unknown": Meaning(
        "The answer has no `state`, or one that no attempt here has: a bookmark of the callback, a "
        "forgery, an attempt past its retention, or a sign-in begun at the provider.",
        "Have the person start at the sign-in page. For sign-ins that start at the provider, "
        "register `<BASE_URL>/signin` there as login URL.",
    ),
    "state_used": Meaning(
        "The attempt has been answered before: a reload, the back button, or a replay.",
        "Nothing.",
    ),
    "browser_mismatch": Meaning(
        "The answer came by another browser than the one that left, or by one that keeps no cookies.",
        "Have the person stay in one browser and reach the console under `BASE_URL` only, not under "
        "another name or address.",
    ),
    "attempt_expired": Meaning(
        "The answer came more than ten minutes after the start.",
        "Nothing; the person starts again.",
    ),
    "callback_mismatch": Meaning(
        "The answer came to another callback than the one that was asked for.",
        "Register exactly the redirect URI that the provider's page here shows.",
    ),
    "iss_parameter_mismatch": Meaning(
        "The answer's `iss` names another issuer (RFC 9207): a mix-up of providers, or a wrong "
        "issuer in the registration.",
        "Compare the registered issuer with the provider's discovery document, character by character.",
    ),
    "iss_parameter_missing": Meaning(
        "The provider announces that its answers carry `iss`, and this one does not (RFC 9207).",
        "Refresh the stored metadata, and adopt the change if the provider no longer announces it; if it still does, "
        "its answer was stripped on the way.",
    ),
    "provider_changed": Meaning(
        "The provider's issuer was changed while the person was away, or what was on trial there was changed or rolled "
        "back.",
        "Nothing; the person starts again.",
    ),
    "rehearsal_mismatch": Meaning(
        "Somebody else than the administrator who began a rehearsal came back from it, or he is none any more.",
        "Finish a rehearsal in the browser and as the user that began it.",
    ),
    "answer_incomplete": Meaning(
        "The answer has neither an error nor the code or ID token that was asked for.",
        "Check that response type and response mode are allowed for this client at the provider.",
    ),
    "response_mode_mismatch": Meaning(
        "The provider posted its answer, and was asked to redirect.",
        "Set `response_mode: form_post` in the extra parameters, or the response mode at the provider.",
    ),
    "provider_fault": Meaning(
        "The provider does not do its part, in a way that has no code of its own.",
        "Read the trace.",
    ),
    "provider_error": Meaning(
        "The provider answered with an error, such as `access_denied` when the person said no.",
        "By the provider's error, which was received: `unauthorized_client`, `invalid_scope` and the like are settings "
        "at the provider.",
    ),
    "provider_unreachable": Meaning(
        "The provider did not answer in time, or its name or certificate cannot be used.",
        "Try the provider's discovery URL from the console's machine: name, network, proxy, certificate.",
    ),
    "provider_unavailable": Meaning(
        "The provider answered `server_error` or `temporarily_unavailable`.",
        "Nothing, unless it lasts: then ask who runs the provider.",
    ),
    "metadata_invalid": Meaning(
        "The discovery document is missing, is no JSON, or lacks what signing in needs.",
        "Check the issuer; `<issuer>/.well-known/openid-configuration` must be the provider's own document.",
    ),
    "keys_invalid": Meaning(
        "The provider's key set cannot be used, or a symmetric algorithm is registered with a short secret.",
        "Open the `jwks_uri` of the discovery document. For HS algorithms register a secret of at "
        "least 32 bytes.",
    ),
    "token_endpoint_error": Meaning(
        "The token endpoint refused the code, or answered what is no token response.",
        "By the provider's error, which was received. `invalid_client`: client ID, secret, key (does the "
        "provider know the JWKS URL?) or authentication method. `invalid_grant`: redirect URI, or "
        "clocks.",
    ),
    "pushed_authorization_refused": Meaning(
        "The provider refused the authorization request that was pushed to it (RFC 9126), or "
        "answered what is no `request_uri`.",
        "By the provider's error, which was received. `invalid_client`: client ID, secret, key or "
        "authentication method. If the provider's endpoint for it is broken, switch pushed "
        "authorization requests off for this provider.",
    ),
    "client_credentials_unusable": Meaning(
        "The console cannot prove which client it is: no client secret or key, one that does not "
        "open with the configured encryption keys, or a secret too short for `client_secret_jwt`.",
        "Enter the client secret again; for `private_key_jwt` save the registration, which makes a "
        "key where there is none, or rotate the client key.",
    ),
    "userinfo_error": Meaning(
        "The userinfo endpoint refused, or answered what is no userinfo.",
        "Check the scopes, and that the provider's userinfo is enabled for this client; or set `userinfo` to "
        "`when_needed` or `never`, if the ID token has what is read: the trace and the check say which would do.",
    ),
    "refresh_refused": Meaning(
        "The provider refused the session's refresh token: it was revoked, has expired or was used "
        "twice, or the client is not let in any more. The session ended.",
        "By the provider's error, which was received. `invalid_grant`: nothing, the person signs in again. "
        "`invalid_client` or `unauthorized_client`: the registration.",
    ),
    "provider_disabled": Meaning(
        "The provider is disabled here.",
        "Enable it, if people shall sign in through it.",
    ),
    "provider_unknown": Meaning(
        "No enabled provider here has this name, or the issuer that another site named.",
        "Correct the link, or register the provider.",
    ),
}

MEANINGS: dict[str, Meaning] = {**OF_ANSWERS, **OF_ID_TOKENS, **OF_PEOPLE}
LOGOUT_MEANINGS: dict[str, Meaning] = OF_LOGOUTS

WENT_WELL = Meaning("It went well.", "Nothing.")
UNFINISHED = Meaning(
    "The browser has left for the provider, and has not come back.",
    "If the person saw an error at the provider, it is told there: most often the redirect URI, the client ID or a "
    "scope is not registered. An attempt ends by itself after ten minutes.",
)


def meaning_of(outcome: str) -> Meaning:
    """Return what an outcome means: "ok", "" for an attempt that is not finished, or a code."""
    if outcome == "ok":
        return WENT_WELL
    if not outcome:
        return UNFINISHED
    return MEANINGS.get(outcome) or LOGOUT_MEANINGS.get(outcome) or MEANINGS["refused"]
