"""
Real requests to a provider's two endpoints: an authorization request, up to the sign-in page, and a token request.

The token request sends the client's credentials with a code that was never issued.
"""

import base64
import hashlib
import secrets
from copy import copy
from dataclasses import replace
from urllib.parse import urlencode

from providers import outgoing
from providers.diagnosis.published import wanted
from providers.diagnosis.subject import NotRun, Subject
from providers.errors import ClientCredentialsUnusable, ProviderUnreachable, PushedAuthorizationRefused
from providers.exchange.client_authentication import client_credentials, reason_of, secret_texts
from providers.exchange.endpoints import front_channel_query
from providers.kinds import kind_of
from providers.models import Provider
from providers.models.provider import readable_secret
from providers.protocol.discovery import announces_iss_parameter
from providers.protocol.preflight.authorization_answer import (
    A_PAGE,
    REJECTED,
    Asked,
    judge_authorization_answer,
    judge_token_answer,
    meaning_of,
    near_misses,
)
from providers.protocol.preflight.findings import Finding, finding
from providers.protocol.preflight.offers import client_authentication
from providers.signin.redirects import add_query
from ssoconsole.platform.jose.errors import shown
from ssoconsole.platform.outbound.errors import OutboundError
from ssoconsole.platform.outbound.response import Limits

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
PAGES = ("text/html",)
PAGE_LIMITS = Limits(body_bytes=2 * 1024 * 1024)  # sign-in pages carry whole applications
UNCLEAR, NOT_REGISTERED = "authorization_unclear", "redirect_uri_not_registered"


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
    return [
        finding("client_authentication_not_listed", expected=each.expected, received=each.received)
        for each in found
    ]


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


def examine_authorization(subject: Subject) -> list[Finding]:
    """
    Ask as a sign-in would; nobody signs in, and no redirect is followed.

    Where the answer says nothing, or only a page's words do, ask once more with prompt none: most providers then answer
    to the callback, and so know the client and its redirect URI.
    """
    found = _answers(subject)
    subject.client_is_unknown = any(each.code == "client_unknown" for each in found)
    return [_with_near_miss(subject, each) for each in found]


def _with_near_miss(subject: Subject, found: Finding) -> Finding:
    """
    Name the redirect URI that is registered where it is nearly ours: then that one is taken, and ours is not.

    The provider is asked as a browser would ask; nobody signs in, and nothing is sent back.
    """
    if found.code != NOT_REGISTERED:
        return found
    for other in near_misses(subject.provider.redirect_uri):
        parameters = {**_parameters(subject), "redirect_uri": other}
        answer = _judge_front(subject, parameters, urlencode(parameters))
        if not any(each.is_error or each.code == UNCLEAR for each in answer):
            typed = f"There, replace {other} by {subject.provider.redirect_uri}."
            return replace(found.with_remedy(typed), received=shown(f"{other} is registered"))
    return found


def _answers(subject: Subject) -> list[Finding]:
    found = _ask(subject, _parameters(subject))
    if not any(each.code == UNCLEAR or each.received.startswith(A_PAGE) for each in found):
        return found
    silent = {**_parameters(subject), "prompt": "none"}
    if silent.get("max_age") == "0":
        del silent["max_age"]
    second = _ask(subject, silent)
    telling = (NOT_REGISTERED, "client_unknown")
    return second if not second or second[0].code in telling else found


def _parameters(subject: Subject) -> dict[str, str]:
    """The parameters of a sign-in: those of `providers.signin.leaving`, as a test makes sure."""
    provider = subject.provider
    parameters = {
        **kind_of(provider).authorization_parameters(provider, reauthenticate=False),
        "response_type": provider.response_type,
        "scope": " ".join(provider.scopes),
        "client_id": provider.client_id,
        "redirect_uri": subject.provider.redirect_uri,
        "state": secrets.token_urlsafe(32),
        "nonce": secrets.token_urlsafe(32),
    }
    if provider.response_type == Provider.ResponseType.ID_TOKEN:
        parameters["response_mode"] = "form_post"
    elif provider.pkce:
        digest = hashlib.sha256(secrets.token_bytes(32)).digest()
        parameters["code_challenge"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
        parameters["code_challenge_method"] = "S256"
    return parameters


def _ask(subject: Subject, parameters: dict[str, str]) -> list[Finding]:
    try:
        query = front_channel_query(subject.provider, urlencode(parameters))
    except (PushedAuthorizationRefused, ClientCredentialsUnusable, ProviderUnreachable) as refused:
        return _judge_push(subject, parameters, refused)
    return _judge_front(subject, parameters, query)


def _judge_front(subject: Subject, parameters: dict[str, str], query: str) -> list[Finding]:
    """Ask as a browser would; `query` is what stands in the address for `parameters`."""
    endpoint = subject.provider.endpoint("authorization_endpoint") or ""
    asked = Asked(
        endpoint=endpoint,
        redirect_uri=parameters["redirect_uri"],
        state=parameters["state"],
        issuer=subject.provider.issuer,
        announces_iss=announces_iss_parameter(subject.document),
        one_time=tuple(parameters.get(name, "") for name in ("state", "nonce", "code_challenge")),
    )
    try:
        answer = outgoing.look(add_query(endpoint, query), accept=PAGES, limits=PAGE_LIMITS)
    except OutboundError as error:
        return [finding("authorization_unreachable", expected="a sign-in page", received=error.detail)]
    return judge_authorization_answer(answer, asked)


def _judge_push(
    subject: Subject,
    parameters: dict[str, str],
    refused: PushedAuthorizationRefused | ClientCredentialsUnusable | ProviderUnreachable,
) -> list[Finding]:
    """Tell why the request could not be pushed; credentials that are no good anywhere are told by their own step."""
    rejects_client = (
        isinstance(refused, ClientCredentialsUnusable)
        or "invalid_client" in refused.received
        # However it is called: Keycloak says unauthorized_client, to a wrong secret and to an unknown client.
        or refused.received.startswith("status 401")
    )
    if rejects_client:
        # A client that nobody knows is rejected here like one with a wrong secret; the browser's way tells them apart.
        in_front = _judge_front(subject, parameters, urlencode(parameters))
        if any(each.code == "client_unknown" for each in in_front):
            return in_front
        if any(each.is_error for each in examine_credentials(subject)):
            raise NotRun("the provider rejects the client's credentials")
    code = None if rejects_client else meaning_of(refused.received)
    expected = subject.provider.redirect_uri if code == NOT_REGISTERED else refused.expected
    return [finding(code or "pushed_request_refused", expected=expected, received=refused.received)]
