"""What the sign-ins of the past say about a registration; the database is asked, and nobody else."""

from typing import Any

from providers.diagnosis.subject import NotRun, Subject
from providers.kinds import all_kinds
from providers.models import Provider, SignInAttempt
from providers.protocol.mapping import lacks_mapped_claims
from providers.protocol.preflight.experience import Rules, gains, judge_claims
from providers.protocol.preflight.findings import Finding, finding


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
    if newest is None or newest.outcome != "userinfo_error" or provider.userinfo == Provider.Userinfo.NEVER:
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


def examine_claims(provider: Provider, claims: dict[str, Any], *, went_well: bool) -> list[Finding]:
    """Judge one person's sign-in: what of the rules cannot fit his claims, and if none gives him anything."""
    if not claims:
        return []
    rules = rules_of(provider)
    return [*judge_claims([claims], rules), *(gains(claims, rules) if went_well else [])]


def examine_attempt(attempt: SignInAttempt) -> list[Finding]:
    """Judge the claims of an attempt by what its registration is now."""
    if attempt.provider is None:
        return []
    return examine_claims(attempt.provider, attempt.claims_shown, went_well=attempt.outcome == "ok")
