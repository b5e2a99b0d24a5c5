"""A registration at a scripted provider that works, or has exactly one thing wrong with it."""

import pytest
from django.utils import timezone

from providers.client_keys import ensure_client_key, published_client_keys
from providers.diagnosis.services import examine_provider
from providers.protocol.discovery import wrong_members
from ssoconsole.platform.outbound import connection
from tests.providers.diagnosis.bases import BASES
from tests.providers.registrations import BOB, provider_at
from tests.ssoconsole.platform.outbound.outbound_certificates import Authority
from tests.support.name_server import know_only_this_machine


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """An authority that this machine trusts, for a test."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    connection._context.cache_clear()
    yield made
    connection._context.cache_clear()


@pytest.fixture(autouse=True)
def _no_other_names(monkeypatch):
    know_only_this_machine(monkeypatch)


@pytest.fixture
def examine(scripted_provider, db, request):
    """Examine the registration of a base, after `breaks` has bent it or the provider."""

    def examine(base="basic", breaks=None):
        op = scripted_provider
        if base == "tls":
            op.speak_tls(request.getfixturevalue("authority").context("localhost", days=90))
        fields = BASES[base](op) | (breaks(op) if breaks else {})
        after = fields.pop("after", None)
        published = op.discovery.shape(op.metadata())
        wrong = wrong_members(published, code_flow=True, allow_http=True)
        adopted = {name: value for name, value in published.items() if name not in wrong}
        fields.setdefault("discovery", adopted)
        provider = provider_at(op, **fields)
        provider.save()
        if provider.token_endpoint_auth_method == "private_key_jwt":
            ensure_client_key(provider=provider, by=BOB)
            if op.client.jwks is None:
                op.client.jwks = {"keys": published_client_keys(slug="corp", at=timezone.now())}
        if after:
            after(provider)
        return examine_provider(type(provider).objects.get(pk=provider.pk))

    return examine
