"""The answer does not belong to an attempt of this browser, or the provider does not do its part."""

from ssoconsole.platform.examination.meaning import Meaning

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
        "The trace has the provider's error and description. `unauthorized_client`, `invalid_scope` "
        "and the like are settings at the provider.",
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
        "The trace has the provider's error. `invalid_client`: client ID, secret, key (does the "
        "provider know the JWKS URL?) or authentication method. `invalid_grant`: redirect URI, or "
        "clocks.",
    ),
    "pushed_authorization_refused": Meaning(
        "The provider refused the authorization request that was pushed to it (RFC 9126), or "
        "answered what is no `request_uri`.",
        "The trace has the provider's error. `invalid_client`: client ID, secret, key or "
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
        "The trace has the provider's error. `invalid_grant`: nothing, the person signs in again. "
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
