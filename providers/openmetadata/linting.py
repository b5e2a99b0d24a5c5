"""Hold a configuration against what is registered here; nothing is kept, logged or sent."""

from typing import Any

from django.conf import settings
from django.utils import timezone

from providers.models import Provider
from providers.openmetadata.export import console_jwks, provider_jwks
from providers.protocol.openmetadata.findings import Finding
from providers.protocol.openmetadata.lint.check import lint
from providers.protocol.openmetadata.lint.facts import Facts, Registration
from providers.trial.services import roll_back_overdue

LONGEST_NAME = 255


def lint_configuration(content: bytes) -> list[Finding]:
    """Return what is wrong with an env file, values of the chart or openmetadata.yaml."""
    roll_back_overdue(at=timezone.now())
    providers = list(Provider.objects.defer("client_secret", "jwks"))
    # In development everything is on this machine, and what the console itself exports has to be right.
    local = {console_jwks(), *map(provider_jwks, providers)} if settings.ALLOW_LOOPBACK_PROVIDERS else set()
    facts = Facts(
        registrations=[_registration(provider) for provider in providers],
        base_url=settings.BASE_URL,
        local_urls=frozenset(url for url in local if url),
    )
    return lint(content, facts)


def shown(file: str, findings: list[Finding]) -> list[dict[str, Any]]:
    """Return findings in the shape that every door answers."""
    name = file[:LONGEST_NAME]
    return [
        {
            "file": name,
            "line": finding.line,
            "code": finding.code.value,
            "message": finding.message,
            "fix": finding.fix,
        }
        for finding in findings
    ]


def _registration(provider: Provider) -> Registration:
    return Registration(
        issuer=provider.issuer,
        client_id=provider.client_id,
        callback_url=provider.redirect_uri,
        jwks_uri=provider.endpoint("jwks_uri"),
        signing_algs=provider.signing_algs,
        principal_claims=provider.principal_claims,
        allowed_email_domains=provider.allowed_email_domains,
    )
