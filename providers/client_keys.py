"""
The console's own keys towards providers (private_key_jwt): which one signs, how they succeed each other, and the key
set that a provider reads.

Besides the key that signs, the next one is always published already, and the one before stays published for a
day: a provider that keeps a copy of the set never meets a key that is missing there (OpenID Connect Core 1.0
section 10.1.1).
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from providers.errors import ClientCredentialsUnusable
from providers.models import ClientKey, Provider
from providers.protocol.claims import belongs_to, takers_of
from providers.protocol.client_assertion import assertion_algorithm, takes_algorithm
from providers.protocol.discovery import ASSERTION_ALGORITHMS
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import DecryptionFailed
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.eventlog.services import record_event
from ssoconsole.platform.jose.algorithms import PrivateMaterial
from ssoconsole.platform.jose.keys import ParsedKeys, public_jwk
from ssoconsole.platform.jose.sign import generate_private_key, private_key_from_pem, private_key_to_pem

OVERLAP = timedelta(hours=24)  # how long a retired key stays published


class ClientKeysNotUsed(DomainError):
    """This provider does not use private_key_jwt, so that the console has no keys for it."""

    code = "client_keys_not_used"


def _private(key: ClientKey) -> PrivateMaterial:
    try:
        return private_key_from_pem(key.private_key)
    except (DecryptionFailed, ValueError):
        raise ClientCredentialsUnusable(
            expected="a client key that opens with the configured encryption keys", received=f"key {key.kid}"
        ) from None


# In the form that computes; which of them signs always comes from the database.
private_keys: ParsedKeys[ClientKey, PrivateMaterial] = ParsedKeys(_private)


def uses_client_keys(provider: Provider) -> bool:
    """Tell whether the console proves by a key of its own, at this provider, which client it is."""
    return provider.token_endpoint_auth_method == Provider.ClientAuthentication.PRIVATE_KEY_JWT


def ensure_client_key(*, provider: Provider, by: Actor) -> ClientKey:
    """
    Return the key that signs towards `provider`, made now if there is none.

    A key of an algorithm that the provider's metadata rules out is replaced at once: nothing that it signed was
    ever taken. So are all keys if they were made for another issuer, or for other hosts of its endpoints.
    """
    issuer, *origins = takers_of(provider.issuer, provider.discovery)
    keys = ClientKey.objects.filter(provider=provider)
    # Those that were made before its metadata was known belong to the hosts of the first document.
    keys.filter(made_for=[issuer]).update(made_for=[issuer, *origins])
    made_for = keys.values_list("made_for", flat=True)
    if not all(belongs_to(takers, issuer=issuer, origins=origins) for takers in made_for):
        return replace_client_keys(provider=provider, by=by)
    key = ClientKey.objects.signing().filter(provider=provider).first()
    if key and takes_algorithm(key.alg, _listed(provider)):
        return key
    if key:
        return rotate_client_key(provider=provider, by=by)
    try:
        with transaction.atomic():
            return _promote_next(provider=provider, by=by, at=timezone.now())
    except IntegrityError:
        # Somebody else has just made it: the database lets one key sign per provider.
        return ClientKey.objects.signing().get(provider=provider)


def rotate_client_key(*, provider: Provider, by: Actor) -> ClientKey:
    """
    Let the next key sign, and retire the one before; return the key that signs now.

    Of several that rotate the same key at once, one does it, and the others return what it made. Raises
    ClientKeysNotUsed for a provider at which the client authenticates in another way.
    """
    _refuse_unused(provider)
    old = ClientKey.objects.signing().filter(provider=provider).first()
    if old is None:
        return ensure_client_key(provider=provider, by=by)
    with transaction.atomic():
        now = timezone.now()
        # The row of the old key is what everybody waits for, and only the first finds it signing.
        if not ClientKey.objects.signing().filter(pk=old.pk).update(retired_at=now):
            return ClientKey.objects.signing().get(provider=provider)
        new = _promote_next(provider=provider, by=by, at=now)
        record_event(
            "client_key_rotated",
            by=by,
            target=provider.slug,
            before={"kid": old.kid, "alg": old.alg},
            after={"kid": new.kid, "alg": new.alg, "published_until": (now + OVERLAP).isoformat()},
        )
        return new


@transaction.atomic
def replace_client_keys(*, provider: Provider, by: Actor) -> ClientKey:
    """
    Take every key towards `provider` out at once, because somebody else may have them, and sign with a new one.

    There is no overlap: until the provider has read the new set, nobody signs in there. Raises
    ClientKeysNotUsed.
    """
    _refuse_unused(provider)
    Provider.objects.select_for_update().get(pk=provider.pk)
    for key in ClientKey.objects.select_related("provider").filter(provider=provider):
        _drop(key, by=by)
    return _promote_next(provider=provider, by=by, at=timezone.now())


def published_client_keys(*, slug: str, at: datetime) -> list[dict[str, Any]]:
    """
    Return the public JWKs towards a provider (RFC 7517 section 5), by one query; empty without keys.

    Retired keys are among them until their overlap has passed, also when nobody has cleaned up.
    """
    keys = ClientKey.objects.published().filter(provider__slug=slug).exclude(retired_at__lte=at - OVERLAP)
    return list(keys.values_list("public_jwk", flat=True))


@transaction.atomic
def drop_retired_client_keys(*, at: datetime, by: Actor) -> int:
    """Delete the keys that are no longer published, private halves and all; return how many."""
    rows = ClientKey.objects.filter(retired_at__lte=at - OVERLAP)
    dropped = list(rows.select_related("provider").select_for_update(of=("self",)))
    for key in dropped:
        _drop(key, by=by)
    return len(dropped)


def _refuse_unused(provider: Provider) -> None:
    if not uses_client_keys(provider):
        raise ClientKeysNotUsed(
            expected=Provider.ClientAuthentication.PRIVATE_KEY_JWT.value,
            received=provider.token_endpoint_auth_method,
        )


def _drop(key: ClientKey, *, by: Actor) -> None:
    before = {"kid": key.kid, "alg": key.alg}
    record_event("client_key_dropped", by=by, target=key.provider.slug, before=before)
    key.delete()
    private_keys.forget(key.kid)


def _promote_next(*, provider: Provider, by: Actor, at: datetime) -> ClientKey:
    key = _publish_next(provider=provider, by=by, at=at)
    key.signing_from = at
    key.save(update_fields=["signing_from"])
    _publish_next(provider=provider, by=by, at=at)
    return key


def _publish_next(*, provider: Provider, by: Actor, at: datetime) -> ClientKey:
    """Return the key that waits for its turn; one that the provider would not take any more never gets it."""
    waiting = ClientKey.objects.filter(provider=provider, signing_from=None, retired_at=None)
    for key in waiting.order_by("created_at"):
        if takes_algorithm(key.alg, _listed(provider)):
            return key
        ClientKey.objects.filter(pk=key.pk).update(retired_at=at)
    return _create_key(provider=provider, by=by)


def _create_key(*, provider: Provider, by: Actor) -> ClientKey:
    alg = assertion_algorithm(_listed(provider))
    private = generate_private_key(alg)
    jwk = public_jwk(private, alg=alg)
    takers = takers_of(provider.issuer, provider.discovery)
    key = ClientKey(provider=provider, kid=jwk["kid"], alg=alg, public_jwk=jwk, made_for=takers)
    key.private_key = private_key_to_pem(private)
    key.save(force_insert=True)
    record_event("client_key_created", by=by, target=provider.slug, after={"kid": key.kid, "alg": alg})
    return key


def _listed(provider: Provider) -> object:
    return (provider.discovery or {}).get(ASSERTION_ALGORITHMS)


MAX_AGE = 300  # seconds; far less than a key is published before it signs


@require_safe
def client_jwks(request: HttpRequest, slug: str) -> HttpResponse:
    """
    Answer the key set towards one provider (RFC 7517 section 5), for everybody; 404 where there is none.

    As application/json, which every provider reads. A disabled provider's set stays: public keys open nothing,
    and a provider that finds the set again needs no second registration.
    """
    keys = published_client_keys(slug=slug, at=timezone.now())
    if not keys:
        # Not kept: a provider may look before the registration here is saved.
        return JsonResponse({"error": "not_found"}, status=404, headers={"Cache-Control": "no-store"})
    return JsonResponse({"keys": keys}, headers={"Cache-Control": f"public, max-age={MAX_AGE}"})
