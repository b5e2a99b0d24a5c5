"""What the sign-ins of the past say about a registration; the database is asked, and nobody else."""

from providers.diagnosis.subject import NotRun, Subject, newest_claims
from providers.errors import UserinfoError, UserinfoSubjectMismatch
from providers.kinds import all_kinds
from providers.models import Provider, SignInAttempt
from providers.protocol.mapping import lacks_mapped_claims
from providers.protocol.preflight.experience import Rules, gains, judge_claims
from providers.protocol.preflight.findings import Finding, finding

USERINFO = "userinfo"  # the stage


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
