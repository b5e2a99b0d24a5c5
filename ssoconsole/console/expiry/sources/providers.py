"""What identity providers have that ends."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from providers.models import Provider
from ssoconsole.console.expiry.ending import MOST, Ending, ending

_SECRET = Provider._meta.get_field("client_secret")  # asked whether there is one, and never opened


def certificates_and_secrets(at: datetime, until: datetime) -> Iterator[Ending]:
    """
    The certificate of the issuer's host as the watch last saw it, and the end of the client secret where it is known.

    What is past its end stays on the list: until it is renewed nobody signs in.
    """
    has_secret = Q(client_secret__isnull=False, client_secret_expires_at__lte=until)
    rows = Provider.objects.enabled().filter(Q(tls_not_after__lte=until) | has_secret)
    for row in rows.in_order().defer("discovery", "jwks")[:MOST]:
        if row.tls_not_after and row.tls_not_after <= until:
            yield ending("provider_certificate", row, row.tls_not_after, name=row.slug)
        end = row.client_secret_expires_at
        if end and end <= until and _SECRET.value_from_object(row):
            yield ending("provider_secret", row, end, name=row.slug)
