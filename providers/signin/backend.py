"""From a provider's answer to a user: the library's backend with everything it trusts checked first."""

import time
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from providers.exchange.token_endpoint import redeem_code
from providers.exchange.userinfo_endpoint import fetch_userinfo, wants_userinfo
from providers.metadata import keys
from providers.protocol.id_token import IdTokenRules, check_id_token
from providers.sessions.step_up import check_to_administer, check_to_enter
from providers.signin import asking_again
from providers.signin.asking_again import strictest_max_age
from providers.signin.claims import merge_claims
from providers.signin.per_provider import PerProvider
from providers.signin.progress import SignIn, sign_in_of
from providers.signin.purposes import ending_of
from ssoconsole.actors import Actor
from ssoconsole.jose.verify import ID_TOKEN

if TYPE_CHECKING:
    from ssoconsole.accounts.models import User


class ProviderBackend(PerProvider, OIDCAuthenticationBackend):
    """
    Signs in whom a provider vouches for; made anew for every attempt and every request, so that it may keep
    state.

    The order is the point: the ID token is validated completely before the access token is spent on userinfo.
    """

    sign_in: SignIn
    access_token: str | None = None

    def __init__(self) -> None:
        # The library's constructor reads settings of a provider, and there is none yet.
        self.UserModel = get_user_model()

    def authenticate(  # type: ignore[override]  # Django calls it by the keywords that fit
        self, request: HttpRequest | None, *, id_token: str | None = None, **kwargs: Any
    ) -> "User | None":
        """
        Return the user of the answer on `request`, or None when the request finishes no sign-in.

        The code flow is the library's, with its steps below; an `id_token` is the answer of the implicit
        flow. Raises a SignInRefused for everything that is wrong, never SuspiciousOperation, which the
        library would swallow.
        """
        sign_in = sign_in_of(request)
        if request is None or sign_in is None:
            return None
        self.request, self.sign_in, self.provider = request, sign_in, sign_in.provider
        if id_token is None:
            user: User | None = super().authenticate(request, **kwargs)  # type: ignore[no-untyped-call]  # the library has no types
            return user
        self.sign_in.id_token = id_token
        claims = self.verify_token(id_token, nonce=kwargs.get("nonce"))
        return self.get_or_create_user(None, id_token, claims)

    def get_token(self, payload: dict[str, Any]) -> dict[str, str | None]:
        """Redeem the code; `redirect_uri` is the one that was sent, not one made of this request's host."""
        with self.sign_in.step("token"):
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
        ending, attempt = ending_of(self.sign_in.attempt), self.sign_in.attempt
        with self.sign_in.step("id_token"):
            verified = keys.verify_token(self.provider, token, types=ID_TOKEN)
            rules = IdTokenRules(
                issuer=self.provider.issuer,
                client_id=self.provider.client_id,
                nonce=kwargs.get("nonce") or "",
                leeway=self.provider.leeway,
                trusted_audiences=frozenset(self.provider.trusted_audiences),
                max_age=strictest_max_age(attempt, ending.max_age(self.provider)),
                access_token=self.access_token,
                code=self.request.GET.get("code"),
            )
            claims = check_id_token(verified, rules=rules, now=int(time.time()))
            ending.check_claims(attempt, claims)
            check_to_enter(self.provider, claims)
            if asking_again.is_step_up(attempt):
                check_to_administer(self.provider, claims)
        self.sign_in.claims = claims
        return claims

    def get_userinfo(
        self, access_token: str | None, id_token: str, payload: dict[str, Any]
    ) -> dict[str, Any]:
        """
        Return the claims about the person: those of the checked ID token, and userinfo's where there is any.
        """
        userinfo = None
        if access_token and wants_userinfo(self.provider, payload):
            with self.sign_in.step("userinfo"):
                userinfo = fetch_userinfo(self.provider, access_token=access_token, sub=payload["sub"])
        return merge_claims(payload, userinfo, mapping=self.provider.mapping)

    def get_or_create_user(self, access_token: str | None, id_token: str, payload: dict[str, Any]) -> "User":
        """Return the user behind (provider, `sub`); the library would look for an e-mail address."""
        claims = self.get_userinfo(access_token, id_token, payload)
        self.sign_in.claims = claims
        by = Actor("provider", self.provider.slug, self.sign_in.attempt.address)
        with self.sign_in.step("person"):
            return ending_of(self.sign_in.attempt).person(sign_in=self.sign_in, claims=claims, by=by)

    def get_user(self, user_id: Any) -> "User | None":
        """Return the user of a browser session by one query; None once he is disabled."""
        return self.UserModel._default_manager.filter(pk=user_id, is_active=True).first()
