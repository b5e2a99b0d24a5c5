"""What is counted, through the doors, and under which labels."""

import pytest
from django.test import Client
from django.utils import timezone

from providers.metadata import refresh_discovery
from providers.models import SignInAttempt
from providers.signin.traces import SignIn, finish_attempt
from ssoconsole.platform import metrics
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.jose.errors import IssuerMismatch
from ssoconsole.platform.metrics import ErrorCodes, FirstNames
from tests.providers.signin.journey import Browser, register
from tests.support.leaks import assert_without
from tests.tokens.tokens_cast import METADATA, OAuth, writes_refused
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret
from tokens.keys.services import rotate_signing_key
from tokens.models import Audience, Bot

BY = Actor("user", "bob")


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def me(db):
    audience = save_audience(
        audience=Audience(identifier=METADATA, name="Metadata", scopes=["metadata.read"]), by=BY
    )
    bot = save_bot(bot=Bot(name="ingestion-bot"), grants=[GrantSpec(audience, ["metadata.read"])], by=BY)
    return (bot.name, add_client_secret(bot=bot, by=BY)[1])


class BotTests:
    def test_the_life_of_a_token_is_counted(self, scraper, commits, me):
        issued = scraper.more("tokens_issued_total", by="bot")
        revoked = scraper.more("tokens_revoked_total")
        active = scraper.more("introspections_total", answer="active")
        inactive = scraper.more("introspections_total", answer="inactive")
        bot = OAuth()
        with commits():
            token = bot.token(me).json()["access_token"]
            bot.introspect(token, me)
            bot.revoke(token, me)
            bot.introspect(token, me)
            bot.introspect("not-a-token", me)
        assert (issued(), revoked(), active(), inactive()) == (1, 1, 1, 2)

    @pytest.mark.parametrize(
        ("parameters", "reason"),
        [
            ({"scope": "metadata.write"}, "invalid_scope"),
            ({"resource": "https://unknown.example"}, "not_granted"),
            ({"grant_type": "password"}, "unsupported_grant_type"),
        ],
    )
    def test_a_refusal_is_counted_by_its_reason(self, scraper, me, parameters, reason):
        refused = scraper.more("oauth_refusals_total", endpoint="token_endpoint", reason=reason)
        OAuth().token(me, **parameters)
        assert refused() == 1

    @pytest.mark.parametrize("endpoint", ["token", "introspect", "revoke"])
    def test_a_refusal_is_counted_by_its_endpoint(self, scraper, me, endpoint):
        name = {"token": "token", "introspect": "introspection", "revoke": "revocation"}[endpoint]
        labels = {"endpoint": f"{name}_endpoint", "reason": "invalid_client"}
        refused = scraper.more("oauth_refusals_total", **labels)
        form = {"grant_type": "client_credentials", "token": "x"}
        OAuth().post(f"/oauth/{endpoint}", form, auth=(me[0], "wrong"))
        assert refused() == 1

    def test_a_database_that_does_not_answer_is_counted_and_logged(self, scraper, me, caplog):
        labels = {"endpoint": "token_endpoint", "reason": "temporarily_unavailable"}
        refused = scraper.more("oauth_refusals_total", **labels)
        with writes_refused("tokens_tokenrecord"):
            assert OAuth().token(me).status_code == 503
        assert refused() == 1
        assert "database_unavailable" in caplog.text

    def test_what_a_rolled_back_transaction_did_is_not_counted(self, scraper, me):
        issued = scraper.more("tokens_issued_total", by="bot")
        OAuth().token(me)  # the test's transaction never commits
        assert issued() == 0


class SignInTests:
    def test_a_sign_in_is_counted_by_provider_and_outcome(self, scraper, commits, scripted_provider):
        provider = register(scripted_provider)
        signed_in = scraper.more("sign_ins_total", provider="corp", outcome="ok")
        refused = scraper.more("sign_ins_total", provider="corp", outcome="nonce_mismatch")
        with commits():
            assert Browser().sign_in(scripted_provider).status_code == 302
            scripted_provider.id_token.append("nonce")
            assert Browser().sign_in(scripted_provider, provider.slug).status_code == 400
        assert (signed_in(), refused()) == (1, 1)

    def test_a_rehearsal_is_no_sign_in(self, scraper, commits, scripted_provider):
        provider = register(scripted_provider)
        signed_in = scraper.more("sign_ins_total", provider="corp", outcome="ok")
        attempt = SignInAttempt(provider=provider, purpose="rehearsal", started_at=timezone.now())
        with commits():
            finish_attempt(sign_in=SignIn(attempt=attempt, provider=provider), by=BY)
        assert signed_in() == 0
        attempt = SignInAttempt(provider=provider, started_at=timezone.now())
        with commits():
            finish_attempt(sign_in=SignIn(attempt=attempt, provider=provider), by=BY)
        assert signed_in() == 1

    def test_an_answer_that_belongs_to_nobody_is_counted_without_a_provider(self, scraper, commits):
        refused = scraper.more("sign_ins_total", provider="none", outcome="state_unknown")
        with commits():
            Client().get("/callback", {"code": "c", "state": "s"})
        assert refused() == 1

    def test_fetches_are_timed_by_document_and_result(self, scraper, scripted_provider):
        provider = register(scripted_provider)
        labels = {"document": "discovery", "provider": "corp"}
        fetched = scraper.more("provider_fetch_seconds_count", result="ok", **labels)
        failed = scraper.more("provider_fetch_seconds_count", result="issuer_mismatch", **labels)
        outbound = scraper.more("outbound_seconds_count", result="ok")
        refresh_discovery(provider=provider, by=BY)
        provider.issuer = scripted_provider.issuer + "/"
        with pytest.raises(IssuerMismatch):
            refresh_discovery(provider=provider, by=BY)
        assert (fetched(), failed()) == (1, 1)
        assert outbound() == 2


class RequestTests:
    def test_requests_are_timed_by_route_and_class_of_status(self, scraper):
        seen = scraper.more("request_seconds_count", route="signin", status="2xx")
        Client().get("/signin?next=/account")
        assert seen() == 1

    def test_a_path_that_a_stranger_makes_up_is_no_label(self, scraper):
        nowhere = scraper.more("request_seconds_count", route="none", status="4xx")
        Client().get("/alice@corp.example/secret-path")
        assert nowhere() == 1
        assert_without(scraper.get().content, "secret-path")

    def test_static_files_are_one_route(self, scraper):
        seen = scraper.more("request_seconds_count", route="static", status="2xx")
        Client().get("/static/css/pages.css").close()
        assert seen() == 1

    def test_events_are_counted_by_action(self, scraper, commits):
        made = scraper.more("events_total", action="signing_key_created")
        with commits():
            rotate_signing_key(alg="RS256", by=BY)
        assert made() > 0


class BoundTests:
    def test_more_names_than_there_is_room_for_are_one(self):
        names = FirstNames(most=2)
        assert [names.of(name) for name in ("a", "b", "c", "a", "d", "")] == [
            *("a", "b", "other", "a", "other", "other")
        ]

    def test_a_long_name_is_none(self):
        assert FirstNames(most=2).of("x" * 81) == "other"

    def test_only_codes_of_this_code_are_outcomes(self):
        codes = ErrorCodes("ok")
        assert [codes.of(code) for code in ("ok", "issuer_mismatch", "invalid_client", "alice")] == [
            *("ok", "issuer_mismatch", "invalid_client", "other")
        ]

    def test_every_kind_of_issuer_but_a_stranger_has_a_name(self, scraper):
        other = scraper.more("tokens_issued_total", by="other")
        metrics.count_token_issued(by="mallory")
        assert other() == 1

    def test_a_status_that_is_none_is_other(self, scraper):
        other = scraper.more("request_seconds_count", route="none", status="other")
        metrics.observe_request(route="", status=999, seconds=0.1)
        assert other() == 1

    def test_a_fault_that_is_no_refusal_has_a_name_too(self, scraper):
        labels = {"document": "jwks", "provider": "corp", "result": "fault"}
        failed = scraper.more("provider_fetch_seconds_count", **labels)
        with pytest.raises(ZeroDivisionError), metrics.provider_fetch("jwks", provider="corp"):
            _ = 1 / 0
        assert failed() == 1
