"""How long a key that signs no more goes on verifying, and what is left of it afterwards."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event
from ssoconsole.platform.jose.keys import thumbprint
from tokens.models import Audience, SigningKey, TokenRecord

# What was being signed while the key was retired: a token that is on its way into the database, a status list
# that APIs may go by for a quarter of an hour.
IN_FLIGHT = timedelta(hours=1)


def last_use(key: SigningKey, *, at: datetime) -> datetime | None:
    """Return when the last signature of a key retired at `at` stops mattering; None for never."""
    signed = TokenRecord.objects.filter(signing_key=key, revoked_at=None)
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
    _erase_private_halves()
    gone = SigningKey.objects.filter(verify_until__lte=at, compromised_at=None)
    # One by one, because they are few: joined to all records, their index is looked through to plan that.
    unused = [key for key in gone if not TokenRecord.objects.filter(signing_key=key).exists()]
    dropped = [key for key in unused if key.kid == thumbprint(key.public_jwk)]
    for key in dropped:
        key.delete()
        record_event("signing_key_dropped", by=by, target=key.kid, before={"alg": key.alg})
    return len(dropped)


def _erase_private_halves() -> None:
    """Of keys that were retired by an earlier release, which kept them."""
    for key in SigningKey.objects.exclude(retired_at=None, compromised_at=None):
        if SigningKey._meta.get_field("private_key").value_from_object(key):
            SigningKey.objects.filter(pk=key.pk).update(private_key="")
