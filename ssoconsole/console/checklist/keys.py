"""Keys and secrets: nobody else's, not too old, and under the newest encryption key."""

from datetime import timedelta

from django.conf import settings

from providers.models import Provider
from ssoconsole.checks import is_demonstration_key as is_known_secret
from ssoconsole.console.checklist.item import Found, Item, Situation, bad, good
from ssoconsole.platform.encryption.keyring import key_ring
from ssoconsole.platform.encryption.reencrypt import encrypted_fields, outdated
from tokens.credentials.retirement import secrets_under_other_keys
from tokens.models import Bot, Credential, SigningKey
from tokens.protocol.key_file import is_demonstration_key

OLDEST = timedelta(days=365)
DEMONSTRATION = "demo"  # what `make run` registers
DEMONSTRATION_BOT = "demo-bot"
SECRETS_NAMED, SECRETS_COUNTED = 10, 200


def no_demonstration_key(situation: Situation) -> Found:
    for key in SigningKey.objects.verifying(at=situation.at).defer("private_key"):
        if is_demonstration_key(key.public_jwk, kid=key.kid):
            return bad(f"Everybody can sign with {key.kid}.")
    secrets = (settings.SECRET_KEY, *settings.FIELD_ENCRYPTION_KEYS)
    if any(is_known_secret(secret) for secret in secrets):
        return bad("SECRET_KEY or FIELD_ENCRYPTION_KEYS is publicly known.")
    return good("None of the known ones.")


def no_demonstration(situation: Situation) -> Found:
    found = [f"provider {slug}" for slug in _demonstration_providers()]
    found += [f"bot {name}" for name in _demonstration_bots()]
    return bad(f"Enabled: {', '.join(found)}.") if found else good("None is enabled.")


def _demonstration_providers() -> list[str]:
    loopback = Provider.objects.enabled().filter(slug=DEMONSTRATION)
    return list(loopback.values_list("slug", flat=True))


def _demonstration_bots() -> list[str]:
    return list(Bot.objects.filter(name=DEMONSTRATION_BOT, disabled_at=None).values_list("name", flat=True))


def a_key_signs_and_is_not_old(situation: Situation) -> Found:
    keys = list(SigningKey.objects.signing().only("alg", "signing_from"))
    if not keys:
        return bad("No key signs.")
    old = [key.alg for key in keys if key.signing_from and situation.at - key.signing_from > OLDEST]
    return bad(f"Older than a year: {', '.join(sorted(old))}.") if old else good("None is older than a year.")


def all_under_the_newest_key(situation: Situation) -> Found:
    # Whether there is one, not how many: the first that is found ends the search. Where there is none, that reads all,
    # and is asked anew when the key is another one.
    seen = situation.all_under == key_ring().newest_key_id
    fields = () if seen else encrypted_fields()
    behind = [str(field) for field in fields if outdated(field).order_by()[:1].exists()]
    if behind:
        return bad(f"Under an older key: {', '.join(behind)}.")
    return good("Every encrypted value is under the newest key.")


def no_secret_needs_an_older_key(situation: Situation) -> Found:
    behind = secrets_under_other_keys(at=situation.at, most=SECRETS_NAMED + SECRETS_COUNTED)
    if not behind:
        return good("Every bot's secret is under the newest key.")
    named = ", ".join(_named(each) for each in behind[:SECRETS_NAMED])
    others = len(behind) - SECRETS_NAMED
    more = f" and {others}{'+' if others == SECRETS_COUNTED else ''} more" if others > 0 else ""
    return bad(f"Not used since the encryption key was changed: {named}{more}.")


def _named(secret: Credential) -> str:
    used = f"last used {secret.last_used_at:%Y-%m-%d}" if secret.last_used_at else "never used"
    key_id = secret.hash_key_id
    key = f"key {key_id}" if key_id in key_ring().key_ids else f"key {key_id}, which is not there"
    return f"{secret.bot.name} ({secret}; {used}; {key})"


ITEMS = (
    Item(
        "no_demonstration_key",
        "Keys",
        "No key is one that everybody has",
        "manage.py rotate_signing_key --compromised KID; new random secrets for the settings.",
        no_demonstration_key,
    ),
    Item(
        "no_demonstration",
        "Keys",
        "The demonstration provider and bot are gone",
        "Disable the provider and the bot of make run.",
        no_demonstration,
    ),
    Item(
        "signing_key_age",
        "Keys",
        "A key signs, and none has signed for more than a year",
        "manage.py rotate_signing_key, by a timer.",
        a_key_signs_and_is_not_old,
    ),
    Item(
        "newest_encryption_key",
        "Keys",
        "Every encrypted value is under the newest encryption key",
        "manage.py reencrypt; it says which older keys can go then.",
        all_under_the_newest_key,
    ),
    Item(
        "newest_key_of_secrets",
        "Keys",
        "No bot's secret needs an older encryption key",
        "Keep the older key until each of them has been used once, or retire them: "
        "manage.py reencrypt --retire-secrets KEY_ID.",
        no_secret_needs_an_older_key,
    ),
)
