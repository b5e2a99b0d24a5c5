"""A session with a refresh token: the provider is asked behind the browser's back, for every kind of request."""

import datetime
import json

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.models import ConsoleSession, Identity, Provider, SignInAttempt
from providers.refresh import door
from providers.refresh.services import grace_ends
from ssoconsole.platform.eventlog.models import Event
from ssoconsole.platform.jose import base64url
from tests.providers.refresh.checked_sessions import (
    DUE,
    EVERY,
    LATE,
    OVER,
    SCRIPT,
    assert_ended,
    by_token,
    check_trace,
    is_live,
    later,
    refreshes,
    the_session,
)
from tests.support.leaks import assert_without

User = get_user_model()


@pytest.fixture
def signed_in(op, visitor):
    by_token(op)
    op.sid = "sid-1"
    assert visitor.sign_in(op).status_code == 302
    return visitor


def ask(visitor, **headers):
    return visitor.client.get("/account", headers=headers)


class HealthyTests:
    def test_before_it_is_due_nobody_is_asked_and_no_query_is_spent(
        self, op, signed_in, django_assert_num_queries
    ):
        asked = len(op.requests)
        with later(EVERY - 2):
            ask(signed_in)
            with CaptureQueriesContext(connection) as checked:
                ask(signed_in)
            Provider.objects.update(session_refresh="none")
            with django_assert_num_queries(len(checked)):
                ask(signed_in)
        assert len(op.requests) == asked

    @pytest.mark.parametrize(
        ("method", "path", "headers"),
        [("get", "/account", {}), ("get", "/account", SCRIPT), ("post", "/nowhere", {}), ("head", "/", {})],
    )
    def test_when_it_is_due_any_request_asks_once(self, op, signed_in, method, path, headers):
        with later(DUE):
            getattr(signed_in.client, method)(path, headers=headers)
            assert ask(signed_in).status_code == 200
        assert len(refreshes(op)) == 1
        assert op.violations == []

    def test_the_check_moves_and_the_end_does_not(self, op, signed_in):
        before = the_session()
        key = signed_in.client.session.session_key
        with later(DUE):
            assert ask(signed_in).status_code == 200
        after = ConsoleSession.objects.get()
        assert after.checked_at >= before.checked_at + datetime.timedelta(seconds=DUE)
        assert (after.expires_at, after.check_started_at, after.id_token) == (
            before.expires_at,
            None,
            before.id_token,
        )
        assert signed_in.client.session.session_key == key

    def test_a_session_that_is_always_checked_ends_at_its_lifetime_all_the_same(self, op, signed_in):
        start = the_session().started_at
        for elapsed in range(DUE, 28_800, DUE):
            with time_machine.travel(start + datetime.timedelta(seconds=elapsed)):
                assert ask(signed_in).status_code == 200
        with time_machine.travel(start + datetime.timedelta(seconds=28_801)):
            assert ask(signed_in).status_code == 302

    def test_each_new_refresh_token_replaces_the_old_one(self, op, signed_in):
        first = the_session().refresh_token
        seen = {first}
        for _ in range(3):
            with later(DUE):
                assert ask(signed_in).status_code == 200
            seen.add(the_session().refresh_token)
        assert len(seen) == 4
        assert refreshes(op)[0].form["refresh_token"] == first

    def test_a_provider_that_does_not_rotate_keeps_its_token(self, op, signed_in):
        op.token.drop("refresh_token")
        first = the_session().refresh_token
        with later(DUE):
            assert ask(signed_in).status_code == 200
        assert the_session().refresh_token == first

    def test_an_answer_without_an_id_token_is_fine(self, op, signed_in):
        op.token.drop("id_token")
        with later(DUE):
            assert ask(signed_in).status_code == 200
        assert SignInAttempt.objects.count() == 1

    def test_an_answer_without_an_access_token_is_judged_by_its_id_token(self, op, signed_in):
        op.token.drop("access_token")
        op.refreshed_id_token.claims.update(email="alice@corp.example")
        with later(DUE):
            assert ask(signed_in).status_code == 200

    def test_a_refreshed_id_token_may_leave_the_nonce_out_and_tell_the_hash(self, op, signed_in):
        op.refreshed_id_token.remove("nonce").include_at_hash()
        with later(DUE):
            assert ask(signed_in).status_code == 200

    @pytest.mark.parametrize(
        "unknown", [["nonce"], ["acr", "amr", "azp", "at_hash", "auth_time", "sid"], ["auth_time"]], ids=str
    )
    def test_a_refreshed_id_token_may_write_null_for_what_it_does_not_know(self, op, signed_in, unknown):
        op.refreshed_id_token.claims.update(dict.fromkeys(unknown))
        with later(DUE):
            assert ask(signed_in).status_code == 200
        assert is_live()

    def test_the_times_of_id_tokens_may_have_a_fraction(self, op, visitor):
        by_token(op)
        for token in (op.id_token, op.refreshed_id_token):
            token.shift("iat", 0.25).shift("exp", 0.25).claims.update(auth_time=1_700_000_000.5)
        visitor.sign_in(op)
        with later(DUE):
            assert ask(visitor).status_code == 200
        assert is_live()

    def test_what_goes_well_writes_no_trace_and_no_event(self, op, signed_in):
        events = Event.objects.count()
        with later(DUE):
            ask(signed_in)
        assert (SignInAttempt.objects.count(), Event.objects.count()) == (1, events)

    def test_a_check_costs_few_statements(self, op, signed_in, django_assert_max_num_queries):
        with later(DUE), django_assert_max_num_queries(20):
            signed_in.client.get("/nowhere")
        assert len(refreshes(op)) == 1

    def test_paths_that_must_always_work_ask_nobody(self, op, signed_in):
        with later(OVER):
            for path in ("/signin", "/signed-out", "/healthz", "/callback/corp", "/.well-known/jwks.json"):
                signed_in.client.get(path)
        assert refreshes(op) == []

    def test_signing_out_works_when_the_provider_is_down(self, op, signed_in):
        op.go_down()
        with later(OVER):
            assert signed_in.client.post("/signout").status_code == 200
        assert not is_live()


class RightsTests:
    @pytest.fixture
    def administrator(self, op, visitor):
        by_token(
            op,
            group_rules=[{"claim_value": "staff", "group": "Staff"}],
            admin_principals=["alice@corp.example"],
        )
        visitor.sign_in(op)
        assert User.objects.get().is_superuser
        return visitor

    def test_a_group_that_goes_at_the_provider_goes_here(self, op, administrator):
        op.person["groups"] = []
        with later(DUE):
            assert ask(administrator).status_code == 200
        assert not User.objects.get().groups.filter(name="Staff").exists()
        event = Event.objects.filter(action="user_changed").first()
        assert ("Staff" in event.before["groups"], "Staff" in event.after["groups"]) == (True, False)

    def test_a_group_that_comes_at_the_provider_comes_here(self, op, administrator):
        Group.objects.create(name="Late")
        Provider.objects.update(group_rules=[{"claim_value": "late", "group": "Late"}])
        op.person["groups"] = ["late"]
        with later(DUE):
            ask(administrator)
        assert User.objects.get().groups.filter(name="Late").exists()

    def test_an_administrator_no_more_is_refused_by_the_very_request_that_finds_out(self, op, administrator):
        assert administrator.client.get("/admin/").status_code == 200
        Provider.objects.update(admin_principals=[])
        with later(DUE):
            assert administrator.client.get("/admin/").status_code == 302
        assert not User.objects.get().is_superuser

    def test_who_is_not_admitted_any_more_is_out(self, op, administrator):
        Provider.objects.update(allowed_email_domains=["elsewhere.example"])
        with later(DUE):
            assert ask(administrator).status_code == 302
        assert_ended(op, administrator, "not_admitted")

    def test_rights_that_only_the_id_token_tells_are_brought_up_to_date_too(self, op, visitor):
        op.discovery.drop("userinfo_endpoint")
        by_token(op, group_rules=[{"claim_value": "staff", "group": "Staff"}])
        op.id_token.claims.update(email="alice@corp.example", groups=["staff"])
        op.refreshed_id_token.claims.update(email="alice@corp.example", groups=[])
        visitor.sign_in(op)
        with later(DUE):
            assert ask(visitor).status_code == 200
        assert not User.objects.get().groups.exists()

    def test_userinfo_says_nothing_about_the_token_at_a_check_either(self, op, visitor):
        rules = [{"claim_value": "gold", "group": "Gold"}]
        by_token(op, mapping={"groups": "acr"}, group_rules=rules)
        op.userinfo.claims.update(acr="gold")
        visitor.sign_in(op)
        with later(DUE):
            assert ask(visitor).status_code == 200
        assert not User.objects.get().groups.exists()

    @pytest.mark.parametrize(("verified", "kept"), [(True, "new@corp.example"), (False, ""), (None, "")])
    def test_an_address_is_kept_with_the_account_as_far_as_it_is_verified(
        self, op, signed_in, verified, kept
    ):
        """By an address that is kept, somebody else's provider may link a new subject to her account."""
        op.userinfo.claims.update(email="new@corp.example", email_verified=verified)
        with later(DUE):
            assert ask(signed_in).status_code == 200
        assert Identity.objects.get().email == kept

    def test_what_the_id_token_says_of_one_address_is_not_said_of_another(self, op, visitor):
        by_token(op, allowed_email_domains=["corp.example"])
        visitor.sign_in(op)
        op.refreshed_id_token.claims.update(email="old@corp.example", email_verified=False)
        op.userinfo.remove("email_verified")
        op.userinfo.claims.update(email="new@corp.example")
        with later(DUE):
            assert ask(visitor).status_code == 200
        assert User.objects.get().email == "new@corp.example"

    def test_a_check_is_no_sign_in(self, op, signed_in):
        before = Identity.objects.get().last_signed_in_at
        with later(DUE):
            ask(signed_in)
        assert Identity.objects.get().last_signed_in_at == before

    def test_who_was_unlinked_meanwhile_does_not_come_back_as_a_new_person(self, op, signed_in):
        Identity.objects.all().delete()
        with later(DUE):
            assert ask(signed_in).status_code == 302
        assert_ended(op, signed_in, "identity_gone")
        assert (Identity.objects.count(), User.objects.count()) == (0, 1)

    def test_a_subject_that_is_another_users_now_gets_no_rights_by_this_session(self, op, signed_in):
        Identity.objects.update(user=User.objects.create(username="bob"))
        with later(DUE):
            assert ask(signed_in).status_code == 302
        assert_ended(op, signed_in, "identity_gone")


SIGNED_IN_AT = 1_700_000_000
FORGERIES = {
    "another issuer": (lambda t: t.append("iss"), "issuer_mismatch"),
    "another subject": (lambda t: t.append("sub"), "subject_mismatch"),
    "no subject": (lambda t: t.remove("sub"), "missing_claim"),
    "another audience": (lambda t: t.append("aud"), "audience_mismatch"),
    "an audience more": (lambda t: t.change("aud", lambda aud: [aud, "other"]), "audience_mismatch"),
    "no audience": (lambda t: t.remove("aud"), "missing_claim"),
    "another authorized party": (lambda t: t.claims.update(azp="other"), "authorized_party_mismatch"),
    "an authorized party that was not there": (
        lambda t: t.claims.update(azp="console"),
        "authorized_party_mismatch",
    ),
    "another nonce": (lambda t: t.append("nonce"), "nonce_mismatch"),
    "another authentication": (
        lambda t: t.claims.update(auth_time=SIGNED_IN_AT + 1),
        "authentication_time_changed",
    ),
    "expired": (lambda t: t.shift("exp", -3600), "expired"),
    "no expiry": (lambda t: t.remove("exp"), "missing_claim"),
    "issued in the future": (lambda t: t.shift("iat", 3600), "issued_in_the_future"),
    "issued before the first one": (lambda t: t.shift("iat", -3600), "issued_too_long_ago"),
    "no issue time": (lambda t: t.remove("iat"), "missing_claim"),
    "a broken signature": (lambda t: t.break_signature(), "signature_invalid"),
    "no signature": (lambda t: t.alg_none(), "algorithm_refused"),
    "the public key as a secret": (lambda t: t.hs256_with_public_key(), "algorithm_refused"),
    "another access token": (lambda t: t.claims.update(at_hash="x" * 22), "at_hash_mismatch"),
    "a logout token": (lambda t: t.header.update(typ="logout+jwt"), "token_type_refused"),
    "garbage": (lambda t: t.raw("garbage"), "token_malformed"),
}


class ForgeryTests:
    @pytest.mark.parametrize(("bend", "outcome"), FORGERIES.values(), ids=FORGERIES.keys())
    def test_an_id_token_that_does_not_go_on_ends_the_session_and_userinfo_is_not_asked(
        self, op, visitor, bend, outcome
    ):
        by_token(op)
        op.id_token.claims.update(auth_time=SIGNED_IN_AT)
        op.refreshed_id_token.claims.update(auth_time=SIGNED_IN_AT)
        visitor.sign_in(op)
        asked = len(op.requests_to("userinfo"))
        bend(op.refreshed_id_token)
        with later(DUE):
            response = ask(visitor)
        assert (response.status_code, response["Location"]) == (302, "/signin?next=/account")
        assert_ended(op, visitor, outcome)
        assert len(op.requests_to("userinfo")) == asked

    @pytest.mark.parametrize(("bend", "goes_on"), [(lambda t: t, True), (lambda t: t.remove("azp"), False)])
    def test_an_authorized_party_that_was_there_stays(self, op, visitor, bend, goes_on):
        by_token(op)
        op.id_token.claims["azp"] = op.refreshed_id_token.claims["azp"] = op.client.client_id
        visitor.sign_in(op)
        bend(op.refreshed_id_token)
        with later(DUE):
            ask(visitor)
        assert is_live() is goes_on
        if not goes_on:
            assert_ended(op, visitor, "authorized_party_mismatch")

    def test_the_registered_issuer_counts_too(self, op, signed_in):
        # The secret may go where the token endpoint is, so that only the issuer is wrong.
        issuer, takers = "https://another.example", Provider.objects.get().client_secret_for
        Provider.objects.update(issuer=issuer, client_secret_for=[issuer, *takers[1:]])
        with later(DUE):
            ask(signed_in)
        assert_ended(op, signed_in, "issuer_mismatch")

    def test_the_issuer_of_the_first_token_counts_too(self, op, signed_in):
        session = ConsoleSession.objects.get()
        header, payload, signature = session.id_token.split(".")
        claims = json.loads(base64url.decode(payload)) | {"iss": "https://another.example"}
        session.id_token = f"{header}.{base64url.encode(json.dumps(claims).encode())}.{signature}"
        session.save()
        with later(DUE):
            ask(signed_in)
        assert_ended(op, signed_in, "issuer_mismatch")

    def test_tokens_for_a_client_that_was_registered_meanwhile_do_not_go_on(self, op, signed_in):
        op.client.client_id = "console-2"
        Provider.objects.update(client_id="console-2")
        with later(DUE):
            ask(signed_in)
        assert_ended(op, signed_in, "audience_mismatch")

    @pytest.mark.parametrize("bend", [lambda u: u.append("sub"), lambda u: u.remove("sub")])
    def test_userinfo_of_somebody_else_ends_the_session(self, op, signed_in, bend):
        bend(op.userinfo)
        op.person["name"] = "Somebody Else"
        with later(DUE):
            ask(signed_in)
        assert_ended(op, signed_in, "userinfo_subject_mismatch")
        assert User.objects.get().name == "Alice Example"

    def test_userinfo_of_somebody_else_is_found_without_an_id_token(self, op, signed_in):
        op.token.drop("id_token")
        op.person["sub"] = "subject-2"
        with later(DUE):
            ask(signed_in)
        assert_ended(op, signed_in, "userinfo_subject_mismatch")


REFUSALS = {
    "revoked": (400, {"error": "invalid_grant"}),
    "another client": (401, {"error": "invalid_client"}),
    "not allowed": (400, {"error": "unauthorized_client"}),
    "no word": (403, {}),
    "gone": (404, {}),
}


class RefusalTests:
    @pytest.mark.parametrize(("status", "body"), REFUSALS.values(), ids=REFUSALS.keys())
    def test_a_no_ends_the_session_at_once(self, op, signed_in, status, body):
        op.token.respond(status, body)
        with later(DUE):
            response = ask(signed_in)
        assert (response.status_code, response["Location"]) == (302, "/signin?next=/account")
        assert_ended(op, signed_in, "refresh_refused")
        assert check_trace().received == ", ".join(filter(None, [f"status {status}", body.get("error")]))

    def test_the_trace_says_which_browser_asked_from_where(self, op, signed_in):
        op.token.respond(400, {"error": "invalid_grant"})
        with later(DUE):
            ask(signed_in, **{"User-Agent": "b" * 300})
        trace = check_trace()
        assert (trace.user_agent, trace.address) == ("b" * 255, "127.0.0.1")
        assert (trace.provider.slug, trace.stage, trace.issuer) == ("corp", "token", op.issuer)

    def test_the_trace_does_not_repeat_the_token(self, op, signed_in):
        token = the_session().refresh_token
        op.token.respond(400, {"error": "invalid_grant", "error_description": f"{token} is revoked"})
        with later(DUE):
            ask(signed_in)
        assert_without(str(SignInAttempt.objects.filter(purpose="refresh").values().get()), token)
        assert_without(str(list(Event.objects.values())), token)

    def test_a_script_is_told_by_its_own_page_and_not_by_ours(self, op, signed_in):
        op.token.respond(400, {"error": "invalid_grant"})
        with later(DUE):
            assert ask(signed_in, **SCRIPT).status_code == 302
        assert not is_live()

    def test_signing_in_again_works_at_once(self, op, signed_in):
        op.token.respond(400, {"error": "invalid_grant"})
        with later(DUE):
            ask(signed_in)
            op.token.canned = None
            assert signed_in.sign_in(op).status_code == 302
            assert signed_in.is_signed_in()


FAULTS = {
    "down": lambda op: op.go_down(),
    "a 500": lambda op: op.token.html(500),
    "a 503": lambda op: op.token.respond(503, {}),
    "too busy": lambda op: op.token.respond(429, {"error": "slow_down"}),
    "too slow itself": lambda op: op.token.respond(408, {"error": "invalid_grant"}),
    "a web page": lambda op: op.token.html(),
    "a redirect": lambda op: op.token.redirect_to("https://elsewhere.example"),
    "no JSON": lambda op: op.token.respond(body="{"),
    "a strange status": lambda op: op.token.respond(204, ""),
    "userinfo that fails": lambda op: op.userinfo.respond(500),
    "userinfo that hangs up": lambda op: op.userinfo.hang_up(),
}


class GraceTests:
    @pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
    def test_a_provider_that_fails_is_waited_for_and_the_session_ends_after_that(self, op, signed_in, fault):
        fault(op)
        checked_at = the_session().checked_at
        with later(DUE):
            assert ask(signed_in).status_code == 200
        assert the_session().checked_at == checked_at
        assert SignInAttempt.objects.filter(purpose="refresh").count() == 0
        with later(OVER):
            assert ask(signed_in).status_code == 302
        trace = check_trace()
        assert_ended(op, signed_in, trace.outcome)
        assert trace.outcome in {"provider_unreachable", "token_endpoint_error", "userinfo_error"}

    @pytest.mark.parametrize(
        "fault",
        [
            lambda op: op.token.drop("id_token", "access_token"),
            lambda op: op.token.fields.update(token_type="MAC"),
            lambda op: op.token.fields.update(access_token=1),
        ],
        ids=["no token", "a token type that is not Bearer", "a number for a token"],
    )
    def test_an_answer_that_is_none_has_used_the_refresh_token_up(self, op, signed_in, fault):
        fault(op)
        with later(DUE):
            assert ask(signed_in).status_code == 200
        with later(LATE):
            assert ask(signed_in).status_code == 302
        assert_ended(op, signed_in, "refresh_refused")

    def test_a_dead_provider_is_left_in_peace_for_half_a_minute(self, op, signed_in):
        op.token.html(503)
        start = the_session().checked_at

        def at(seconds):
            with time_machine.travel(start + datetime.timedelta(seconds=EVERY + seconds)):
                assert ask(signed_in).status_code == 200
            return len(refreshes(op))

        assert [at(0.5), at(5), at(29), at(31), at(40), at(62)] == [1, 1, 1, 2, 2, 3]

    def test_a_provider_that_comes_back_within_the_grace_keeps_the_session(self, op, signed_in):
        op.go_down()
        with later(DUE):
            assert ask(signed_in).status_code == 200
        op.come_back()
        with later(LATE):
            assert ask(signed_in).status_code == 200
        assert the_session().checked_at > the_session().started_at

    @pytest.mark.parametrize(("aside", "status"), [(-1, 200), (0, 302)])
    def test_the_grace_ends_to_the_microsecond(self, op, signed_in, aside, status):
        op.go_down()
        end = grace_ends(the_session()) + datetime.timedelta(microseconds=aside)
        with time_machine.travel(end, tick=False):
            assert ask(signed_in).status_code == status

    @pytest.mark.parametrize(("aside", "status"), [(-1, 200), (0, 503)])
    def test_so_it_does_for_who_waits_for_another(self, op, signed_in, monkeypatch, aside, status):
        monkeypatch.setattr(door, "WAIT_FOR_ANOTHER", 0)
        end = grace_ends(the_session()) + datetime.timedelta(microseconds=aside)
        ConsoleSession.objects.update(check_started_at=end)
        with time_machine.travel(end, tick=False):
            assert ask(signed_in).status_code == status
        assert refreshes(op) == []

    def test_the_grace_is_an_hour_at_most(self, op, visitor, settings):
        settings.SESSION_IDLE_MINUTES = 0
        by_token(op, session_check_every=7200)
        visitor.sign_in(op)
        op.go_down()
        with later(7200 + 3590):
            assert ask(visitor).status_code == 200
        with later(7200 + 3601 + 30):
            assert ask(visitor).status_code == 302

    def test_a_refresh_token_that_came_before_userinfo_failed_is_not_lost(self, op, signed_in):
        op.userinfo.respond(503)
        with later(DUE):
            assert ask(signed_in).status_code == 200
        assert the_session().refresh_token == op.grants[0].refresh_token
        op.userinfo.canned = None
        with later(LATE):
            assert ask(signed_in).status_code == 200
        assert op.violations == []

    def test_a_fault_of_ours_is_waited_for_like_one_of_the_providers(
        self, op, signed_in, monkeypatch, caplog
    ):
        def breaks(*args, **kwargs):
            raise RuntimeError(f"secret {op.client.client_secret}")

        monkeypatch.setattr("providers.identities.services.map_claims", breaks)
        with later(DUE):
            assert ask(signed_in).status_code == 200
        assert "session_check_broke" in caplog.text
        assert_without(caplog.text, op.client.client_secret)
        with later(OVER):
            assert ask(signed_in).status_code == 302
        assert_ended(op, signed_in, "internal_error")

    def test_an_id_token_that_was_kept_and_cannot_be_read_is_a_fault_of_ours(self, op, signed_in, caplog):
        session = the_session()
        session.id_token = "spoilt"
        session.save()
        with later(DUE):
            assert ask(signed_in).status_code == 200
            assert is_live()
        assert "session_check_broke" in caplog.text


class SettingTests:
    def test_a_provider_that_wants_no_checks_is_not_asked(self, op, visitor):
        by_token(op, session_refresh="none")
        visitor.sign_in(op)
        with later(OVER):
            assert ask(visitor).status_code == 200
        assert refreshes(op) == []

    def test_checks_that_are_switched_off_stop_for_sessions_that_have_begun(self, op, signed_in):
        Provider.objects.update(session_refresh="none")
        with later(OVER):
            assert ask(signed_in).status_code == 200
        assert refreshes(op) == []

    def test_without_a_refresh_token_the_browser_checks(self, op, visitor):
        by_token(op, scopes=["openid", "email"])
        visitor.sign_in(op)
        assert the_session().refresh_token is None
        with later(DUE):
            response = ask(visitor, Accept="text/html")
        assert response["Location"].startswith(op.url("authorization"))
        assert "prompt=none" in response["Location"]

    def test_a_token_that_no_key_opens_is_none(self, op, signed_in, settings):
        settings.FIELD_ENCRYPTION_KEYS = ["A" * 43]
        with later(DUE):
            response = ask(signed_in, Accept="text/html")
        assert "id_token_hint" not in response["Location"]
        assert "prompt=none" in response["Location"]
