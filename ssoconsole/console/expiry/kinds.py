"""The kinds of things that end: what each is called, who may see it, and what to do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """`permission` is the right to look at such a thing; "" leaves it to superusers."""

    title: str
    permission: str
    remedy: str


KINDS: dict[str, Kind] = {
    "client_secret": Kind(
        "Client secret of a bot",
        "tokens.view_credential",
        "Give the bot another secret, and retire this one when it is used no more.",
    ),
    "bot_credential": Kind(
        "Keys or federation of a bot",
        "tokens.view_credential",
        "Register the bot's keys or its workload anew, before the old ones end.",
    ),
    "token": Kind(
        "Long-lived token",
        "tokens.view_tokenrecord",
        "Issue another token, and bring it to where this one is used.",
    ),
    "signing_key": Kind(
        "Signing key that should be rotated",
        "tokens.view_signingkey",
        "Rotate it: manage.py rotate_signing_key, or the action in the admin.",
    ),
    "imported_key": Kind(
        "Imported key that verifies no longer",
        "tokens.view_signingkey",
        "Replace the tokens that were signed elsewhere: they stop verifying then.",
    ),
    "provider_certificate": Kind(
        "TLS certificate of a provider",
        "providers.view_provider",
        "Ask whoever runs the provider to renew it: nobody can sign in with an expired one.",
    ),
    "provider_secret": Kind(
        "Client secret at a provider",
        "providers.view_provider",
        "Make a new one at the provider, and put it and its end into the registration.",
    ),
    "encryption_key": Kind(
        "Secrets under an older encryption key",
        "",
        "Run manage.py reencrypt, and drop the older key when it says that it can be dropped.",
    ),
    "break_glass": Kind(
        "Break-glass account",
        "accounts.view_user",
        "It ends by itself. If it is still needed, run manage.py bootstrap_admin again.",
    ),
}
