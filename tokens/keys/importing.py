"""Bring in a signing key that has been used elsewhere, so that tokens in circulation go on verifying."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event
from ssoconsole.platform.jose.algorithms import PrivateMaterial, PublicMaterial
from ssoconsole.platform.jose.keys import LONGEST_KID, public_jwk, thumbprint
from ssoconsole.platform.jose.sign import private_key_to_pem
from tokens.errors import KeyTaken, SigningKeyRefused
from tokens.keys.services import lock_keys, publish_ahead
from tokens.models import SigningKey
from tokens.protocol.key_file import algorithm_of, is_demonstration_key, read_key_file


@transaction.atomic
def import_signing_key(
    *, raw: bytes, kid: str | None, sign: bool = False, verify_until: datetime | None = None, by: Actor
) -> SigningKey:
    """
    Publish the key in the file `raw` under the key id that its tokens name, by default its thumbprint.

    It only verifies, for ever or until `verify_until`, and its private half is not kept. With `sign` it is the
    next key of its algorithm instead, and signs from the next rotation on, or from the first token on where nothing
    signs with that algorithm yet. Raises SigningKeyRefused, KeyTaken, SuperuserRequired: whoever has the private
    half makes tokens of every bot.
    """
    by.refuse_if_limited("import a signing key")
    material = read_key_file(raw)
    alg = algorithm_of(material)
    key = SigningKey(alg=alg, public_jwk=public_jwk(material, alg=alg, kid=_checked_kid(kid)))
    key.kid = key.public_jwk["kid"]
    _check_not_everybodys(key)
    _check_end(verify_until, sign=sign)
    lock_keys(alg)
    _check_new(key)
    if sign:
        _take_private_half(key, material)
    else:
        key.retired_at, key.verify_until = timezone.now(), verify_until
    _save(key)
    record_event("signing_key_imported", by=by, target=key.kid, after=_shown(key))
    if sign:
        _put_first(key)
        publish_ahead(alg=alg, by=by)
    return key


def _checked_kid(kid: str | None) -> str | None:
    if not kid:
        return None
    if len(kid) > LONGEST_KID or not (kid.isascii() and kid.isprintable()) or kid != kid.strip():
        raise SigningKeyRefused(
            "This is no key id.", expected=f"1 to {LONGEST_KID} printable ASCII characters"
        )
    return kid


def _check_not_everybodys(key: SigningKey) -> None:
    if is_demonstration_key(key.public_jwk, kid=key.kid):
        raise SigningKeyRefused(
            "This is a demonstration key that is shipped with OpenMetadata: anybody can sign with it.",
            expected="a key of your own; make one on that server, and give its bots new tokens",
            received=key.kid,
        )


def _check_end(verify_until: datetime | None, *, sign: bool) -> None:
    if verify_until and sign:
        raise SigningKeyRefused("A key that is to sign has no end yet.", expected="sign, or an end")
    if verify_until and verify_until <= timezone.now():
        raise SigningKeyRefused("The key would be gone already.", expected="an end in the future")


def _check_new(key: SigningKey) -> None:
    """A key that is on record under any key id, compromised perhaps, does not come in again under another."""
    if SigningKey.objects.filter(kid=key.kid).exists():
        raise KeyTaken("A key with this key id is on record already.", received=key.kid)
    ours = thumbprint(key.public_jwk)
    for known in SigningKey.objects.filter(alg=key.alg):
        if thumbprint(known.public_jwk) == ours:
            raise KeyTaken(f"This key is on record already, under another key id ({known.kid}).")


def _take_private_half(key: SigningKey, material: PrivateMaterial | PublicMaterial) -> None:
    if not isinstance(material, PrivateMaterial):
        raise SigningKeyRefused(
            "The file holds the public half only.", expected="the private key, if it is to sign"
        )
    key.private_key = private_key_to_pem(material)


def _save(key: SigningKey) -> None:
    try:
        with transaction.atomic():
            key.save(force_insert=True)
    except IntegrityError:
        raise KeyTaken("A key with this key id is on record already.", received=key.kid) from None


def _put_first(key: SigningKey) -> None:
    """Retire the keys that were waiting: nobody has a token of theirs."""
    waiting = SigningKey.objects.waiting().filter(alg=key.alg).exclude(pk=key.pk)
    now = timezone.now()
    waiting.update(retired_at=now, verify_until=now, private_key="")


def _shown(key: SigningKey) -> dict[str, object]:
    until = key.verify_until and key.verify_until.isoformat()
    return {"alg": key.alg, "state": key.state(at=timezone.now()), "verify_until": until}
