"""
Check the registration itself: its rules, issuer and secret, and how it fits the sign-ins of the past.

Only the database is asked.
"""

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from providers.client_keys import private_keys
from providers.diagnosis.subject import NotRun, Subject, newest_claims
from providers.errors import ClientCredentialsUnusable, UserinfoError, UserinfoSubjectMismatch
from providers.kinds import all_kinds
from providers.models import ClientKey, Provider, SignInAttempt
from providers.models.provider import UNREADABLE, readable_secret
from providers.protocol.claims import belongs_to, takers_of
from providers.protocol.mapping import lacks_mapped_claims
from providers.protocol.preflight.documents import issuer_meant_by
from providers.protocol.preflight.experience import Rules, gains, judge_claims
from providers.protocol.preflight.findings import Finding, finding
from providers.registration.rules import problems
from providers.registration.secret import needs_secret, problem_of_secret
from ssoconsole.platform.jose.algorithms import SHORTEST_SECRET_BYTES

# These have steps of their own.
_ELSEWHERE = ("issuer", "client_secret")
USERINFO = "userinfo"  # the stage


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
        meant = issuer_meant_by(issuer)
        typed = f"That is perhaps {meant}." if meant else ""
        received = f"“{issuer}”: {wrong[0]}"
        return [finding("issuer_unusable", expected=expected, received=received).with_remedy(typed)]
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


def rules_of(provider: Provider) -> Rules:
    """Return what a registration makes of claims."""
    kind = all_kinds().get(provider.kind)
    needed = {
        "groups": provider.group_rules,
        "email": provider.allowed_email_domains or provider.link_by_verified_email,
    }
    return Rules(
        principal_claims=provider.principal_claims,
        mapping=provider.mapping,
        usual=kind.defaults.get("mapping", {}) if kind else {},
        group_rules=provider.group_rules,
        admin_principals=provider.admin_principals,
        needed=frozenset(name for name, wanted in needed.items() if wanted),
        group_separator=kind.group_separator if kind else "",
    )


def examine_sign_ins(subject: Subject) -> list[Finding]:
    """Judge mapping and rules by the claims that the newest successful sign-ins came with."""
    attempts = SignInAttempt.objects.filter(provider=subject.stored, claims__isnull=False)
    newest = attempts.order_by("-started_at").first()
    found = [*judge_claims(subject.people, rules_of(subject.stored)), *_userinfo(subject.stored, newest)]
    if not subject.people and not found:
        raise NotRun("nobody has signed in yet, or what came is past its retention")
    return found


def _userinfo(provider: Provider, newest: SignInAttempt | None) -> list[Finding]:
    """What the newest ID token had, if it was userinfo that failed then: all that is mapped, or that anybody needs."""
    if newest is None or not _failed_at_userinfo(newest) or provider.userinfo == Provider.Userinfo.NEVER:
        return []
    # Groups that no rule reads are missed by nobody; without the first of the principal claims people get other names.
    mapping, names = provider.mapping, provider.principal_claims
    needed = (
        mapping if provider.group_rules else {name: mapping[name] for name in mapping if name != "groups"}
    )
    for setting, named_by, read in (("when_needed", names, mapping), ("never", names[:1], needed)):
        if not lacks_mapped_claims(newest.claims_shown, principal_claims=named_by, mapping=read):
            received = f"userinfo: {provider.userinfo}, which answered {newest.received}"
            return [finding("userinfo_not_needed", expected=setting, received=received)]
    return []


def _failed_at_userinfo(attempt: SignInAttempt) -> bool:
    """Whatever kept userinfo out; but for somebody else's, which nobody may be told to do without."""
    failed = attempt.stage == USERINFO and attempt.outcome not in ("ok", UserinfoSubjectMismatch.code)
    return failed or attempt.outcome == UserinfoError.code


def examine_attempt(attempt: SignInAttempt, *, registration: Provider | None = None) -> list[Finding]:
    """
    Judge one person's sign-in: what of the rules cannot fit his claims, and if none gives him anything.

    By what the registration is now, or by `registration`, if the attempt went through another. What he lacks and others
    came with is nothing to tell. Where userinfo failed, the claims are the ID token's alone, and say nothing of what
    would have come.
    """
    provider, claims = registration or attempt.provider, attempt.claims_shown
    if provider is None or not claims:
        return []
    if attempt.stage == USERINFO and attempt.outcome != "ok":
        return _userinfo(provider, attempt)
    rules, found = rules_of(provider), []
    if judge_claims([claims], rules):
        found = judge_claims([claims, *newest_claims(attempt.provider)], rules)
    return [*found, *(gains(claims, rules) if attempt.outcome == "ok" else [])]
