"""
Check what a provider publishes: discovery document, issuer, endpoints, keys, and what it offers.

The way there is checked first: name, connection, certificate, clock.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from providers.client_keys import uses_client_keys
from providers.diagnosis.subject import NotRun, Subject, look
from providers.models import ClientKey, Provider
from providers.protocol.client_assertion import MAC
from providers.protocol.discovery import counting_members, discovery_url
from providers.protocol.key_set import key_changes
from providers.protocol.preflight.documents import (
    judge_endpoints,
    judge_issuer,
    judge_key_set,
    paths_above,
    read_document,
    spelt_otherwise,
)
from providers.protocol.preflight.experience import (
    judge_certificate,
    judge_clock,
    judge_connection,
    judge_resolution,
    provider_time,
)
from providers.protocol.preflight.findings import Finding, finding
from providers.protocol.preflight.offers import OFFERS, Wanted
from ssoconsole.platform.jose.algorithms import ALGORITHMS
from ssoconsole.platform.outbound.response import Response

Methods = Provider.ClientAuthentication


def examine_discovery(subject: Subject) -> list[Finding]:
    document, found = read_document(
        subject.discovery_answer.answer, prefix="discovery", url=subject.discovery_url
    )
    if document is not None:
        subject.provider.discovery = document
        return found
    # Whoever did not answer at all is not asked ten times more.
    answered = isinstance(subject.discovery_answer.answer, Response)
    near = _issuer_near(subject.provider.issuer) if answered else ""
    typed = f"An issuer is found near it: type {near} as the issuer." if near else ""
    return [each.with_remedy(typed) for each in found]


def _issuer_near(address: str) -> str:
    """
    Return the issuer that is found where `address` is nearly, or above it, as for an endpoint's; "" for none.

    Only the host that is registered is asked, and only for what is public anyway.
    """
    for issuer in (*spelt_otherwise(address), *paths_above(address)):
        url = discovery_url(issuer)
        document, _ = read_document(look(url).answer, prefix="discovery", url=url)
        named = document.get("issuer") if document is not None else None
        if isinstance(named, str) and named.removesuffix("/") == issuer.removesuffix("/"):
            return named
    return ""


def examine_issuer(subject: Subject) -> list[Finding]:
    return judge_issuer(subject.document, registered=subject.provider.issuer)


def examine_endpoints(subject: Subject) -> list[Finding]:
    rules = {"code_flow": subject.uses_code, "allow_http": settings.ALLOW_LOOPBACK_PROVIDERS}
    document, found = subject.document, judge_endpoints(subject.document, **rules)
    subject.provider.discovery = counting_members(document, **rules)
    return found


def examine_adopted(subject: Subject) -> list[Finding]:
    """Judge whether a person has adopted the endpoints that are published: nothing secret goes to others."""
    return subject.not_adopted


def examine_keys(subject: Subject) -> list[Finding]:
    algorithms = [name for name in subject.provider.signing_algs if not ALGORITHMS[name].symmetric]
    if not algorithms:
        raise NotRun("HS algorithms verify with the client secret")
    url = subject.provider.endpoint("jwks_uri") or ""
    document, found = read_document(look(url).answer, prefix="keys", url=url)
    if document is None:
        return found
    replaced = key_changes(subject.stored.jwks, document).replaced if subject.stored.jwks else ()
    if replaced:
        known = f"the key that was read at {subject.stored.jwks_fetched_at:%Y-%m-%d %H:%M} UTC"
        found = [finding("keys_replaced", expected=known, received=f"another one, kid {', '.join(replaced)}")]
    return [*found, *judge_key_set(document, algorithms=algorithms)]


def examine_offer(name: str) -> Callable[[Subject], list[Finding]]:
    """Return the step that compares one thing that is offered with what is wanted."""
    return lambda subject: OFFERS[name](subject.document, wanted(subject))


def wanted(subject: Subject) -> Wanted:
    provider = subject.provider
    implicit = not subject.uses_code
    demanded = _demanded_claims(provider)
    contexts = [*provider.required_acr, *provider.admin_required_acr]
    # Lists are often the product's: with what people have come, that there is.
    people = subject.people if demanded else []
    came = {name for claims in people for name in demanded if claims.get(name)}
    return Wanted(
        scopes=provider.scopes,
        response_type=provider.response_type,
        response_mode="form_post" if implicit else str(provider.extra_params.get("response_mode") or ""),
        pkce=provider.pkce,
        auth_method=provider.token_endpoint_auth_method,
        assertion_alg=_assertion_alg(provider),
        signing_algs=provider.signing_algs,
        shares_callback=provider.callback == Provider.Callback.SHARED and subject.others_enabled,
        pushes=provider.pushed_authorization,
        refreshes=provider.session_refresh == Provider.Refresh.REFRESH_TOKEN,
        contexts=[] if any(claims.get("acr") in contexts for claims in people) else contexts,
        claims=[name for name in demanded if name not in came],
    )


def _demanded_claims(provider: Provider) -> list[str]:
    acr = provider.required_acr or provider.admin_required_acr
    amr = provider.required_amr or provider.admin_required_amr
    return [name for name, demanded in (("acr", acr), ("amr", amr)) if demanded]


def _assertion_alg(provider: Provider) -> str:
    if provider.token_endpoint_auth_method == Methods.SECRET_JWT:
        return MAC
    if not uses_client_keys(provider):
        return ""
    key = ClientKey.objects.signing().filter(provider=provider).first()
    return key.alg if key else ""


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
