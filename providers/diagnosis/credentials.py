"""The client's credentials, tried at the token endpoint with a code that was never issued."""

import secrets
from copy import copy
from dataclasses import replace

from providers import outgoing
from providers.diagnosis.published import wanted
from providers.diagnosis.subject import NotRun, Subject
from providers.errors import ClientCredentialsUnusable
from providers.exchange.client_authentication import client_credentials, secret_texts
from providers.exchange.reason import reason_of
from providers.models import Provider
from providers.protocol.preflight.findings import Finding, finding
from providers.protocol.preflight.offers import client_authentication
from providers.protocol.preflight.token_answer import REJECTED, judge_token_answer
from providers.registration.secret import readable_secret
from ssoconsole.platform.outbound.errors import OutboundError

Methods = Provider.ClientAuthentication
EXPECTED = "invalid_grant, for a code that was never issued"

# Nothing but these says that no other method would do either.
REJECTIONS = (REJECTED, "client_assertion_rejected", "client_secret_required")

# The secret goes to the same endpoint by the other way that it can be sent; an assertion is never undone into
# the secret that it hides.
_OTHER_WAYS = {
    Methods.BASIC: (Methods.POST, Methods.NONE),
    Methods.POST: (Methods.BASIC, Methods.NONE),
    Methods.NONE: (Methods.BASIC, Methods.POST),
}
_ASSERTS = (Methods.SECRET_JWT, Methods.PRIVATE_KEY_JWT)


def examine_credentials(subject: Subject) -> list[Finding]:
    """
    Judge whether the token endpoint lets the client in.

    One that does not is asked again by the other simple methods: which of them it takes is what the
    administrator needs to know. A client that nobody knows there has no credentials to be judged.
    """
    if not subject.uses_code:
        raise NotRun("the response type id_token asks no token endpoint")
    if subject.client_is_unknown:
        raise NotRun("the provider does not know the client")
    if subject.not_adopted:
        raise NotRun("nobody has adopted the endpoints, and no secret goes there")
    if subject.credentials_found is None:
        subject.credentials_found = _judge(subject)
    return subject.credentials_found


def examine_method(subject: Subject) -> list[Finding]:
    """
    Compare the client's method with those that the provider lists.

    Lists are often the product's and not the client's: what the token endpoint takes is no fault, and where it
    takes another one, that is for its own step to tell.
    """
    found = client_authentication(subject.document, wanted(subject))
    if not any(each.is_error for each in found):
        return found
    try:
        told = examine_credentials(subject)
    except (NotRun, ClientCredentialsUnusable):
        return found
    if any(each.code in REJECTIONS for each in told):
        return found
    return [replace(each, code="client_authentication_not_listed") for each in found]


def _judge(subject: Subject) -> list[Finding]:
    provider = subject.provider
    code, received = _redeem(subject, provider)
    if code != REJECTED:
        return [finding(code, expected=EXPECTED, received=received)] if code else []
    if provider.token_endpoint_auth_method in _ASSERTS:
        return [finding("client_assertion_rejected", expected=EXPECTED, received=received)]
    if other := _accepted_way(subject):
        said = f"{provider.token_endpoint_auth_method} is registered: {received}"
        return [finding("client_authentication_method_wrong", expected=other, received=said)]
    code = "client_secret_required" if provider.is_public_client else REJECTED
    return [finding(code, expected=EXPECTED, received=received)]


def _accepted_way(subject: Subject) -> str | None:
    provider = subject.provider
    has_secret = isinstance(readable_secret(provider), str)
    for method in _OTHER_WAYS.get(Methods(provider.token_endpoint_auth_method), ()):
        if method != Methods.NONE and not has_secret:
            continue
        other = copy(provider)
        other.token_endpoint_auth_method = method
        if _redeem(subject, other)[0] is None:
            return str(method.value)
    return None


def _redeem(subject: Subject, provider: Provider) -> tuple[str | None, str]:
    """Return the code of the finding, None if the client was let in, and the provider's words without secrets."""
    code, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", subject.provider.redirect_uri),
    ]
    if provider.pkce:
        form.append(("code_verifier", verifier))
    endpoint = subject.stored.endpoint("token_endpoint") or ""
    fields, headers = client_credentials(provider, endpoint=endpoint)
    try:
        answer = outgoing.look(endpoint, form=form + fields, headers=headers)
    except OutboundError as error:
        return "token_endpoint_unreachable", error.detail
    hidden = [code, verifier, *secret_texts(provider, fields, headers)]
    return judge_token_answer(answer), reason_of(answer, hidden)
