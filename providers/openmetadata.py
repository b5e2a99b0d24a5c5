"""
Configurations of OpenMetadata: written for a registration, and held against what is registered here.

Nothing of a configuration that is held against it is kept, logged or sent.
"""

import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings

from providers.models import Provider
from providers.protocol.claims import is_deceptive
from providers.protocol.openmetadata.document import Deployment, File, JwtKeys
from providers.protocol.openmetadata.export import KEY_DIRECTORIES, TARGETS, files_for
from providers.protocol.openmetadata.findings import Mistake
from providers.protocol.openmetadata.lint.check import lint
from providers.protocol.openmetadata.lint.facts import Facts, Registration
from providers.protocol.openmetadata.schema import DEMO_KEY_IDS, JWKS_PATH
from ssoconsole.platform.errors import DomainError


class ExportRefused(DomainError):
    """The export cannot be made as it was asked for."""

    code = "export_refused"


LONGEST = 500
_origin = re.compile(
    r"https?://(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?"
)
_key_id = re.compile(r"[A-Za-z0-9._~-]{1,255}")


def export_files(
    *,
    provider: Provider,
    target: str,
    server_url: str = "",
    jwt_keys: str = "",
    key_id: str = "",
) -> list[File]:
    """
    Return the files that OpenMetadata needs to sign people in at this provider; no secret is in them.

    `server_url` is the origin of OpenMetadata. `jwt_keys` is the directory of its own key files and `key_id`
    their id; with only one of the two, the other is a usual directory or a new id. Raises ExportRefused.
    """
    if target not in TARGETS:
        raise ExportRefused(
            "There is no such target.", expected=" or ".join(TARGETS), received=target[:LONGEST]
        )
    server = _checked_server(server_url)
    keys = _checked_keys(target, jwt_keys, key_id) if jwt_keys or key_id else None
    return files_for(target, _deployment(provider, server_url=server, jwt_keys=keys))


def _deployment(provider: Provider, *, server_url: str | None, jwt_keys: JwtKeys | None) -> Deployment:
    named = ("slug", "kind", "name", "issuer", "client_id", "token_endpoint_auth_method", "response_type")
    rules = ("scopes", "pkce", "signing_algs", "leeway", "max_age", "prompt", "extra_params")
    people = ("principal_claims", "admin_principals", "allowed_email_domains", "self_signup")
    return Deployment(
        **{name: getattr(provider, name) for name in (*named, *rules, *people)},
        email_claim=provider.mapping.get("email", "email"),
        provider_jwks=provider_jwks(provider),
        console_jwks=console_jwks(),
        server_url=server_url,
        jwt_keys=jwt_keys,
    )


def provider_jwks(provider: Provider) -> str | None:
    """Where the provider publishes its keys: as its discovery document says, or as OneLogin does for all."""
    if provider.kind == "onelogin":
        return provider.endpoint("jwks_uri") or f"{provider.issuer.rstrip('/')}/certs"
    return provider.endpoint("jwks_uri")


def console_jwks() -> str:
    """Where this console publishes its keys, under the path where users of OpenMetadata look."""
    return f"{settings.BASE_URL}{JWKS_PATH}"


def _checked_server(server_url: str) -> str | None:
    if not server_url:
        return None
    address = server_url.rstrip("/")
    expected = "an origin such as https://metadata.example, without a path"
    if len(address) > LONGEST or not _origin.fullmatch(address):
        raise ExportRefused("The address of OpenMetadata is no origin.", expected=expected)
    if urlsplit(address).scheme != "https" and not settings.ALLOW_LOOPBACK_PROVIDERS:
        raise ExportRefused("The address of OpenMetadata is plain http.", expected=expected)
    return address


def _checked_keys(target: str, directory: str, key_id: str) -> JwtKeys:
    if key_id and not _key_id.fullmatch(key_id):
        raise ExportRefused(
            "The key id cannot be used.", expected="letters, digits and . _ ~ -, such as a UUID"
        )
    if key_id in DEMO_KEY_IDS:
        raise ExportRefused("The key id is a demonstration's.", expected="a UUID of your own")
    path = _directory(target, directory) if directory else KEY_DIRECTORIES[target]
    return JwtKeys(path, key_id or str(uuid4()), is_new=not key_id)


def _directory(target: str, directory: str) -> str:
    if len(directory) > LONGEST or is_deceptive(directory) or ":" in directory or "{" in directory:
        raise ExportRefused("The directory of the keys cannot be used.", expected="a plain path")
    absolute = PurePosixPath(directory).is_absolute()
    if target == "bare-metal" and not absolute:
        raise ExportRefused(
            "The directory of the keys is relative.", expected="an absolute path on the server"
        )
    # Docker takes a path without a slash for the name of a volume.
    relative = target == "docker" and not absolute and not directory.startswith(".")
    return f"./{directory}" if relative else directory.rstrip("/") or "/"


LONGEST_NAME = 255


def lint_configuration(content: bytes) -> list[Mistake]:
    """Return what is wrong with an env file, values of the chart or openmetadata.yaml."""
    providers = list(Provider.objects.defer("client_secret", "jwks"))
    # In development everything is on this machine, and what the console itself exports has to be right.
    local = {console_jwks(), *map(provider_jwks, providers)} if settings.ALLOW_LOOPBACK_PROVIDERS else set()
    facts = Facts(
        registrations=[_registration(provider) for provider in providers],
        base_url=settings.BASE_URL,
        local_urls=frozenset(url for url in local if url),
    )
    return lint(content, facts)


def shown(file: str, findings: list[Mistake]) -> list[dict[str, Any]]:
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
