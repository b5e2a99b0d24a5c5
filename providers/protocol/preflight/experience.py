"""
Judge what was observed: the claims of people, the connection with its certificate, and the provider's clock.

Claims show which parts of a mapping or a rule can never match. The clock is read from the Date of an answer (RFC 9110
section 6.6.1).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from providers.errors import Denied
from providers.protocol.claims import listed_paths, value_at, values_at
from providers.protocol.mapping import map_claims, naming_claim, untold_groups, values_of_groups
from providers.protocol.preflight.findings import Finding, finding
from ssoconsole.platform.outbound.errors import CertificateRefused, ResponseTimeout
from ssoconsole.platform.outbound.probe import Certificate, Probe

Claims = Mapping[str, Any]
ENDS_SOON = timedelta(days=30)
# What renews a certificate by itself does so when a third of its life is left (draft-ietf-acme-ari).
LEFT_AT_RENEWAL = 3

# OpenSSL's X509_V_ERR_… numbers.
_BY_VERIFY_CODE = {
    9: "certificate_not_yet_valid",
    10: "certificate_expired",
    18: "certificate_self_signed",
    19: "certificate_authority_unknown",
    20: "certificate_authority_unknown",
    21: "certificate_authority_unknown",
    62: "certificate_wrong_name",
    64: "certificate_wrong_name",
}

# A group as LDAP names it (RFC 4514): its own name, and where it stands.
_DISTINGUISHED = re.compile(r"(?:cn|ou)=([^,+]+),(.+)")
# What providers put between the groups of one text.
JOINED_BY = (",", ";", "|")  # a blank may as well be part of a name
DRIFT = 10  # seconds: the header has whole ones, and the answer was under way
OLDEST = 86_400


@dataclass(frozen=True)
class Rules:
    """
    What a registration makes of claims; `mapping` is what it reads, `usual` what its kind reads by itself.

    `needed` are the fields that something depends on: admission, groups, an identity that may be linked.
    """

    principal_claims: Sequence[str]
    mapping: Mapping[str, str]
    usual: Mapping[str, str]
    group_rules: Sequence[Mapping[str, str]]
    admin_principals: Sequence[str]
    needed: frozenset[str]
    group_separator: str = ""


def judge_claims(people: Sequence[Claims], rules: Rules) -> list[Finding]:
    """Judge the rules by the claims of `people`, each of whom has signed in; nothing is said of none."""
    if not people:
        return []
    return [*_absent(people, rules), *_administrators(people, rules), *_groups(people, rules)]


def _absent(people: Sequence[Claims], rules: Rules) -> list[Finding]:
    came = _names(people)
    found = []
    for name, paths in rules.mapping.items():
        chosen = name in rules.needed or paths != rules.usual.get(name, name)
        paths_read = listed_paths(paths)
        there = any(value_at(claims, path) is not None for claims in people for path in paths_read)
        # A provider that has more groups than fit says so in the place of the claim.
        there = there or (name == "groups" and any(untold_groups(claims, rules.mapping) for claims in people))
        if chosen and paths_read and not there:
            found.append(finding("mapped_claim_absent", expected=f"{name}: {paths}", received=came))
    return found


def _administrators(people: Sequence[Claims], rules: Rules) -> list[Finding]:
    """An administrator whose name stands in another claim than the one that names people, or has another form."""
    named = [(naming_claim(claims, rules.principal_claims), claims) for claims in people]
    principals = {str(value_at(claims, path)): path for path, claims in named if path}
    found = []
    for administrator in rules.admin_principals:
        if administrator in principals or not principals:
            continue
        elsewhere = sorted({name for claims in people for name in claims if claims[name] == administrator})
        alike = any(("@" in administrator) == ("@" in principal) for principal in principals)
        nearly = [name for name in principals if _without_domain(name) == _without_domain(administrator)]
        if elsewhere or nearly or not alike:
            principal = next(iter(nearly or principals))
            path = principals[principal]
            where = f"; {administrator} stands in {', '.join(elsewhere)}" if elsewhere else ""
            received = f"people are named by {path}, such as {principal}{where}"
            found.append(finding("administrator_never_matches", expected=administrator, received=received))
    return found


def _without_domain(name: str) -> str:
    """Return a name in lower case, without the domain that Windows writes before it."""
    return name.strip().casefold().rpartition("\\")[2]


def _groups(people: Sequence[Claims], rules: Rules) -> list[Finding]:
    paths = rules.mapping.get("groups", "groups")
    held = {value for claims in people for value in values_of_groups(claims, paths, rules.group_separator)}
    named = dict.fromkeys(rule["claim_value"] for rule in rules.group_rules)
    found = []
    for wanted in named if held else ():
        if wanted in held:
            continue
        # What another rule names already is meant by that one.
        near = sorted(value for value in held if value not in named and _are_nearly_one(value, wanted))
        code = "group_value_differs" if near else "group_value_absent"
        told = finding(code, expected=wanted, received=", ".join(near or sorted(held)))
        sign = "" if rules.group_separator else _joined_by(people, paths, wanted)
        typed = f"Type “{sign}” as group separator." if sign else ""
        found.append(told.with_remedy(typed))
    return [*found, *_objects(people, paths)] if named and not held else found


def _joined_by(people: Sequence[Claims], paths: str, wanted: str) -> str:
    """Return what stands between `wanted` and other groups in one text; "" where no text has them so."""
    values = (value for path in listed_paths(paths) for claims in people for value in values_at(claims, path))
    texts = [value for value in values if isinstance(value, str)]
    return next(
        (sign for sign in JOINED_BY if any(wanted in map(str.strip, text.split(sign)) for text in texts)), ""
    )


def _objects(people: Sequence[Claims], paths: str) -> list[Finding]:
    """A claim that is a list of objects names no group: which of their members does, is for a person to say."""
    for path in listed_paths(paths):
        lists = [value for claims in people for value in values_at(claims, path) if isinstance(value, list)]
        names = sorted(
            {name for each in lists for item in each if isinstance(item, Mapping) for name in item}
        )
        if names:
            received = f"{path} is a list of objects with {', '.join(names)}"
            told = finding("group_value_absent", expected=f"groups in {path}", received=received)
            paths_to_type = ", ".join(f"{path}.{name}" for name in names[:5])
            return [told.with_remedy(f"Type the path of the member that names a group: {paths_to_type}.")]
    return []


def gains(claims: Claims, rules: Rules) -> list[Finding]:
    """Say of one person, in whose sign-in everything went well, if no rule gives him anything."""
    if not rules.group_rules and not rules.admin_principals:
        return []
    try:
        person = map_claims(
            claims,
            principal_claims=rules.principal_claims,
            mapping=rules.mapping,
            group_rules=rules.group_rules,
            admin_principals=rules.admin_principals,
            group_separator=rules.group_separator,
        )
    except Denied:  # the registration has changed since
        return []
    if person.groups or person.is_admin or person.groups_untold:
        return []
    return [finding("nothing_gained", expected="a group or administration", received=_names([claims]))]


def _are_nearly_one(one: str, other: str) -> bool:
    """
    Tell whether two groups differ in what is lost when one is copied: case, blanks, the path or domain before it.

    The groups `/a/admins` and `/b/admins` are two.
    """
    short, long = sorted((_parts(one), _parts(other)), key=len)
    return bool(short) and long[-len(short) :] == short


def _parts(value: str) -> list[str]:
    """Return the parts of a path, a Windows name or a distinguished name, from the outside to the group itself."""
    text = value.strip().lower()
    if named := _DISTINGUISHED.match(text):
        return [named[2], named[1]]
    return [part for part in re.split(r"[/\\]", text) if part]


def _names(people: Sequence[Claims]) -> str:
    return f"claims that came: {', '.join(sorted({name for claims in people for name in claims}))}"


def judge_resolution(probe: Probe) -> list[Finding]:
    """Judge the host's name and addresses."""
    if probe.failed != "resolution" or probe.error is None:
        return []
    received = probe.error.detail
    if probe.error.code != "address_refused":
        return [finding("host_unresolved", expected=f"an address of {probe.host}", received=received)]
    code = "loopback_refused" if "a loopback address" in received else "address_refused"
    return [finding(code, expected="an address that may be asked", received=received)]


def judge_connection(probe: Probe) -> list[Finding]:
    """Judge whether a connection is accepted."""
    if probe.failed != "connection" or probe.error is None:
        return []
    expected, received = f"a connection to {probe.host} port {probe.port}", probe.error.detail
    if "refused" in received:
        return [finding("connection_refused", expected=expected, received=received)]
    slow = isinstance(probe.error, ResponseTimeout) or "no answer in time" in received
    code = "connection_timed_out" if slow else "connection_failed"
    return [finding(code, expected=expected, received=received)]


def judge_certificate(probe: Probe, *, at: datetime) -> list[Finding]:
    """Judge TLS and the certificate at the moment `at`."""
    if probe.failed == "tls" and probe.error is not None:
        return [_tls_failure(probe)]
    if probe.certificate is None:
        return []
    ends, life = probe.certificate.not_after, probe.certificate.not_after - probe.certificate.not_before
    soon = min(ENDS_SOON, life / LEFT_AT_RENEWAL)
    if ends - at >= soon:
        return []
    received = f"{(ends - at).days} days left, until {_day(ends)}"
    return [finding("certificate_ends_soon", expected=f"more than {soon.days} days left", received=received)]


def _tls_failure(probe: Probe) -> Finding:
    error = probe.error
    if isinstance(error, CertificateRefused):
        code = _BY_VERIFY_CODE.get(error.verify_code, "certificate_refused")
        received = "; ".join(filter(None, (error.detail, _facts(probe.certificate))))
        return finding(code, expected=f"a valid certificate for {probe.host}", received=received)
    code = "tls_timed_out" if isinstance(error, ResponseTimeout) else "tls_failed"
    return finding(
        code,
        expected=f"TLS 1.2 or later at {probe.host} port {probe.port}",
        received=getattr(error, "detail", ""),
    )


def _facts(certificate: Certificate | None) -> str:
    if certificate is None:
        return ""
    names = " ".join(certificate.names[:5]) or "no name"
    dates = f"{_day(certificate.not_before)} to {_day(certificate.not_after)}"
    return f"it is for {names}, from {certificate.issuer}, valid {dates}"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def provider_time(date: str, age: str = "") -> datetime | None:
    """Return the moment that an answer speaks of: its Date, and the time for which a cache has held it."""
    try:
        moment = parsedate_to_datetime(date)
    except (OverflowError, ValueError, TypeError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    held = int(age) if age.isascii() and age.isdigit() and len(age) < 8 else 0
    try:
        return datetime.fromtimestamp(moment.timestamp() + min(held, OLDEST), UTC)
    except (OverflowError, ValueError, OSError):
        return None


def judge_clock(theirs: datetime, ours: datetime, *, leeway: int) -> list[Finding]:
    """Compare the clocks; beyond `leeway` seconds, fresh tokens count as expired or as issued in the future."""
    ahead = round((theirs - ours).total_seconds())
    drift = min(leeway, DRIFT) if leeway else DRIFT
    if abs(ahead) <= max(drift, 2):
        return []
    code = "clock_skew" if abs(ahead) > max(leeway, DRIFT) else "clock_drift"
    direction = "ahead of" if ahead > 0 else "behind"
    received = f"the provider's clock is {abs(ahead)} s {direction} this console's"
    return [finding(code, expected=f"at most {leeway} s between the clocks", received=received)]
