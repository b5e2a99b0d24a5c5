"""A refused back-channel logout."""

from ssoconsole.platform.examination.meaning import Meaning

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
