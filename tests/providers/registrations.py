"""Registrations at the scripted provider, as its client knows the console."""

from django.db import transaction

from providers.identities import services as identities
from providers.models import Provider
from providers.registration.secret import claim_secret, set_client_secret
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event

BOB = Actor("user", "bob")

# As whoever signs somebody in calls them: in a transaction, which is given up when they refuse.
sign_in_person = transaction.atomic(identities.sign_in_person)
renew_person = transaction.atomic(identities.renew_person)


def provider_at(op, **changes):
    """A registration that fits the scripted provider `op`, not saved yet."""
    client = op.client
    secret = changes.pop("client_secret", client.client_secret)
    values = {
        "slug": "corp",
        "name": "Corp SSO",
        "issuer": op.issuer,
        "client_id": client.client_id,
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "signing_algs": [client.id_token_signed_response_alg],
    }
    return entered(Provider(**values | changes), secret)


def entered(provider, secret):
    """The same registration with a secret that was entered for it."""
    set_client_secret(provider, secret)
    claim_secret(provider, provider.discovery, is_first=False)
    return provider


def registered_at(op, **changes):
    """The same in the database, with the metadata that `op` publishes and without its keys."""
    provider = provider_at(op, discovery=op.discovery.shape(op.metadata()), **changes)
    provider.save()
    return provider


def somewhere(**changes):
    """A registration without problems at a provider that nobody asks; not saved."""
    secret = changes.pop("client_secret", "s" * 32)
    values = {"slug": "corp", "name": "Corp SSO", "issuer": "https://idp.example", "client_id": "console"}
    return entered(Provider(**values | changes), secret)


def provider_events():
    """What has been recorded about providers, the newest first."""
    return Event.objects.filter(action__startswith="provider_")
