"""The way to the provider: name, connection, certificate, clock."""

from urllib.parse import urlsplit

from django.utils import timezone

from providers.diagnosis.subject import NotRun, Subject
from providers.protocol.preflight.certificate import judge_certificate, judge_connection, judge_resolution
from providers.protocol.preflight.clock import judge_clock, provider_time
from providers.protocol.preflight.findings import Finding
from ssoconsole.platform.outbound.response import Response


def examine_resolution(subject: Subject) -> list[Finding]:
    return judge_resolution(subject.probe)


def examine_connection(subject: Subject) -> list[Finding]:
    return judge_connection(subject.probe)


def examine_certificate(subject: Subject) -> list[Finding]:
    if urlsplit(subject.provider.issuer).scheme != "https":
        raise NotRun("the issuer is no https address")
    return judge_certificate(subject.probe, at=timezone.now())


def examine_clock(subject: Subject) -> list[Finding]:
    """By the answer that the discovery document comes in; an answer of any status has a Date."""
    answered = subject.discovery_answer
    if not isinstance(answered.answer, Response):
        raise NotRun("no answer came that could have a Date")
    headers = answered.answer.headers
    theirs = provider_time(headers.get("Date", ""), headers.get("Age", ""))
    if theirs is None:
        raise NotRun("the answer has no Date")
    return judge_clock(theirs, answered.at, leeway=subject.provider.leeway)
