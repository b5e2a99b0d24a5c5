"""A provider, a browser, and what must hold whatever answer comes in between."""

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings

from providers.models import ConsoleSession, Identity, SignInAttempt
from ssoconsole.platform.eventlog.models import Event
from tests.providers.fuzz.fuzz_case import Arrival, Case
from tests.providers.fuzz.fuzz_network import Cable
from tests.providers.signin.journey import HOP, MAIN
from tests.support.leaks import assert_without
from tests.support.scripted.endpoints import Endpoint, Userinfo
from tests.support.scripted.keys import half_hash
from tests.support.scripted.tokens import Token
from tests.support.scripted.wire import Request

DOCUMENT = Path(__file__).parents[3] / "docs" / "outcomes.md"
DOCUMENTED = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", DOCUMENT.read_text(), re.MULTILINE))
STATUSES = {400, 403, 502, 503}
COOKIE = "signin"
HER_NAME = "alice@corp.example"


class World:
    """`op` is the scripted provider, reached without a wire; one person signs in, always for the first time."""

    def __init__(self, op, slug):
        self.op, self.slug = op, slug
        self.case, self.verifier, self.grant = Case("honest"), "", None

    def attack(self, cases, *, sure=(), at_least):
        """
        Leave once, and come back in as many ways; each case begins where the one before has begun.

        The `sure` ones are tried whatever the number, the rest are drawn.
        """
        tried = 0
        drawn = max(10, at_least - len(sure))

        @settings(
            max_examples=drawn,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(cases)
        def try_drawn(case):
            try_one(case)

        def try_one(case):
            nonlocal tried
            tried += 1
            with undone():
                self.judge(case, self.come_back(case))

        self.leave()
        for case in sure:
            try_one(case)
        try_drawn()
        assert tried >= at_least

    def leave(self):
        """Go to the provider and sign in there; what its answer would be is kept."""
        self._straighten(Case("honest"))
        browser = Client()
        left = browser.get(f"/signin/{self.slug}", {"next": "/account"})
        assert left.status_code == 302, left.content.decode()
        self.binding = browser.cookies[COOKIE].value
        target = urlsplit(left["Location"])
        self.op.grants = []
        self._arrival = arrival_in(self.answer(Request("GET", f"{target.path}?{target.query}", {})))
        [self.grant] = self.op.grants
        self._issued = list(self.op.issued_tokens)

    def come_back(self, case):
        """Bring the provider's answer as the case has it."""
        self._straighten(case)
        self.op.grants, self.op.issued_tokens = [self.grant], list(self._issued)
        self.grant.code_used = False
        self.client = Client(headers={"User-Agent": "Test browser"})
        self.client.cookies[COOKIE] = self.binding
        arrival = replace(self._arrival, pairs=list(self._arrival.pairs))
        return self._arrive(case.callback(self, arrival) if case.callback else arrival)

    @property
    def right_c_hash(self):
        """The hash of the code that comes back; None in a flow without."""
        code = dict(self._arrival.pairs).get("code")
        return half_hash("ES256", code) if code else None

    def answer(self, request):
        """What the provider says, and what arrives of it."""
        _, answer = self.op.answer(request)
        hook = {"token": self.case.token_answer, "userinfo": self.case.userinfo_answer}.get(request.endpoint)
        self.verifier = request.form.get("code_verifier", self.verifier)
        return hook(self, answer) if hook else answer

    def connect(self, endpoints, **limits):
        return Cable(self.answer)

    def _straighten(self, case):
        cache.clear()
        op = self.op
        op.token, op.userinfo = Endpoint(), Userinfo(op)
        op.id_token = Token(op).include_at_hash()
        op.requests, op.violations = [], []
        self.case, self.verifier = case, ""

    def _arrive(self, arrival):
        query = urlencode(arrival.pairs, errors="surrogatepass")
        browser = self._browser(arrival.cookies)
        if arrival.method == "GET":
            return browser.get(f"{arrival.path}?{query}")
        content_type = "application/x-www-form-urlencoded"
        response = Client().post(
            arrival.path, query, content_type=content_type
        )  # without cookies: another site's form
        hop = HOP.search(response.content.decode())
        return browser.get(unescape(hop.group(1))) if hop else response

    def _browser(self, cookies):
        if cookies != "its own":
            value = {"none": "", "of another browser": "A" * 43, "malformed": "\"';--"}[cookies]
            self.client.cookies[COOKIE] = value
        return self.client

    def judge(self, case, response):
        """No 500 and no stranger, whatever came; no sign-in at all where the case must be refused."""
        if response.status_code == 302:
            assert not case.must_refuse, f"signed in by {case}"
            self._is_the_honest_person(case, response)
        else:
            self._is_a_refusal(response)
            self._nobody_is_signed_in()
            self._no_secret_is_told(response)

    def _is_the_honest_person(self, case, response):
        assert response["Location"] == "/account"
        identity, session = Identity.objects.select_related("user").get(), ConsoleSession.objects.get()
        assert (identity.sub, session.sub) == (self.op.person["sub"],) * 2
        assert session.user_id == identity.user_id
        assert get_user_model().objects.count() == 1
        user = identity.user
        assert (user.is_staff, user.is_superuser, user.groups.exists()) == (False, False, False)
        if case.named:
            assert identity.user.username == HER_NAME

    def _is_a_refusal(self, response):
        if response.status_code == 414:  # nobody reads an address of this length, and so nobody tells of it
            return
        found = MAIN.search(response.content.decode())
        assert found, f"status {response.status_code} without an outcome"
        outcome, reference = found.groups()
        assert response.status_code in STATUSES
        assert int(DOCUMENTED[outcome]) == response.status_code
        assert outcome != "internal_error"
        self.trace = SignInAttempt.objects.get(reference=reference)
        assert self.trace.outcome == outcome
        assert Event.objects.filter(
            action="signin_refused", outcome=outcome, after__reference=reference
        ).exists()

    def _nobody_is_signed_in(self):
        for model in (ConsoleSession, Session, Identity, get_user_model()):
            assert not model.objects.exists(), model
        assert "session" not in self.client.cookies

    def _no_secret_is_told(self, response):
        grant, client = self.grant, self.op.client
        secrets = [grant.code, grant.access_token, grant.refresh_token, client.client_secret, self.verifier]
        page, trace = response.content.decode(), json.dumps(list(SignInAttempt.objects.values()), default=str)
        for secret in [*filter(None, secrets), *self.op.issued_tokens]:
            assert_without(page, secret)
            assert_without(trace, secret)


def arrival_in(answer):
    """The redirect or the form in what an authorization endpoint answers."""
    if location := answer.headers.get("Location"):
        parts = urlsplit(location)
        return Arrival("GET", parts.path, parse_qsl(parts.query))
    page = answer.body.decode()
    form = re.findall(r'name="([^"]*)" value="([^"]*)"', page)
    path = urlsplit(re.search(r'action="([^"]*)"', page).group(1)).path
    return Arrival("POST", path, [(name, unescape(value)) for name, value in form])


@contextmanager
def undone():
    """Whatever is written in here is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
