"""The OpenID Foundation's Relying Party plans that the console offers, with their modules as published."""

from dataclasses import dataclass

ACCEPTS = "oidcc-client-test"
_EVERY_FLOW = (
    ACCEPTS,
    "oidcc-client-test-invalid-iss",
    "oidcc-client-test-missing-sub",
    "oidcc-client-test-invalid-aud",
    "oidcc-client-test-missing-iat",
    "oidcc-client-test-kid-absent-single-jwks",
    "oidcc-client-test-kid-absent-multiple-jwks",
    "oidcc-client-test-idtoken-sig-rs256",
    "oidcc-client-test-invalid-sig-rs256",
    "oidcc-client-test-nonce-invalid",
    "oidcc-client-test-scope-userinfo-claims",
)
_CODE = (
    *_EVERY_FLOW,
    "oidcc-client-test-idtoken-sig-none",
    "oidcc-client-test-userinfo-invalid-sub",
    "oidcc-client-test-client-secret-basic",
)
_ID_TOKEN = (*_EVERY_FLOW, "oidcc-client-test-nonce-unless-code-flow")
_BACK_CHANNEL = "oidcc-client-test-rp-backchannel-rpinitlogout"


@dataclass(frozen=True)
class Plan:
    """
    One plan: how the console is registered in it, its modules, and how many the Foundation's plan has.

    A plan that is `selected` is part of a longer one: the modules that a console without dynamic registration
    can run and no other plan here has.
    """

    key: str
    title: str
    published: str
    count: int
    modules: tuple[str, ...]
    response_type: str = "code"
    form_post: bool = False
    selected: bool = False


PLANS = (
    Plan("basic", "Basic", "oidcc-client-basic-certification-test-plan", 14, _CODE),
    Plan(
        "config",
        "Config",
        "oidcc-client-config-certification-test-plan",
        6,
        (
            "oidcc-client-test-discovery-openid-config",
            "oidcc-client-test-discovery-jwks-uri-keys",
            "oidcc-client-test-discovery-issuer-mismatch",
            "oidcc-client-test-idtoken-sig-none",
            "oidcc-client-test-signing-key-rotation-just-before-signing",
            "oidcc-client-test-signing-key-rotation",
        ),
    ),
    Plan(
        "formpost-basic",
        "Form Post, Basic",
        "oidcc-client-formpost-basic-certification-test-plan",
        14,
        _CODE,
        form_post=True,
    ),
    Plan(
        "formpost-implicit",
        "Form Post, Implicit with `id_token`",
        "oidcc-client-formpost-implicit-certification-test-plan",
        12,
        _ID_TOKEN,
        response_type="id_token",
        form_post=True,
    ),
    Plan(
        "rp-logout",
        "RP-initiated logout",
        "oidcc-client-rp-initiated-logout-rp-basic",
        3,
        (
            "oidcc-client-test-rp-init-logout",
            "oidcc-client-test-rp-init-logout-other-state",
            "oidcc-client-test-rp-init-logout-no-state",
        ),
    ),
    Plan(
        "backchannel",
        "Back-channel logout",
        "oidcc-client-back-channel-logout-rp-basic",
        8,
        (
            _BACK_CHANNEL,
            f"{_BACK_CHANNEL}-alg-none",
            f"{_BACK_CHANNEL}-no-event",
            f"{_BACK_CHANNEL}-wrong-event",
            f"{_BACK_CHANNEL}-with-nonce",
            f"{_BACK_CHANNEL}-wrong-alg",
            f"{_BACK_CHANNEL}-wrong-aud",
            f"{_BACK_CHANNEL}-wrong-iss",
        ),
    ),
    Plan(
        "third-party-login",
        "Third-party-initiated login",
        "oidcc-client-test-3rd-party-init-login-test-plan",
        1,
        ("oidcc-client-test-3rd-party-init-login",),
    ),
    Plan(
        "refresh",
        "Refresh token",
        "oidcc-client-refreshtoken-test-plan",
        3,
        (
            "oidcc-client-test-refresh-token",
            "oidcc-client-test-refresh-token-invalid-issuer",
            "oidcc-client-test-refresh-token-invalid-sub",
        ),
    ),
    Plan(
        "comprehensive",
        "Comprehensive (selected)",
        "oidcc-client-test-plan",
        39,
        (
            "oidcc-client-test-missing-aud",
            "oidcc-client-test-invalid-sig-hs256",
            "oidcc-client-test-invalid-sig-es256",
            "oidcc-client-test-userinfo-bearer-header",
            "oidcc-client-test-userinfo-signed",
            "oidcc-client-test-aggregated-claims",
            "oidcc-client-test-distributed-claims",
        ),
        selected=True,
    ),
    Plan(
        "comprehensive-formpost",
        "Comprehensive by form post (selected)",
        "oidcc-client-test-plan",
        39,
        ("oidcc-client-test-form-post-error",),
        form_post=True,
        selected=True,
    ),
)
