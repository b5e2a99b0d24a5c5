"""A session that is checked by `prompt=none`: windows are led over the provider, all else waits or is refused."""

import datetime

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client

from providers.models import ConsoleSession, Identity, Provider, SignInAttempt
from providers.sessions.services import end_session
from providers.signin import backend
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from ssoconsole.platform.eventlog.services import MASK
from tests.providers.refresh.checked_sessions import (
    DUE,
    EVERY,
    LATE,
    OVER,
    SCRIPT,
    WINDOW,
    assert_ended,
    by_browser,
    check_trace,
    is_live,
    later,
    the_session,
)
from tests.providers.signin.journey import Browser, hop_of, outcome_of, query_of, register
from tokens.models import Bot

User = get_user_model()
BOB = Actor("user", "bob")


@pytest.fixture
def signed_in(op, visitor):
    by_browser(op)
    op.sid = "sid-1"
    assert visitor.sign_in(op).status_code == 302
    return visitor


def open_page(visitor, path="/account", **headers):
    return visitor.client.get(path, headers=WINDOW | headers)


def check(op, visitor, path="/account"):
    """Open a page of a session that is due, and come back from the provider."""
    response = open_page(visitor, path)
    assert response.status_code == 302, response.content.decode()
    return visitor.arrive(op.visit(response["Location"]))


@pytest.mark.parametrize(
    ("refresh", "is_kept"), [("none", False), ("prompt_none", False), ("refresh_token", True)]
)
def test_a_refresh_token_is_kept_where_it_will_be_used(op, visitor, refresh, is_kept):
    scopes = ["openid", "email", "profile", "offline_access"]
    register(op, session_refresh=refresh, session_check_every=EVERY, scopes=scopes)
    visitor.sign_in(op)
    assert bool(the_session().refresh_token) is is_kept


class LeavingTests:
    def test_a_window_is_led_to_the_provider_which_may_not_ask_the_person(self, op, signed_in):
        with later(DUE):
            response = open_page(signed_in, "/account?tab=2")
        assert response.status_code == 302
        assert response["Location"].startswith(op.url("authorization"))
        query = query_of(response["Location"])
        assert (query["prompt"], query["id_token_hint"]) == ("none", the_session().id_token)
        assert (query["scope"], query["response_type"]) == ("openid email profile", "code")
        assert (response["Cache-Control"], response["Referrer-Policy"]) == ("no-store", "no-referrer")
        attempt = SignInAttempt.objects.get(purpose="refresh")
        assert (attempt.session, attempt.next_url) == (the_session(), "/account?tab=2")

    @pytest.mark.parametrize(
        "headers",
        [WINDOW, {"Sec-Fetch-Mode": "navigate"}, {"Accept": "text/html,*/*"}],
        ids=["a browser of today", "a terse one", "an old one"],
    )
    def test_what_a_window_is(self, op, signed_in, headers):
        with later(DUE):
            assert signed_in.client.get("/account", headers=headers).status_code == 302

    @pytest.mark.parametrize(
        "headers",
        [
            SCRIPT,
            {},
            {"Accept": "text/html", "Sec-Fetch-Mode": "cors"},
            {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
            {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        ],
    )
    def test_what_is_no_window_is_served_for_the_grace(self, op, signed_in, headers):
        with later(LATE):
            assert signed_in.client.get("/account", headers=headers).status_code == 200
        assert len(op.requests_to("authorization")) == 1

    @pytest.mark.parametrize(
        ("headers", "by_page"),
        [
            ({"Sec-Fetch-Site": "same-origin"}, True),
            ({"Sec-Fetch-Site": "none"}, False),
            ({"Sec-Fetch-Site": "cross-site", "Referer": "http://localhost:8000/x"}, False),
            ({"Referer": "http://localhost:8000/account"}, True),
            ({"Referer": "http://localhost:8000.evil.example/"}, False),
        ],
    )
    def test_a_way_that_may_be_a_forms_leads_over_a_page(self, op, signed_in, headers, by_page):
        with later(DUE):
            response = open_page(signed_in, **headers)
            assert response.status_code == (200 if by_page else 302)
            url = hop_of(response) if by_page else response["Location"]
            assert signed_in.arrive(op.visit(url))["Location"] == "/account"
        assert the_session().checked_at > the_session().started_at

    def test_what_the_registration_asks_for_does_not_contradict_it(self, op, visitor):
        by_browser(op, max_age=0, prompt="login consent", extra_params={"ui_locales": "de"})
        op.id_token.claims.update(auth_time=int(datetime.datetime.now(datetime.UTC).timestamp()))
        visitor.sign_in(op)
        with later(DUE):
            query = query_of(open_page(visitor, "/account?login_hint=mallory&reauth=1")["Location"])
            assert (query["prompt"], query["ui_locales"]) == ("none", "de")
            assert {"max_age", "login_hint"}.isdisjoint(query)
            with later(DUE + 40):
                assert check(op, visitor, "/account?reauth=1")["Location"] == "/account?reauth=1"
        assert op.violations == []
        assert is_live()

    def test_a_hint_that_would_make_the_address_too_long_is_left_out(self, op, visitor):
        by_browser(op)
        op.id_token.claims.update(padding="x" * 4096)
        visitor.sign_in(op)
        with later(DUE):
            query = query_of(open_page(visitor)["Location"])
        assert (query["prompt"], "id_token_hint" in query) == ("none", False)

    def test_a_provider_that_quotes_the_hint_does_not_put_it_into_the_trace(self, op, visitor, caplog):
        op.offer_par()
        by_browser(op)
        visitor.sign_in(op)
        hint = the_session().id_token
        op.par.respond(400, {"error": "invalid_request", "error_description": f"{hint} is no hint"})
        with later(OVER):
            open_page(visitor)
        assert op.requests_to("par")[-1].form["id_token_hint"] == hint
        trace = check_trace()
        assert trace.received == f"status 400, invalid_request: {MASK} is no hint"
        told = caplog.text + str(list(Event.objects.values()))
        assert hint[:40] not in told

    def test_paths_that_must_always_work_are_served(self, op, signed_in):
        with later(OVER):
            for path in ("/signin", "/signed-out", "/healthz"):
                assert open_page(signed_in, path).status_code == 200
            assert signed_in.client.post("/signout", headers=WINDOW).status_code == 200

    def test_a_person_may_still_choose_to_sign_in_anew(self, op, signed_in):
        with later(OVER):
            assert query_of(open_page(signed_in, "/signin/corp")["Location"]).get("prompt") is None

    def test_nobody_can_send_a_browser_to_a_check_before_it_is_due(self, op, signed_in):
        with later(EVERY - 2):
            assert open_page(signed_in).status_code == 200

    def test_another_tab_within_the_grace_is_served_while_the_first_is_away(self, op, signed_in):
        with later(DUE):
            assert open_page(signed_in).status_code == 302
            assert open_page(signed_in).status_code == 200
        with later(DUE + 31):
            assert open_page(signed_in).status_code == 302

    def test_after_the_grace_every_tab_is_led_over_the_provider_and_all_come_back(self, op, signed_in):
        with later(OVER):
            ways = [open_page(signed_in, f"/account?{n}")["Location"] for n in range(3)]
            back = [signed_in.arrive(op.visit(way))["Location"] for way in ways]
        assert back == [f"/account?{n}" for n in range(3)]
        assert is_live()


class RefusedMeanwhileTests:
    def test_a_script_is_told_where_to_sign_in_after_the_grace(self, op, signed_in):
        with later(OVER):
            response = signed_in.client.get("/account", headers=SCRIPT)
        assert response.status_code == 401
        assert response.json() == {"error": "login_required", "signin": "/signin/corp"}
        assert (response["Cache-Control"], "WWW-Authenticate" in response) == ("no-store", True)
        assert is_live()

    def test_the_api_is_refused_to_it_too(self, op, signed_in):
        User.objects.update(is_staff=True, is_superuser=True)
        new = {"path": "/api/v1/bots", "data": {"name": "nightly"}, "content_type": "application/json"}
        with later(OVER):
            refused = signed_in.client.get("/api/v1/bots"), signed_in.client.post(**new)
        assert [answer.status_code for answer in refused] == [401, 401]
        assert not Bot.objects.exists()
        with later(LATE):
            assert signed_in.client.get("/api/v1/bots").status_code == 200
            assert signed_in.client.post(**new).status_code == 201

    @pytest.mark.parametrize(("elapsed", "done"), [(LATE, True), (OVER, False)])
    def test_a_form_is_carried_out_within_the_grace_only(self, op, signed_in, elapsed, done):
        url = f"/account/sessions/{the_session().pk}/end"
        with later(elapsed):
            response = signed_in.client.post(
                url, headers=WINDOW | {"Referer": "http://localhost:8000/account"}
            )
        assert (the_session().ended_at is not None) is done
        assert response.status_code == (302 if done else 401)
        if not done:
            text = response.content.decode()
            assert "Nothing of what you sent has been done." in text
            assert 'href="/account"' in text

    def test_a_form_from_elsewhere_is_not_led_back_there(self, op, signed_in):
        with later(OVER):
            response = signed_in.client.post(
                "/account", headers=WINDOW | {"Referer": "https://evil.example/x"}
            )
        assert 'class="button primary" href="/"' in response.content.decode()

    def test_the_page_to_go_on_checks_and_the_form_works_again(self, op, signed_in):
        with later(OVER):
            assert signed_in.client.post("/account", headers=WINDOW).status_code == 401
            assert check(op, signed_in)["Location"] == "/account"
            assert signed_in.client.get("/account", headers=SCRIPT).status_code == 200


class GoodAnswerTests:
    def test_the_same_session_goes_on(self, op, signed_in):
        before, key = the_session(), signed_in.client.session.session_key
        op.sid = "sid-2"
        with later(DUE):
            response = check(op, signed_in, "/account?tab=2")
            assert (response.status_code, response["Location"]) == (302, "/account?tab=2")
            assert open_page(signed_in).status_code == 200
        after = ConsoleSession.objects.get()
        assert after.pk == before.pk
        assert after.checked_at > before.checked_at
        assert (after.expires_at, after.started_at) == (before.expires_at, before.started_at)
        assert (after.check_started_at, after.sid) == (None, "sid-2")
        assert after.id_token == op.issued_tokens[-1] != before.id_token
        assert signed_in.client.session.session_key == key
        assert Event.objects.filter(action="session_check", outcome="ok").count() == 1
        assert check_trace().stage == "done"
        assert op.violations == []

    def test_an_answer_by_form_goes_the_same_way(self, op, visitor):
        by_browser(op, response_type="id_token")
        visitor.sign_in(op)
        before = the_session()
        with later(DUE):
            assert check(op, visitor)["Location"] == "/account"
        assert the_session().pk == before.pk
        assert the_session().checked_at > before.checked_at

    def test_rules_are_applied_again(self, op, visitor):
        scopes = ["openid", "email", "groups"]
        by_browser(op, scopes=scopes, group_rules=[{"claim_value": "staff", "group": "Staff"}])
        visitor.sign_in(op)
        assert User.objects.get().groups.count() == 1
        op.person["groups"] = []
        with later(DUE):
            check(op, visitor)
        assert User.objects.get().groups.count() == 0

    def test_a_refresh_token_that_comes_along_is_used_from_then_on(self, op, visitor):
        by_browser(op, session_refresh="refresh_token")
        visitor.sign_in(op)
        assert the_session().refresh_token is None
        op.token.fields.update(refresh_token="late")
        with later(DUE):
            check(op, visitor)
        assert the_session().refresh_token == "late"

    def test_a_refresh_token_that_nobody_will_use_is_not_kept(self, op, signed_in):
        op.token.fields.update(refresh_token="useless")
        with later(DUE):
            check(op, signed_in)
        assert the_session().refresh_token is None


NO = [
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
    "access_denied",
    "invalid_request",
]
FORGERIES = {
    "another nonce": (lambda t: t.append("nonce"), "nonce_mismatch"),
    "no nonce": (lambda t: t.remove("nonce"), "missing_claim"),
    "another issuer": (lambda t: t.append("iss"), "issuer_mismatch"),
    "another audience": (lambda t: t.append("aud"), "audience_mismatch"),
    "another subject": (lambda t: t.append("sub"), "subject_mismatch"),
    "expired": (lambda t: t.shift("exp", -3600), "expired"),
    "a broken signature": (lambda t: t.break_signature(), "signature_invalid"),
}


class RefusalTests:
    @pytest.mark.parametrize("error", NO)
    def test_a_no_leads_to_the_sign_in_page_and_not_to_an_error(self, op, signed_in, error):
        op.refuse(error, "not now")
        with later(DUE):
            response = check(op, signed_in)
        assert (response.status_code, response["Location"]) == (302, "/signin?next=%2Faccount")
        assert not Session.objects.exists()  # nor is the browser's own one left until it comes again
        assert_ended(op, signed_in, "provider_error")
        assert check_trace().received == f"{error}: not now"

    @pytest.mark.parametrize(("bend", "outcome"), FORGERIES.values(), ids=FORGERIES.keys())
    def test_a_bad_id_token_ends_the_session_and_userinfo_is_not_asked(self, op, signed_in, bend, outcome):
        asked = len(op.requests_to("userinfo"))
        bend(op.id_token)
        with later(DUE):
            assert check(op, signed_in)["Location"] == "/signin?next=%2Faccount"
        assert_ended(op, signed_in, outcome)
        assert len(op.requests_to("userinfo")) == asked

    def test_another_person_at_the_provider_is_not_signed_in_without_being_asked(self, op, signed_in):
        op.person |= {"sub": "mallory", "email": "mallory@corp.example"}
        with later(DUE):
            assert check(op, signed_in)["Location"] == "/signin?next=%2Faccount"
        assert_ended(op, signed_in, "subject_mismatch")
        assert (User.objects.count(), Identity.objects.count()) == (1, 1)
        op.person |= {"sub": "mallory", "email": "mallory@corp.example"}
        assert signed_in.sign_in(op).status_code == 302
        assert the_session().user.username == "mallory@corp.example"

    def test_who_is_not_admitted_any_more_is_out(self, op, signed_in):
        Provider.objects.update(allowed_email_domains=["elsewhere.example"])
        with later(DUE):
            check(op, signed_in)
        assert_ended(op, signed_in, "not_admitted")

    def test_an_answer_that_nobody_asked_for_ends_nothing(self, op, signed_in):
        with later(DUE):
            state = query_of(open_page(signed_in)["Location"])["state"]
            forged = Browser().client.get(f"/callback/corp?error=login_required&state={state}")
            assert outcome_of(forged) == "browser_mismatch"
            assert outcome_of(signed_in.client.get("/callback/corp?error=login_required&state=x")) == (
                "provider_error"
            )
            assert is_live()

    def test_an_answer_that_comes_twice_ends_nothing(self, op, signed_in):
        with later(DUE):
            callback = op.visit(open_page(signed_in)["Location"])
            assert signed_in.arrive(callback).status_code == 302
            assert outcome_of(signed_in.arrive(callback)) == "state_used"
            assert is_live()


class LateAnswerTests:
    @pytest.fixture
    def away(self, op, signed_in):
        with later(DUE):
            yield op.visit(open_page(signed_in)["Location"])

    def test_a_session_that_ended_meanwhile_stays_dead(self, op, signed_in, away):
        tokens = len(op.requests_to("token"))
        end_session(session=the_session(), by=BOB)
        response = signed_in.arrive(away)
        assert (response.status_code, response["Location"]) == (302, "/signin?next=%2Faccount")
        session = ConsoleSession.objects.get()
        assert (session.ended_by, session.id_token) == ("user:bob", None)
        assert not signed_in.is_signed_in()
        assert check_trace().outcome == "session_ended"
        assert len(op.requests_to("token")) == tokens

    def test_a_session_that_ends_while_the_code_is_redeemed_stays_dead(
        self, op, signed_in, away, monkeypatch
    ):
        original = backend.redeem_code

        def ended_first(*args, **kwargs):
            end_session(session=the_session(), by=BOB)
            return original(*args, **kwargs)

        monkeypatch.setattr(backend, "redeem_code", ended_first)
        assert signed_in.arrive(away)["Location"] == "/signin?next=%2Faccount"
        assert ConsoleSession.objects.get().ended_by == "user:bob"
        assert not signed_in.is_signed_in()
        assert check_trace().outcome == "session_ended"

    def test_somebody_who_signed_in_anew_meanwhile_is_left_alone(self, op, signed_in, away):
        signed_in.sign_in(op)
        fresh = the_session()
        response = signed_in.arrive(away)
        assert (response.status_code, response["Location"]) == (302, "/account")
        assert the_session() == fresh
        assert signed_in.is_signed_in()
        assert ConsoleSession.objects.exclude(ended_at=None).count() == 1

    def test_another_browser_of_the_same_person_cannot_finish_it(self, op, signed_in, away):
        other = Browser()
        other.sign_in(op)
        other.client.cookies["signin"] = signed_in.client.cookies["signin"].value
        before = ConsoleSession.objects.order_by("started_at").first().checked_at
        assert other.arrive(away)["Location"] == "/account"
        assert ConsoleSession.objects.order_by("started_at").first().checked_at == before
        assert other.is_signed_in()

    def test_an_answer_after_ten_minutes_is_none(self, op, signed_in, away):
        with later(DUE + 601):
            assert signed_in.arrive(away)["Location"] == "/signin?next=%2Faccount"
        assert_ended(op, signed_in, "attempt_expired")


class ProviderDownTests:
    @pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable"])
    def test_a_provider_that_cannot_serve_is_waited_for(self, op, signed_in, error):
        op.refuse(error, "down for a moment")
        with later(DUE):
            assert check(op, signed_in)["Location"] == "/account"
            assert open_page(signed_in).status_code == 200
        assert check_trace().outcome == "provider_unavailable"
        with later(LATE):
            op.refusal = None
            assert check(op, signed_in)["Location"] == "/account"
        assert is_live()

    def test_one_that_goes_on_failing_ends_the_session(self, op, signed_in):
        op.refuse("server_error", "down")
        with later(OVER):
            assert check(op, signed_in)["Location"] == "/signin?next=%2Faccount"
        assert_ended(op, signed_in, "provider_unavailable")

    @pytest.mark.parametrize("fault", [lambda op: op.token.html(503), lambda op: op.userinfo.respond(500)])
    def test_a_failure_behind_the_browsers_back_is_waited_for_too(self, op, signed_in, fault):
        fault(op)
        with later(DUE):
            assert check(op, signed_in)["Location"] == "/account"
            assert open_page(signed_in).status_code == 200
        assert is_live()

    def test_a_way_that_cannot_even_begin_is_waited_for(self, op, signed_in):
        Provider.objects.update(discovery=None)
        op.go_down()
        with later(DUE):
            assert open_page(signed_in).status_code == 200
        with later(OVER):
            response = open_page(signed_in)
        assert (response.status_code, response["Location"]) == (302, "/signin?next=/account")
        assert_ended(op, signed_in, "provider_unreachable")

    def test_an_endpoint_that_is_missing_is_the_providers_fault(self, op, signed_in):
        provider = Provider.objects.get()
        del provider.discovery["authorization_endpoint"]
        provider.save()
        with later(DUE):
            assert open_page(signed_in).status_code == 200
        with later(OVER):
            open_page(signed_in)
        assert_ended(op, signed_in, "metadata_invalid")

    def test_a_fault_of_ours_on_the_way_back_is_a_page_and_ends_nothing(self, op, signed_in, monkeypatch):
        def breaks(**kwargs):
            raise RuntimeError

        monkeypatch.setattr("providers.refresh.completion.confirm_by_browser", breaks)
        with later(DUE):
            response = check(op, signed_in)
        assert (outcome_of(response), response.status_code) == ("internal_error", 503)
        assert is_live()

    def test_a_fault_of_ours_on_the_way_out_is_waited_for_and_then_a_page(self, op, signed_in, monkeypatch):
        def breaks(*args):
            raise RuntimeError

        monkeypatch.setattr("providers.refresh.door.local_target", breaks)
        with later(DUE):
            assert open_page(signed_in).status_code == 200
        with later(OVER):
            assert outcome_of(open_page(signed_in)) == "internal_error"
        assert is_live()

    def test_an_address_that_starts_too_many_is_slowed_and_stays_signed_in(self, op, signed_in, settings):
        settings.SIGN_INS_PER_MINUTE = 0
        with later(OVER):
            response = open_page(signed_in)
        assert (outcome_of(response), response.status_code) == ("too_many_attempts", 429)
        assert is_live()


def test_a_password_session_is_never_checked(db, op):
    by_browser(op)
    User.objects.create_superuser("root", password="x" * 20)
    client = Client()
    client.post("/admin/login/", {"username": "root", "password": "x" * 20})
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=OVER)):
        assert client.get("/account", headers=WINDOW).status_code in {200, 302}
    assert op.requests_to("authorization") == []


def test_a_session_of_another_provider_goes_by_its_own_rule(op, another_scripted_provider, visitor):
    by_browser(op)
    register(another_scripted_provider, slug="other")
    visitor.sign_in(another_scripted_provider, slug="other")
    with later(OVER):
        assert open_page(visitor).status_code == 200
