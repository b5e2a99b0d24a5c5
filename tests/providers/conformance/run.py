"""One run of a module: the console registered at the provider, a browser, and the Foundation's judgement."""

from functools import cached_property

from django.contrib.auth import get_user_model

from providers.errors import every_outcome
from providers.kinds import kind_of
from providers.models import ConsoleSession, Provider
from providers.registration.services import save_provider
from providers.signin.guard import page_of
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import entered
from tests.providers.signin.journey import Browser, assert_refused, hop_of

BASE_URL = "https://console.example"
STATUSES = {outcome.code: page_of(outcome).status for outcome in every_outcome()}
BOB = Actor("user", "bob")


class Run:
    """
    Bend `op`, its `client` and `fields` first; the first use of `provider` registers the console.

    A module is judged as the Foundation's suite does it, by the requests that the provider saw, and beyond
    that by what the suite cannot see: sessions, users, the page, the events.
    """

    def __init__(self, op, case):
        self.op, self.case = op, case
        self.judged = False
        self.browser = Browser()
        case.profile.shape(op)
        op.client.redirect_uris = [
            f"{BASE_URL}/callback/corp"
        ]  # exact, and https as every flow but code needs
        op.client.post_logout_redirect_uris = [f"{BASE_URL}/signed-out"]
        op.client.response_types = [case.plan.response_type]
        self.fields = {"response_type": case.plan.response_type}
        if case.plan.form_post and self.by_code:
            self.fields["extra_params"] = {"response_mode": "form_post"}

    @property
    def by_code(self):
        return self.case.plan.response_type == "code"

    @cached_property
    def provider(self):
        """The registration, made by the service that every door uses."""
        client, kind = self.op.client, self.case.profile.kind
        named = {"slug": "corp", "name": "Corp SSO", "kind": kind, "issuer": self.op.issuer}
        known = {
            "client_id": client.client_id,
            "token_endpoint_auth_method": client.token_endpoint_auth_method,
            "signing_algs": [client.id_token_signed_response_alg],
        }
        provider = Provider(**kind_of(kind).defaults | named | known | self.fields)
        entered(provider, client.client_secret)
        save_provider(provider=provider, by=BOB)
        return provider

    # What the person does

    def leave(self):
        """Click on the provider; return the authorization URL."""
        return self.browser.leave(self.provider.slug)

    def sign_in(self, browser=None):
        return (browser or self.browser).sign_in(self.op, self.provider.slug)

    def sign_out(self):
        """Sign out here, be led to the provider, and be sent back; return the last page."""
        hop = hop_of(self.browser.client.post("/signout"))
        return self.browser.client.get(self.op.visit(hop).path)

    # What the provider saw

    def seen(self, *endpoints):
        """The requests to these endpoints, by name, in their order."""
        return [request.endpoint for request in self.op.requests if request.endpoint in endpoints]

    def asked(self):
        """The parameters of the last authorization request."""
        return self.op.grants[-1].params

    # The judgement

    def judge(self, response):
        """Judge a sign-in by what the registry says of this module."""
        self.judged = True
        if self.case.module.refuses is None:
            self._judge_acceptance(response)
        else:
            self._judge_refusal(response)
        self.judge_requests()

    def judge_requests(self):
        """The implicit checks: every request was as it must be, and went where the console had been sent."""
        self.judged = True
        assert self.op.violations == []
        form_post = self.case.plan.form_post
        for grant in self.op.grants:
            assert grant.params["response_type"] == self.case.plan.response_type
            assert grant.params.get("response_mode") == ("form_post" if form_post else None)

    def _judge_acceptance(self, response):
        assert response.status_code == 302, response.content.decode()
        assert self.browser.is_signed_in()
        assert ConsoleSession.objects.filter(ended_at=None).count() == 1
        assert get_user_model().objects.get().email == self.op.person["email"]
        assert Event.objects.filter(action="signin").first().outcome == "ok"
        once = ["token", "userinfo"] if self.by_code else []  # of the front channel nothing is left to fetch
        assert self.seen("token", "userinfo") == once * len(self.op.grants)

    def _judge_refusal(self, response):
        outcome = self.case.module.refuses
        assert_refused(response, outcome, STATUSES[outcome])
        assert not self.browser.is_signed_in()
        spent = ["token"] if self.by_code else []  # the code of a bad front-channel ID token stays unspent
        if outcome == "userinfo_subject_mismatch":
            spent.append("userinfo")
        assert self.seen("token", "userinfo") == spent * len(self.op.grants)
