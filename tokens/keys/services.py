"""
The life of signing keys: which one signs, which one is next, how long one goes on verifying, how one is taken out.

Besides the key that signs, the next ones of its algorithm are always published already, so that every verifier
has had them long before the first token is signed with them (RFC 7517 section 5, OpenID Connect Core 10.1.1).

Parsed keys are kept in the process; the state of a key always comes from the database.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import DecryptionFailed
from ssoconsole.platform.eventlog.services import record_event
from ssoconsole.platform.jose.algorithms import PrivateMaterial
from ssoconsole.platform.jose.keys import MOST, JwkSet, ParsedKeys, public_jwk, thumbprint
from ssoconsole.platform.jose.sign import generate_private_key, private_key_from_pem, private_key_to_pem
from tokens.errors import AlgorithmUnknown, KeyUnknown, NoSigningKey
from tokens.models import Audience, SigningKey, TokenRecord
from tokens.status.services import status_lists_changed

_keys: dict[UUID, SigningKey] = {}

public_keys: ParsedKeys[SigningKey, JwkSet] = ParsedKeys(lambda key: JwkSet.parse({"keys": [key.public_jwk]}))

# What was being signed while the key was retired: a token that is on its way into the database, a status list
# that APIs may go by for a quarter of an hour.
IN_FLIGHT = timedelta(hours=1)

# How long a key is published before it signs. The key set may be kept for 300 seconds (its Cache-Control); the
# rest is for an answer that was on its way while the key was being published.
PUBLISHED_AHEAD = timedelta(seconds=360)
# Two, so that a rotation soon after another one, or after a compromise, has a key that everybody knows.
KEYS_AHEAD = 2


def _private(key: SigningKey) -> PrivateMaterial:
    try:
        return private_key_from_pem(key.private_key)
    except (DecryptionFailed, ValueError) as error:
        raise NoSigningKey(
            "The signing key does not open with the configured encryption keys.", received=key.kid
        ) from error


def signing_key_of(pk: UUID) -> SigningKey:
    """
    Return the key with this primary key, read once by a process: for its `kid`, `alg` and halves, which never change.

    Its state is for the statement to say that has found the primary key.
    """
    key = _keys.get(pk)
    if key is None:
        key = SigningKey.objects.get(pk=pk)
        if len(_keys) >= MOST:
            _keys.clear()
        _keys[pk] = key
    return key


def known_key(kid: str) -> SigningKey | None:
    """Return the key with this `kid` if `signing_key_of` has read it here."""
    return next((key for key in _keys.values() if key.kid == kid), None)


def forget_key(key: SigningKey) -> None:
    """Drop what this process has of a key."""
    _keys.pop(key.pk, None)
    private_keys.forget(key.kid)


private_keys: ParsedKeys[SigningKey, PrivateMaterial] = ParsedKeys(_private)


def last_use(key: SigningKey, *, at: datetime) -> datetime | None:
    """Return when the last signature of a key retired at `at` stops mattering; None for never."""
    signed = TokenRecord.objects.filter(signing_key=key, revocation=None)
    if signed.filter(expires_at=None).exists():
        return None
    # Found from the end of the index; MAX over one key would read all that it has ever signed.
    last_end = signed.order_by("-expires_at").values_list("expires_at", flat=True).first()
    # A token may be on its way into the database just now; it lives at most as long as its audience allows.
    longest = Audience.objects.filter(signing_alg=key.alg).aggregate(
        longest=Max("max_token_lifetime"), default=Max("token_lifetime")
    )
    seconds = max(longest["longest"] or 0, longest["default"] or 0)
    return max(at + timedelta(seconds=seconds) + IN_FLIGHT, last_end or at)


def verify_for_ever(record: TokenRecord) -> None:
    """
    Let the key of a token that is in the database and has no end verify for ever.

    The key may have been retired while the token was being issued, by somebody who could not see it yet.
    """
    SigningKey.objects.filter(pk=record.signing_key_id, retired_at__isnull=False).update(verify_until=None)


@transaction.atomic
def drop_gone_keys(*, at: datetime, by: Actor) -> int:
    """
    Delete the keys whose signatures count no more and which no record names; return how many.

    Two kinds stay on record, without their private half. A compromised key can then not be brought in again; nor
    can another key under a key id that was chosen elsewhere, for whoever has kept the old one.
    """
    gone = SigningKey.objects.filter(verify_until__lte=at, compromised_at=None)
    # One by one, because they are few: joined to all records, their index is looked through to plan that.
    unused = [key for key in gone if not TokenRecord.objects.filter(signing_key=key).exists()]
    dropped = [key for key in unused if key.kid == thumbprint(key.public_jwk)]
    for key in dropped:
        key.delete()
        record_event("signing_key_dropped", by=by, target=key.kid, before={"alg": key.alg})
    return len(dropped)


@transaction.atomic
def provide_signing_keys(*, signing: str, by: Actor) -> None:
    """
    Publish the next keys of every algorithm that an audience can choose, and let one sign with `signing`.

    A verifier then has the key of an algorithm long before the first token that is signed with it. What is there
    already stays as it is.
    """
    now = timezone.now()
    if not SigningKey.objects.signing().filter(alg=signing).exists():
        _let_next_sign(alg=signing, by=by, at=now)
    for alg in Audience.Algorithm.values:
        _publish_ahead(alg=alg, by=by, at=now)


def ensure_signing_key(*, alg: str, by: Actor) -> SigningKey:
    """
    Return the key that signs with `alg`; the next one begins to if there is none.

    Raises AlgorithmUnknown, and NoSigningKey while a verifier may have a copy of the key set without it. Where no
    key of the algorithm is published at all, one is made and signs at once: there is nothing that a later request
    could find published.
    """
    key = SigningKey.objects.signing().filter(alg=alg).first()
    if key:
        return key
    now, since = timezone.now(), rotation_possible_from(alg=alg)
    if since > now:
        raise NoSigningKey(
            f"The first key of {alg} has been published just now, and not every API has it before "
            f"{since:%Y-%m-%d %H:%M:%S} UTC."
        )
    return _let_next_sign(alg=alg, by=by, at=now)


def publish_ahead(*, alg: str, by: Actor) -> None:
    """Publish the next keys of an algorithm that is about to be used, unless they are. Raises AlgorithmUnknown."""
    _publish_ahead(alg=alg, by=by, at=timezone.now())


@transaction.atomic
def rotate_signing_key(*, alg: str, by: Actor) -> SigningKey:
    """
    Let the next key sign, and retire the one before; return the key that signs now.

    The old key goes on verifying until the last token that it has signed, or may have signed while this was
    going on, is past its end; for ever if it has signed one without an end. Its private half is erased. Changes
    nothing before `rotation_possible_from`: a token must not be signed with a key that a verifier cannot have
    yet, and two who rotate at once mean one rotation. Raises AlgorithmUnknown.
    """
    now = timezone.now()
    lock_keys(alg)
    old = SigningKey.objects.signing().filter(alg=alg).first()
    if old is None:
        return ensure_signing_key(alg=alg, by=by)
    if rotation_possible_from(alg=alg) > now:
        return old
    old.retired_at, old.verify_until, old.private_key = now, last_use(old, at=now), ""
    old.save(update_fields=["retired_at", "verify_until", "private_key"])
    new = _promote_next(alg=alg, by=by, at=now)
    record_event(
        "signing_key_rotated",
        by=by,
        target=alg,
        before={"kid": old.kid},
        after={"kid": new.kid, "verify_until": old.verify_until and old.verify_until.isoformat()},
    )
    return new


def rotation_possible_from(*, alg: str) -> datetime:
    """
    Return the time from which the next key of `alg` may sign, because whoever verifies has it by then.

    That is when it has been published for as long as a copy of the key set may be kept, or at once if no key set
    without it was ever published: it is one of the first keys of this console, which came into the world together.
    """
    waiting = SigningKey.objects.waiting().filter(alg=alg).first()
    if waiting is None:
        return timezone.now() - PUBLISHED_AHEAD
    if not SigningKey.objects.filter(created_at__lt=waiting.created_at).exists():
        return waiting.created_at
    return waiting.created_at + PUBLISHED_AHEAD


@transaction.atomic
def compromise_signing_key(*, kid: str, by: Actor) -> SigningKey:
    """
    Take a key out at once: unpublished, its private half erased, and everything it signed dead for good.

    If it has signed, the next key signs at once, whoever has it already: nothing that the old one signs may count
    any more. Returns the key that signs with its algorithm now, or will. A second call changes nothing. Raises
    KeyUnknown.
    """
    key = SigningKey.objects.filter(kid=kid).first()
    if key is None:
        raise KeyUnknown(received=kid[:100])
    lock_keys(key.alg)
    live = SigningKey.objects.filter(pk=key.pk, compromised_at=None)
    if live.update(compromised_at=timezone.now(), private_key=""):
        record_event("signing_key_compromised", by=by, target=kid, after={"alg": key.alg})
        status_lists_changed()  # also because it may be the key that signs them
    forget_key(key)
    now = timezone.now()
    signing = SigningKey.objects.signing().filter(alg=key.alg).first()
    if signing is None and key.signing_from:
        signing = _let_next_sign(alg=key.alg, by=by, at=now)
    _publish_ahead(alg=key.alg, by=by, at=now)
    return signing or SigningKey.objects.waiting().filter(alg=key.alg)[0]


def published_keys(*, at: datetime) -> dict[str, Any]:
    """
    Return the JWKS document (RFC 7517 section 5): every key whose signatures count at `at`, or will.

    Each member has `kid`, `use` and `alg`, and none is private.
    """
    keys = SigningKey.objects.verifying(at=at).order_by("created_at", "kid")
    return {"keys": list(keys.values_list("public_jwk", flat=True))}


def lock_keys(alg: str) -> None:
    """Let one change of an algorithm's keys happen after the other; the next query sees what they did."""
    list(SigningKey.objects.select_for_update().filter(alg=alg).order_by("pk").values_list("pk"))


def _let_next_sign(*, alg: str, by: Actor, at: datetime) -> SigningKey:
    try:
        with transaction.atomic():
            return _promote_next(alg=alg, by=by, at=at)
    except IntegrityError:
        # Somebody else has just made it: the database lets one key sign per algorithm.
        return SigningKey.objects.signing().get(alg=alg)


def _promote_next(*, alg: str, by: Actor, at: datetime) -> SigningKey:
    key = SigningKey.objects.waiting().filter(alg=alg).first() or _create_key(alg=alg, by=by, at=at)
    key.signing_from = at
    key.save(update_fields=["signing_from"])
    _publish_ahead(alg=alg, by=by, at=at)
    return key


def _publish_ahead(*, alg: str, by: Actor, at: datetime) -> None:
    for _ in range(KEYS_AHEAD - SigningKey.objects.waiting().filter(alg=alg).count()):
        _create_key(alg=alg, by=by, at=at)


def _create_key(*, alg: str, by: Actor, at: datetime) -> SigningKey:
    if alg not in Audience.Algorithm.values:
        raise AlgorithmUnknown(received=alg[:20])
    private = generate_private_key(alg)
    # Where a person types such a key id behind --compromised, it would be an option.
    while (jwk := public_jwk(private, alg=alg))["kid"].startswith("-"):
        private = generate_private_key(alg)
    key = SigningKey(kid=jwk["kid"], alg=alg, public_jwk=jwk)
    key.private_key = private_key_to_pem(private)
    key.save(force_insert=True)
    key.created_at = at  # keys that come into the world together say so
    key.save(update_fields=["created_at"])
    record_event("signing_key_created", by=by, target=key.kid, after={"alg": alg})
    return key
