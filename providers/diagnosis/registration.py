"""The registration itself: rules, issuer, secret."""

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from providers.client_keys.services import private_keys
from providers.diagnosis.subject import NotRun, Subject
from providers.errors import ClientCredentialsUnusable
from providers.models import ClientKey, Provider
from providers.protocol.preflight.findings import Finding, finding
from providers.protocol.takers import belongs_to, takers_of
from providers.registration.rules import problems
from providers.registration.secret import UNREADABLE, needs_secret, problem_of_secret, readable_secret
from ssoconsole.platform.jose.keys import SHORTEST_SECRET_BYTES

# These have steps of their own.
_ELSEWHERE = ("issuer", "client_secret")


def examine_registration(subject: Subject) -> list[Finding]:
    """Judge the fields; what the provider has to do with it comes later."""
    found = [
        finding(
            "registration_invalid",
            expected="a registration that can be saved",
            received=f"{field}: {sentence}",
        )
        for field, sentences in problems(subject.stored).items()
        if field not in _ELSEWHERE
        for sentence in sentences
    ]
    if not subject.stored.enabled:
        found.append(finding("provider_disabled", expected="enabled", received="disabled"))
    return found


def examine_issuer(subject: Subject) -> list[Finding]:
    """Judge whether the issuer can be asked at all."""
    issuer = subject.stored.issuer
    wrong = problems(subject.stored).get("issuer", [])
    if wrong:
        expected = "an https address such as https://idp.example/realms/corp"
        return [finding("issuer_unusable", expected=expected, received=f"“{issuer}”: {wrong[0]}")]
    if issuer.startswith("http:") and not _is_own_machine(issuer):
        return [finding("issuer_plain_http", expected="https", received=issuer)]
    return []


def examine_client_secret(subject: Subject) -> list[Finding]:
    """Judge whether the client has what it is to prove itself with."""
    provider = subject.stored
    if not subject.uses_code:
        raise NotRun("the response type id_token needs no client secret")
    method = provider.token_endpoint_auth_method
    if method == Provider.ClientAuthentication.PRIVATE_KEY_JWT:
        return _judge_key(ClientKey.objects.signing().filter(provider=provider).first(), provider)
    if not needs_secret(provider):
        raise NotRun(f"{method} needs none")
    return _judge_secret(provider, method)


def _judge_key(key: ClientKey | None, provider: Provider) -> list[Finding]:
    if key is None:
        return [finding("client_key_missing", expected="a client key", received="none")]
    try:
        private_keys.of(key)
    except ClientCredentialsUnusable as unusable:
        return [finding("client_key_unreadable", expected=unusable.expected, received=unusable.received)]
    issuer, *origins = takers_of(provider.issuer, provider.discovery)
    if not belongs_to(key.made_for, issuer=issuer, origins=origins):
        return [_of_another(provider, key.made_for)]
    return []


def _of_another(provider: Provider, takers: Sequence[str]) -> Finding:
    expected = ", ".join(takers_of(provider.issuer, provider.discovery))
    received = ", ".join(takers) or "nobody"
    return finding("client_credentials_of_another", expected=f"for {expected}", received=f"for {received}")


def _judge_secret(provider: Provider, method: str) -> list[Finding]:
    secret = readable_secret(provider)
    if secret is UNREADABLE:
        expected = "a secret that opens with FIELD_ENCRYPTION_KEYS"
        return [finding("client_secret_unreadable", expected=expected, received="one that does not")]
    if not isinstance(secret, str):
        return [finding("client_secret_missing", expected=f"a client secret, for {method}", received="none")]
    if problem_of_secret(provider, provider.discovery):
        return [_of_another(provider, provider.client_secret_for)]
    is_key = method == Provider.ClientAuthentication.SECRET_JWT
    if is_key and len(secret.encode("utf-8", "surrogatepass")) < SHORTEST_SECRET_BYTES:
        return [
            finding("client_secret_too_short", expected=f"{SHORTEST_SECRET_BYTES} bytes", received="fewer")
        ]
    if secret != secret.strip():
        return [
            finding(
                "client_secret_padded", expected="a secret without white space around it", received="one with"
            )
        ]
    return []


def _is_own_machine(issuer: str) -> bool:
    host = urlsplit(issuer).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
