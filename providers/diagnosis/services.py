"""The preflight of a registration: every step in order, and what came of them."""

from collections.abc import Callable
from dataclasses import dataclass

from providers.diagnosis import authorization, published, registration
from providers.diagnosis.subject import NotRun, Subject
from providers.kinds import all_kinds
from providers.models import Provider
from providers.protocol.preflight.documents import sentence_for
from providers.protocol.preflight.findings import Check, Finding, Report, by_importance
from providers.protocol.preflight.offers import OFFERS
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from ssoconsole.platform.eventlog.services import record_event


@dataclass(frozen=True)
class Step:
    """`needs` are the steps that must have succeeded, or had nothing to look at: without them this one is noise."""

    name: str
    examine: Callable[[Subject], list[Finding]]
    needs: tuple[str, ...] = ()


# In the event of a check.
OF_FORM = "unsaved"
_PUBLISHED = ("registration", "issuer", "endpoints")

# What is offered is not all that there is to know about these.
_OF_THEIR_OWN = {"client_authentication": authorization.examine_method}

STEPS = (
    Step("registration", registration.examine_registration),
    Step("issuer_address", registration.examine_issuer),
    Step("client_secret", registration.examine_client_secret),
    Step("name_resolution", published.examine_resolution, ("issuer_address",)),
    Step("connection", published.examine_connection, ("name_resolution",)),
    Step("certificate", published.examine_certificate, ("connection",)),
    Step("clock", published.examine_clock, ("certificate",)),
    Step("discovery", published.examine_discovery, ("certificate",)),
    Step("issuer", published.examine_issuer, ("discovery",)),
    Step("endpoints", published.examine_endpoints, ("discovery",)),
    Step("adopted_endpoints", published.examine_adopted, _PUBLISHED),
    Step("keys", published.examine_keys, _PUBLISHED),
    *(Step(name, _OF_THEIR_OWN.get(name) or published.examine_offer(name), _PUBLISHED) for name in OFFERS),
    Step("sign_ins", registration.examine_sign_ins),
    Step(
        "authorization_request",
        authorization.examine_authorization,
        (*_PUBLISHED, "adopted_endpoints", "client_secret", "pushed_authorization"),
    ),
    Step(
        "client_credentials",
        authorization.examine_credentials,
        (*_PUBLISHED, "adopted_endpoints", "client_secret", "client_authentication"),
    ),
)


def check_provider(*, provider: Provider, by: Actor, is_saved: bool = True) -> Report:
    """
    Examine a registration at its provider, and record that somebody has; one that is not saved is called so.

    Sends requests, and takes as long as the provider does; nothing is written to the registration.
    """
    report = examine_provider(provider)
    record_event(
        "provider_checked",
        by=by,
        target=provider.slug,
        outcome="ok" if report.ok else report.findings[0].code,
        after={"findings": [each.code for each in report.findings], **({} if is_saved else {OF_FORM: True})},
    )
    return report


def is_of_form(event: Event) -> bool:
    """Tell whether what was checked was in a form, and not saved."""
    return bool((event.after or {}).get(OF_FORM))


def examine_provider(provider: Provider) -> Report:
    """Run every step whose needs are met; of the others, tell which failed check each was left out for."""
    subject, findings, checks = Subject(provider), list[Finding](), dict[str, Check]()
    for step in STEPS:
        because = next(filter(None, (_failure(checks[name]) for name in step.needs)), "")
        found, reason = (None, "") if because else _run(step, subject)
        ok = None if found is None else not any(each.is_error for each in found)
        checks[step.name] = Check(step.name, ok, because, reason)
        findings += [_told(each, subject) for each in found or []]
    return Report(provider.slug, by_importance(findings), tuple(checks.values()))


def _run(step: Step, subject: Subject) -> tuple[list[Finding] | None, str]:
    """Return what the step has found; None, and why, if it has nothing to look at."""
    try:
        return step.examine(subject), ""
    except NotRun as why:
        return None, str(why)


def _failure(check: Check) -> str:
    """Return the step that failed: this one, or the one because of which it was not run; "" if neither."""
    return check.name if check.ok is False else check.because


def _told(found: Finding, subject: Subject) -> Finding:
    """With the value to type, and what the kind of provider has to say."""
    kind = all_kinds().get(subject.stored.kind)
    hint = kind.hint(found.code, subject.stored) if kind else ""
    typed = "" if found.is_specific else sentence_for(found, subject.values)
    return found.with_remedy(typed, hint)
