"""
mozilla-django-oidc: the one module that knows the library, which does the login.

The library asks Django's settings about one provider, and keeps its transaction in the browser's session. Here the
settings are answered from a provider's row, and the transaction is taken out of its hands: it is written into an
attempt's row when the browser leaves, and comes from there when it returns (see `docs/decisions/0001`). Each step that
the library leaves to subclasses is one of the console's own, because by itself it checks neither issuer nor audience,
nor whose userinfo it gets.
"""

import time
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest, QueryDict
from django.views.generic import View
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.utils import import_from_settings
from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from providers import metadata
from providers.errors import InternalError
from providers.exchange.endpoints import fetch_userinfo, redeem_code, wants_userinfo
from providers.models import Provider
from providers.protocol.claims import merge_claims
from providers.protocol.id_token import IdTokenRules, check_id_token
from providers.sessions.step_up import check_to_administer, check_to_enter
from providers.signin.attempts import ASKED_AGAIN, STEP_UP
from providers.signin.completion import Completion
from providers.signin.traces import SignIn
from ssoconsole.platform.jose.verify import ID_TOKEN

if TYPE_CHECKING:
    from ssoconsole.platform.accounts.models import User

RANDOM_LENGTH = 43  # of letters and digits: 256 bits, and the longest nonce that every provider takes

# What the library asks by name. The client secret is not among it: client authentication is
# `providers.exchange`'s, and the library has no need to hold the secret.
SETTINGS: dict[str, Callable[[Provider], Any]] = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": lambda provider: provider.endpoint("authorization_endpoint"),
    "OIDC_OP_TOKEN_ENDPOINT": lambda provider: provider.endpoint("token_endpoint"),
    "OIDC_OP_USER_ENDPOINT": lambda provider: provider.endpoint("userinfo_endpoint"),
    "OIDC_OP_JWKS_ENDPOINT": lambda provider: provider.endpoint("jwks_uri"),
    "OIDC_RP_CLIENT_ID": lambda provider: provider.client_id,
    "OIDC_RP_CLIENT_SECRET": lambda provider: None,
    "OIDC_RP_SIGN_ALGO": lambda provider: provider.signing_algs[0],
    "OIDC_RP_IDP_SIGN_KEY": lambda provider: None,
    "OIDC_RP_SCOPES": lambda provider: " ".join(provider.scopes),
    "OIDC_USE_PKCE": lambda provider: provider.pkce and provider.response_type == "code",
    "OIDC_PKCE_CODE_CHALLENGE_METHOD": lambda provider: "S256",
    "OIDC_PKCE_CODE_VERIFIER_SIZE": lambda provider: RANDOM_LENGTH,
    "OIDC_USE_NONCE": lambda provider: True,
    "OIDC_NONCE_SIZE": lambda provider: RANDOM_LENGTH,
    "OIDC_STATE_SIZE": lambda provider: RANDOM_LENGTH,
    "OIDC_AUTHENTICATION_CALLBACK_URL": lambda provider: "callback",
    "OIDC_ALLOW_UNSECURED_JWT": lambda provider: False,
    "OIDC_STORE_ACCESS_TOKEN": lambda provider: False,
    "OIDC_STORE_ID_TOKEN": lambda provider: False,
}

# What the library's constructors copy from the settings, before there is a request and hence a provider.
ATTRIBUTES = {
    "OIDC_OP_AUTH_ENDPOINT": "OIDC_OP_AUTHORIZATION_ENDPOINT",
    "OIDC_OP_TOKEN_ENDPOINT": "OIDC_OP_TOKEN_ENDPOINT",
    "OIDC_OP_USER_ENDPOINT": "OIDC_OP_USER_ENDPOINT",
    "OIDC_OP_JWKS_ENDPOINT": "OIDC_OP_JWKS_ENDPOINT",
    "OIDC_RP_CLIENT_ID": "OIDC_RP_CLIENT_ID",
    "OIDC_RP_CLIENT_SECRET": "OIDC_RP_CLIENT_SECRET",
    "OIDC_RP_SIGN_ALGO": "OIDC_RP_SIGN_ALGO",
    "OIDC_RP_IDP_SIGN_KEY": "OIDC_RP_IDP_SIGN_KEY",
}


class PerProvider:
    """
    Mixed in before one of the library's classes; `provider` is set once the request has named it.

    The instance must live for one request only, as views and backends do.
    """

    provider: Provider

    def get_settings(self, attr: str, *default: Any) -> Any:
        """Return the provider's value for one of the library's names, else Django's setting."""
        if attr in SETTINGS:
            return SETTINGS[attr](self.provider)
        return import_from_settings(attr, *default)  # type: ignore[no-untyped-call]  # the library has no types

    def __getattr__(self, name: str) -> Any:
        if name in ATTRIBUTES:
            return self.get_settings(ATTRIBUTES[name])
        raise AttributeError(name)


@dataclass(frozen=True)
class AuthorizationRequest:
    """What the library has made of it: the query for the provider, and what the answer will be checked by."""

    query: str = field(repr=False)
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str | None = field(repr=False)


class ProviderRequestView(PerProvider, OIDCAuthenticationRequestView):
    """The library's view of leaving, with the console's parameters; its own constructor would read settings."""

    def __init__(self, **kwargs: Any) -> None:
        View.__init__(self, **kwargs)
        self.parameters: Mapping[str, str] = {}

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        """What the library adds to its own parameters, and overrides them by."""
        return dict(self.parameters)


def authorization_request(
    request: HttpRequest, provider: Provider, parameters: Mapping[str, str]
) -> AuthorizationRequest:
    """Let the library draw state, nonce and code verifier for `parameters`; the session is left alone."""
    view = ProviderRequestView()
    view.provider, view.parameters = provider, parameters
    asked = copy(request)
    session: dict[str, Any] = {}
    asked.session = session  # type: ignore[assignment]  # the library needs no more of it than a dictionary
    redirect = view.get(asked)  # type: ignore[no-untyped-call]  # the library has no types
    query = redirect.url.removeprefix(f"{provider.endpoint('authorization_endpoint')}?")
    [(state, made)] = session["oidc_states"].items()
    return AuthorizationRequest(query, state, made["nonce"], made["code_verifier"])


class ProviderBackend(PerProvider, OIDCAuthenticationBackend):
    """
    From a provider's answer to claims that are checked; made anew for every answer, so that it may keep state.

    The order is the point: the ID token is validated completely before the access token is spent on userinfo.
    """

    sign_in: SignIn
    completion: Completion
    access_token: str | None = None

    def __init__(self) -> None:
        # The library's constructor reads settings of a provider, and there is none yet.
        self.UserModel = get_user_model()

    def authenticate(  # type: ignore[override]  # Django calls it by the keywords that fit
        self, request: HttpRequest | None, **credentials: Any
    ) -> "User | None":
        """Return None: with a name and a password nobody signs in through a provider."""
        return None

    def claims_in(
        self, request: HttpRequest, answer: QueryDict, *, sign_in: SignIn, completion: Completion
    ) -> dict[str, Any]:
        """
        Return the claims about the person in `answer`, which belongs to the attempt of `sign_in`.

        The code flow is the library's, with its steps below; an ID token is the answer of the implicit flow. Raises a
        SignInRefused for everything that is wrong, never SuspiciousOperation, which the library would swallow.
        """
        self.sign_in, self.completion, self.provider = sign_in, completion, sign_in.provider
        attempt = sign_in.attempt
        # The library reads the answer from the query; a form may have brought it.
        self.request = copy(request)
        self.request.GET = answer
        if self.provider.response_type == Provider.ResponseType.ID_TOKEN:
            sign_in.id_token = str(answer["id_token"])
            claims = self.verify_token(sign_in.id_token, nonce=attempt.nonce)
            return self.get_or_create_user(None, sign_in.id_token, claims)
        found: dict[str, Any] | None = super().authenticate(  # type: ignore[no-untyped-call]  # the library has no types
            self.request, nonce=attempt.nonce, code_verifier=attempt.code_verifier
        )
        if found is None:  # only a wrong setting can bring it about
            raise InternalError(expected="claims or a refusal", received="neither")
        return found

    def get_token(self, payload: dict[str, Any]) -> dict[str, str | None]:
        """Redeem the code; `redirect_uri` is the one that was sent, not one made of this request's host."""
        self.sign_in.enter("token")
        answer = redeem_code(
            self.provider,
            code=payload["code"],
            redirect_uri=self.sign_in.attempt.redirect_uri,
            code_verifier=payload.get("code_verifier"),
        )
        self.access_token = answer.access_token
        self.sign_in.id_token, self.sign_in.refresh_token = answer.id_token, answer.refresh_token
        return {"id_token": answer.id_token, "access_token": answer.access_token}

    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        """Validate an ID token completely (OpenID Connect Core 1.0 section 3.1.3.7) and return its claims."""
        attempt, provider = self.sign_in.attempt, self.provider
        self.sign_in.enter("id_token")
        verified = metadata.verify_token(provider, token, types=ID_TOKEN)
        # How many seconds ago the person may have proven who he is. Only `auth_time` tells, which must be there then.
        max_age = provider.max_age if self.completion.limits_age else None
        if (attempt.trace or {}).get(ASKED_AGAIN) is True:  # not before he left here
            since_leaving = max(0, int(time.time()) - int(attempt.started_at.timestamp()))
            max_age = since_leaving if max_age is None else min(max_age, since_leaving)
        rules = IdTokenRules(
            issuer=provider.issuer,
            client_id=provider.client_id,
            nonce=kwargs.get("nonce") or "",
            leeway=provider.leeway,
            trusted_audiences=frozenset(provider.trusted_audiences),
            max_age=max_age,
            access_token=self.access_token,
            code=self.request.GET.get("code"),
        )
        claims = check_id_token(verified, rules=rules, now=int(time.time()))
        self.completion.check_claims(attempt, claims)
        check_to_enter(provider, claims)
        if (attempt.trace or {}).get(STEP_UP) is True:
            check_to_administer(provider, claims)
        self.sign_in.claims = claims
        return claims

    def get_or_create_user(
        self, access_token: str | None, id_token: str, payload: dict[str, Any]
    ) -> dict[str, Any]:
        """
        Return the claims about the person: those of the checked ID token, and userinfo's where there is any.

        The library would look for a user by an e-mail address. Who the person is here is decided by (provider, `sub`),
        in the transaction that signs him in.
        """
        userinfo = None
        if access_token and wants_userinfo(self.provider, payload):
            self.sign_in.enter("userinfo")
            userinfo = fetch_userinfo(self.provider, access_token=access_token, sub=payload["sub"])
        self.sign_in.claims = merge_claims(payload, userinfo, mapping=self.provider.mapping)
        return self.sign_in.claims

    def get_user(self, user_id: Any) -> "User | None":
        """Return the user of a browser session by one query; None once he is disabled."""
        return self.UserModel._default_manager.filter(pk=user_id, is_active=True).first()
