"""What is wrong with the registration as it is stored here."""

from providers.protocol.preflight.codes.code import Code, Codes

REGISTRATION: Codes = {
    "registration_invalid": Code(
        "error",
        "The registration breaks a rule of this console.",
        "Open the provider in the admin, correct the field that is named, and save.",
    ),
    "issuer_unusable": Code(
        "error",
        "The registered issuer is no address that can be asked.",
        "Type the issuer as the provider's discovery document spells it: an https address without query, fragment "
        "and /.well-known/openid-configuration.",
    ),
    "issuer_plain_http": Code(
        "warning",
        "The issuer is plain http.",
        "Serve the provider under https: whoever is on the way can otherwise sign in as anybody.",
    ),
    "client_secret_missing": Code(
        "error",
        "The client authenticates by a secret, and none is registered.",
        "Copy the client secret from the provider, or choose none if the client is public there.",
    ),
    "client_credentials_of_another": Code(
        "error",
        "The client's secret or key belongs to another issuer or host.",
        "Open the provider in the admin, enter the client secret that this provider knows, and save: a key is made "
        "anew then. The console sends a credential to nobody but those whom it was entered or made for.",
    ),
    "client_secret_unreadable": Code(
        "error",
        "The client secret does not open with this console's encryption keys.",
        "Put the earlier key back into FIELD_ENCRYPTION_KEYS, or enter the client secret again.",
    ),
    "client_secret_too_short": Code(
        "error",
        "The client secret is too short to be a MAC key.",
        "Let the provider issue a client secret of at least 32 bytes, or choose client_secret_basic.",
    ),
    "client_secret_padded": Code(
        "warning",
        "The client secret has white space around it.",
        "It was probably copied along: enter the client secret again without it.",
    ),
    "client_key_missing": Code(
        "error",
        "The client authenticates by a key of its own, and there is none.",
        "Save the registration again, which makes the key, and let the provider read the JWKS URL.",
    ),
    "client_key_unreadable": Code(
        "error",
        "The client's key does not open with this console's encryption keys.",
        "Put the earlier key back into FIELD_ENCRYPTION_KEYS, or make new client keys (rotate_client_key "
        "--compromised) and let the provider read the JWKS URL again.",
    ),
    "provider_disabled": Code(
        "info",
        "The provider is disabled here.",
        "Enable the provider once the check is good: until then nobody can sign in through it.",
    ),
}
