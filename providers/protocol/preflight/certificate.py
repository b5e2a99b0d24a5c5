"""Why a host cannot be reached, or is not believed.

Two clocks compared by the Date of an answer (RFC 9110 section 6.6.1).
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from providers.protocol.preflight.findings import Finding, finding
from ssoconsole.platform.outbound.errors import CertificateRefused, ResponseTimeout
from ssoconsole.platform.outbound.probe import Certificate, Probe

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


DRIFT = 10  # seconds: the header has whole ones, and the answer was under way
OLDEST = 86_400


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
