"""
The life of signing keys.

Besides the key that signs, the next one of its algorithm is always published already, so that every verifier
has had it long before the first token is signed with it (RFC 7517 section 5, OpenID Connect Core 10.1.1).
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from ssoconsole.actors import Actor
from ssoconsole.eventlog.services import record_event
from ssoconsole.jose.keys import public_jwk
from ssoconsole.jose.sign import generate_private_key, private_key_to_pem
from tokens.errors import AlgorithmUnknown, KeyUnknown
from tokens.keys.parsed import private_keys
from tokens.models import Audience, SigningKey, TokenRecord


def ensure_signing_key(*, alg: str, by: Actor) -> SigningKey:
    """Return the key that signs with `alg`, made now if there is none. Raises AlgorithmUnknown."""
    key = SigningKey.objects.signing().filter(alg=alg).first()
    if key:
        return key
    try:
        with transaction.atomic():
            return _promote_next(alg=alg, by=by, at=timezone.now())
    except IntegrityError:
        # Somebody else has just made it: the database lets one key sign per algorithm.
        return SigningKey.objects.signing().get(alg=alg)


@transaction.atomic
def rotate_signing_key(*, alg: str, by: Actor) -> SigningKey:
    """
    Let the next key sign, and retire the one before; return the key that signs now.

    The old key goes on verifying until the last token that it has signed, or may have signed while this was
    going on, is past its end; for ever if it has signed one without an end. Raises AlgorithmUnknown.
    """
    now = timezone.now()
    _wait_for_others(alg)
    old = SigningKey.objects.signing().filter(alg=alg).first()
    if old is None:
        return ensure_signing_key(alg=alg, by=by)
    old.retired_at, old.verify_until = now, _last_use(old, at=now)
    old.save(update_fields=["retired_at", "verify_until"])
    new = _promote_next(alg=alg, by=by, at=now)
    record_event(
        "signing_key_rotated",
        by=by,
        target=alg,
        before={"kid": old.kid},
        after={"kid": new.kid, "verify_until": old.verify_until and old.verify_until.isoformat()},
    )
    return new


@transaction.atomic
def compromise_signing_key(*, kid: str, by: Actor) -> SigningKey:
    """
    Take a key out at once: unpublished, and everything it signed is dead for good.

    Returns the key that signs with its algorithm now. A second call changes nothing. Raises KeyUnknown.
    """
    key = SigningKey.objects.filter(kid=kid).first()
    if key is None:
        raise KeyUnknown(received=kid[:100])
    _wait_for_others(key.alg)
    if SigningKey.objects.filter(pk=key.pk, compromised_at=None).update(compromised_at=timezone.now()):
        record_event("signing_key_compromised", by=by, target=kid, after={"alg": key.alg})
    private_keys.forget(kid)
    signing = ensure_signing_key(alg=key.alg, by=by)
    _publish_next(alg=key.alg, by=by)
    return signing


def published_keys(*, at: datetime) -> dict[str, Any]:
    """
    Return the JWKS document (RFC 7517 section 5): every key whose signatures count at `at`, or will.

    Each member has `kid`, `use` and `alg`, and none is private.
    """
    keys = SigningKey.objects.verifying(at=at).order_by("created_at", "kid")
    return {"keys": list(keys.values_list("public_jwk", flat=True))}


def _wait_for_others(alg: str) -> None:
    """Let one change of an algorithm's keys happen after the other; the next query sees what they did."""
    list(SigningKey.objects.select_for_update().filter(alg=alg).order_by("pk").values_list("pk"))


def _promote_next(*, alg: str, by: Actor, at: datetime) -> SigningKey:
    key = _publish_next(alg=alg, by=by)
    key.signing_from = at
    key.save(update_fields=["signing_from"])
    _publish_next(alg=alg, by=by)
    return key


def _publish_next(*, alg: str, by: Actor) -> SigningKey:
    waiting = SigningKey.objects.filter(alg=alg, signing_from=None, retired_at=None, compromised_at=None)
    return waiting.order_by("created_at").first() or _create_key(alg=alg, by=by)


def _create_key(*, alg: str, by: Actor) -> SigningKey:
    if alg not in Audience.Algorithm.values:
        raise AlgorithmUnknown(received=alg[:20])
    private = generate_private_key(alg)
    jwk = public_jwk(private, alg=alg)
    key = SigningKey(kid=jwk["kid"], alg=alg, public_jwk=jwk)
    key.private_key = private_key_to_pem(private)
    key.save(force_insert=True)
    record_event("signing_key_created", by=by, target=key.kid, after={"alg": alg})
    return key


def _last_use(key: SigningKey, *, at: datetime) -> datetime | None:
    signed = TokenRecord.objects.filter(signing_key=key, revoked_at=None)
    if signed.filter(expires_at=None).exists():
        return None
    last_end = signed.aggregate(last=Max("expires_at"))["last"]
    # A token may be on its way into the database just now; it lives at most as long as its audience allows.
    longest = Audience.objects.filter(signing_alg=key.alg).aggregate(
        longest=Max("max_token_lifetime"), default=Max("token_lifetime")
    )
    seconds = max(longest["longest"] or 0, longest["default"] or 0)
    return max(at + timedelta(seconds=seconds), last_end or at)
