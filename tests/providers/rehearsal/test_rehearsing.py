"""A rehearsal is the real sign-in, tells what would happen, and leaves nothing but its trace."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from providers.client_keys import ensure_client_key
from providers.models import Identity, Provider, Rehearsal, SignInAttempt
from providers.rehearsal.services import rehearsed_provider
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.encryption.keyring import DecryptionFailed
from ssoconsole.platform.eventlog.models import Event
from tests.providers.exchange.conftest import tell_keys
from tests.providers.registrations import BOB
from tests.providers.rehearsal.stage import LIST, TRACES, Stage, every_row, typed_form
from tests.providers.signin.journey import Browser, assert_refused, hop_of, outcome_of, query_of
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db
RULES = "staff => Staff"


def person_told(context):
    names = ("user", "principal", "principal_claim", "rule", "gained", "lost", "is_admin")
    return {name: context["result"][name] for name in names}


class WithoutATraceTests:
    """Table by table: nothing of what a sign-in writes is written."""

    @pytest.fixture
    def before(self, bob, corp):
        return every_row(apart_from=TRACES)

    def test_a_stored_provider_is_tried(self, stage, corp, before):
        assert stage.rehearse(corp, client_secret="")["succeeded"]
        assert every_row(apart_from=TRACES) == before

    def test_what_administrators_need_is_asked_for_whoever_comes_back(self, stage, corp):
        assert query_of(hop_of(stage.press(corp, admin_required_acr="phr")))["acr_values"] == "phr"

    def test_so_is_one_that_is_refused(self, stage, corp, before):
        stage.op.id_token.append("iss")
        assert not stage.rehearse(corp)["succeeded"]
        assert every_row(apart_from=TRACES) == before

    def test_so_is_an_unsaved_change(self, stage, corp, before):
        told = stage.rehearse(corp, name="Another", group_rules=RULES, admin_principals="alice@corp.example")
        assert told["result"]["is_admin"]
        assert every_row(apart_from=TRACES) == before

    def test_so_is_another_issuer_with_its_own_secret(self, bob, corp, another_scripted_provider, before):
        elsewhere = another_scripted_provider
        told = Stage(bob, elsewhere, typed_form(elsewhere)).rehearse(corp)
        assert told["succeeded"]
        attempt = SignInAttempt.objects.get()
        assert (attempt.issuer, attempt.provider) == (elsewhere.issuer, corp)
        assert every_row(apart_from=TRACES) == before

    def test_so_is_the_form_of_a_provider_that_is_not_stored(self, stage):
        before = every_row(apart_from=TRACES)
        assert stage.rehearse()["succeeded"]
        assert every_row(apart_from=TRACES) == before
        assert not Provider.objects.exists()
        assert Event.objects.get(action="rehearsal").target == "corp"

    def test_the_traces_are_one_of_each(self, stage, corp):
        stage.rehearse(corp)
        attempt = SignInAttempt.objects.get()
        assert (attempt.purpose, attempt.outcome, attempt.provider) == ("rehearsal", "ok", corp)
        assert attempt.rehearsal == Rehearsal.objects.get()
        [event] = Event.objects.filter(action__startswith="rehearsal")
        assert (event.action, event.actor, event.target) == ("rehearsal", "user:bob", "corp")
        assert (attempt.nonce, attempt.code_verifier, attempt.user.username) == (None, None, "bob")

    def test_who_came_through_the_provider_herself_keeps_her_session_and_her_rights(self, op, corp, form):
        Provider.objects.update(admin_principals=["alice@corp.example"])
        alice = Browser()
        alice.sign_in(op)
        before = every_row(apart_from=TRACES)
        told = Stage(alice.client, op, form).rehearse(corp, admin_principals="")
        assert (told["result"]["was_admin"], told["result"]["is_admin"]) == (True, False)
        assert every_row(apart_from=TRACES) == before
        assert alice.client.get("/admin/").status_code == 200

    def test_the_browser_stays_signed_in_as_it_was(self, stage, corp):
        session = stage.client.cookies["session"].value
        response = stage.come_back(stage.leave(corp))
        assert {"last-provider", "stay-here", "session"}.isdisjoint(response.cookies)
        assert stage.client.cookies["session"].value == session
        assert stage.client.get("/admin/").context["user"].username == "bob"

    def test_keys_are_fetched_and_not_kept(self, stage, corp):
        for _ in range(5):  # more often than a sign-in's own tries in a minute
            assert stage.rehearse(corp)["succeeded"]
        assert len(stage.op.requests_to("jwks")) == 5
        corp.refresh_from_db()
        assert corp.jwks is None


class FlowTests:
    def test_it_is_the_whole_code_flow(self, stage, corp):
        url = hop_of(stage.press(corp, scopes="openid\nemail"))
        asked = query_of(url)
        assert asked["redirect_uri"] == "http://localhost:8000/callback/corp"
        assert {"state", "nonce", "code_challenge"} <= asked.keys()
        assert asked["scope"] == "openid email"
        stage.come_back(stage.op.visit(url))
        for endpoint in ("token", "userinfo", "jwks"):
            assert len(stage.op.requests_to(endpoint)) == 1
        assert stage.op.violations == []

    def test_a_secret_that_ends_some_day_is_no_hindrance(self, stage, corp):
        assert stage.rehearse(corp, client_secret_expires_at="2030-01-31T12:00:00")["succeeded"]

    def test_requests_are_pushed(self, stage, op):
        op.offer_par(required=True)
        assert stage.rehearse()["succeeded"]
        assert len(op.requests_to("par")) == 1

    def test_the_shared_callback_is_used_when_it_is_typed(self, stage, corp):
        url = hop_of(stage.press(corp, callback="shared"))
        assert query_of(url)["redirect_uri"] == "http://localhost:8000/callback"
        assert stage.come_back(stage.op.visit(url)).status_code == 302

    def test_the_implicit_flow_comes_by_a_posted_form(self, stage, op):
        op.id_token.claims.update(email="alice@corp.example")
        told = stage.rehearse(response_type="id_token", extra_params="")
        assert told["succeeded"]
        assert op.requests_to("token") == []

    def test_the_console_proves_itself_by_its_key(self, stage, op, corp):
        op.client.token_endpoint_auth_method = "private_key_jwt"
        Provider.objects.update(token_endpoint_auth_method="private_key_jwt")
        corp.refresh_from_db()
        ensure_client_key(provider=corp, by=BOB)
        tell_keys(op, corp)
        assert stage.rehearse(corp, token_endpoint_auth_method="private_key_jwt")["succeeded"]

    def test_a_key_that_saving_makes_is_told_to_be_missing(self, stage):
        told = stage.rehearse(token_endpoint_auth_method="private_key_jwt")
        assert told["attempt"].outcome == "client_credentials_unusable"
        assert "saving the registration makes" in told["attempt"].expected

    def test_a_provider_that_is_disabled_is_tried_and_stays_disabled(self, stage, corp):
        Provider.objects.update(enabled=False)
        assert stage.rehearse(corp, enabled="")["succeeded"]
        assert not Provider.objects.get().enabled
        assert outcome_of(Browser().client.get("/signin/corp")) == "provider_disabled"

    def test_a_signed_userinfo_is_verified(self, stage, op, corp):
        op.userinfo.signed()
        assert stage.rehearse(corp)["succeeded"]

    def test_an_empty_secret_is_the_stored_one(self, stage, corp):
        assert stage.rehearse(corp, client_secret="")["succeeded"]

    def test_a_typed_secret_is_the_one_that_is_used(self, stage, corp):
        told = stage.rehearse(corp, client_secret="another-secret")
        assert told["attempt"].outcome == "token_endpoint_error"
        assert stage.rehearse(corp)["succeeded"]


class PersonTests:
    def test_somebody_new(self, stage, corp):
        assert person_told(stage.rehearse(corp, group_rules=RULES)) == {
            "user": "alice@corp.example",
            "principal": "alice@corp.example",
            "principal_claim": "email",
            "rule": "new",
            "gained": ["Staff"],
            "lost": [],
            "is_admin": False,
        }

    def test_somebody_known_who_would_lose_and_gain(self, stage, op, corp):
        Browser().sign_in(op)
        alice = User.objects.get(username="alice@corp.example")
        alice.groups.add(Group.objects.create(name="Guests"))
        rules = f"{RULES}\nguests => Guests"
        told = stage.rehearse(corp, group_rules=rules, admin_principals="alice@corp.example")
        assert person_told(told) == {
            "user": "alice@corp.example",
            "principal": "alice@corp.example",
            "principal_claim": "email",
            "rule": "known",
            "gained": ["Staff"],
            "lost": ["Guests"],
            "is_admin": True,
        }
        assert [group.name for group in alice.groups.all()] == ["Guests"]

    def test_somebody_who_would_be_linked(self, stage, corp):
        User.objects.create(username="al", email="alice@corp.example")
        trusted = {"link_by_verified_email": "on", "allowed_email_domains": "corp.example"}
        told = stage.rehearse(corp, scopes="openid\nemail\nprofile", **trusted)
        assert (told["result"]["rule"], told["result"]["user"]) == ("linked", "al")
        assert told["result"]["changes"] == {"name": ["", "Alice Example"]}
        assert not Identity.objects.exists()

    def test_the_page_says_all_of_it_and_no_secret(self, stage, op, corp):
        op.person["access_token"] = "s3cret-of-a-claim"
        op.id_token.claims["id_token_hint"] = "s3cret-of-a-claim"
        callback = stage.leave(corp, group_rules=RULES, admin_principals="alice@corp.example")
        page = stage.client.get(stage.come_back(callback)["Location"])
        text = page.content.decode()
        for words in (
            "would succeed",
            "alice@corp.example, new",
            "Self sign-up is on",
            "Staff",
            "ms",
            "subject-1",
        ):
            assert words in text
        assert_without(text, "s3cret")
        assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


class PrivacyTests:
    def test_the_registration_is_kept_encrypted(self, stage, corp):
        stage.leave(corp, client_secret="s3cret-that-was-typed-and-is-32-bytes")
        [raw] = Rehearsal.objects.values_list("registration", flat=True)
        assert_without(raw, "s3cret")
        assert_without(raw, stage.form["client_id"])
        assert rehearsed_provider(Rehearsal.objects.get()).client_secret.startswith("s3cret-that")
        assert Provider.objects.get().client_secret == stage.op.client.client_secret

    def test_the_claims_and_the_result_are_too(self, stage, corp):
        stage.rehearse(corp)
        assert "alice" not in str(list(Rehearsal.objects.values_list("result", flat=True)))
        assert "alice" not in str(list(SignInAttempt.objects.values_list("claims", "trace")))

    def test_a_secret_goes_to_no_other_issuer_than_it_was_stored_for(
        self, stage, corp, another_scripted_provider
    ):
        elsewhere = another_scripted_provider
        response = stage.press(corp, issuer=elsewhere.issuer, client_secret="")
        assert response.status_code == 400
        assert "enter the secret again" in response.content.decode()
        assert elsewhere.requests_to("token") == []
        assert not Rehearsal.objects.exists()

    def test_what_is_wrong_with_a_mistyped_issuer_is_said_as_well(self, stage, corp):
        response = stage.press(corp, issuer=f"{stage.op.issuer}/", client_secret="")
        told = response.content.decode()
        assert response.status_code == 400
        assert "they differ in the trailing slash" in told
        assert "Client secret" in told
        assert "enter the secret again" in told

    def test_somebody_who_administers_too_neither_finishes_nor_reads_it(self, stage, corp, eve):
        callback = stage.leave(corp)
        eve.cookies["signin"] = stage.client.cookies["signin"].value
        response = stage.come_back(callback, eve)
        assert (outcome_of(response), response.status_code) == ("rehearsal_mismatch", 403)
        assert Event.objects.first().action == "rehearsal_refused"
        rehearsal = Rehearsal.objects.get()
        assert rehearsal.result is None
        assert eve.get(f"{LIST}rehearsals/{rehearsal.pk}").status_code == 404
        assert stage.op.requests_to("token") == []

    def test_another_browser_does_not_finish_it(self, stage, corp, eve):
        callback = stage.leave(corp)
        assert outcome_of(stage.come_back(callback, eve)) == "browser_mismatch"
        assert outcome_of(stage.come_back(callback, Client())) == "browser_mismatch"
        assert stage.read(stage.come_back(callback)["Location"])["succeeded"]

    @pytest.mark.parametrize("flag", ["is_active", "is_staff"])
    def test_who_is_no_administrator_any_more_does_not_finish_it(self, stage, corp, flag):
        callback = stage.leave(corp)
        User.objects.filter(username="bob").update(**{flag: False})
        assert outcome_of(stage.come_back(callback)) == "rehearsal_mismatch"

    def test_who_may_not_change_providers_any_more_does_not_finish_it(self, stage, corp):
        User.objects.filter(username="bob").update(is_superuser=False)
        bob = User.objects.get(username="bob")
        bob.user_permissions.add(Permission.objects.get(codename="change_provider"))
        callback = stage.leave(corp)
        bob.user_permissions.clear()
        assert outcome_of(stage.come_back(callback)) == "rehearsal_mismatch"

    @pytest.mark.parametrize(
        ("slug", "left"),
        [
            ("corp", "add_provider"),
            ("corp", "view_provider"),
            ("corp", "delete_provider"),
            ("another", "change_provider"),
            ("another", "view_provider"),
        ],
    )
    def test_nor_does_who_may_save_only_registrations_of_the_other_kind(self, stage, corp, slug, left):
        """To register is no right to change what is stored, nor the other way round."""
        callback = stage.leave(corp if slug == "corp" else None, slug=slug)
        User.objects.filter(username="bob").update(is_superuser=False)
        bob = User.objects.get(username="bob")
        bob.user_permissions.add(Permission.objects.get(codename=left))
        assert outcome_of(stage.come_back(callback)) == "rehearsal_mismatch"
        rehearsal = Rehearsal.objects.get()
        assert rehearsal.result is None
        assert stage.client.get(f"{LIST}rehearsals/{rehearsal.pk}").status_code == 404

    def test_who_is_signed_out_does_not_finish_it(self, stage, corp):
        callback = stage.leave(corp)
        del stage.client.cookies["session"]
        assert outcome_of(stage.come_back(callback)) == "rehearsal_mismatch"

    def test_mallory_finds_none_of_it(self, stage, corp, mallory):
        stage.rehearse(corp)
        pages = [f"{LIST}rehearse", f"{LIST}{corp.pk}/rehearse", f"{LIST}{corp.pk}/replay"]
        for url in pages:
            assert mallory.post(url, stage.form).status_code == 404
        assert mallory.get(f"{LIST}rehearsals/{Rehearsal.objects.get().pk}").status_code == 404
        assert Rehearsal.objects.count() == 1

    def test_who_may_only_look_rehearses_nothing(self, stage, corp, mallory):
        mallory_user = User.objects.get(username="mallory")
        mallory_user.user_permissions.add(Permission.objects.get(codename="view_provider"))
        assert stage.press(corp, client=mallory).status_code == 404
        assert "Rehearse sign-in" not in mallory.get(f"{LIST}{corp.pk}/change/").content.decode()

    def test_who_may_only_add_rehearses_nothing(self, stage, corp, mallory):
        mallory_user = User.objects.get(username="mallory")
        mallory_user.user_permissions.add(Permission.objects.get(codename="add_provider"))
        assert stage.press(corp, client=mallory).status_code == 404
        assert stage.press(client=mallory, slug="another").status_code == 404
        assert not Rehearsal.objects.exists()

    @pytest.mark.parametrize(
        ("typed", "status"),
        [
            ({"name": "Corp"}, 200),
            ({"principal_claims": "sub"}, 403),
            ({"session_lifetime": "60"}, 403),
            ({"admin_principals": "mallory@corp.example"}, 403),
        ],
    )
    def test_who_is_no_superuser_rehearses_no_more_than_he_may_save(
        self, stage, corp, mallory, typed, status
    ):
        mallory_user = User.objects.get(username="mallory")
        mallory_user.user_permissions.add(Permission.objects.get(codename="change_provider"))
        assert stage.press(corp, client=mallory, **typed).status_code == status
        assert Rehearsal.objects.exists() == (status == 200)

    def test_a_stranger_is_sent_to_sign_in(self, stage, corp):
        assert "/admin/login/" in stage.press(corp, client=Client())["Location"]

    def test_a_form_from_elsewhere_starts_nothing(self, stage, corp):
        strict = Client(enforce_csrf_checks=True)
        strict.cookies["session"] = stage.client.cookies["session"].value
        assert stage.press(corp, client=strict).status_code == 403
        assert not Rehearsal.objects.exists()


class LimitTests:
    def test_leaving_for_it_counts_as_a_sign_in(self, stage, corp, settings):
        settings.SIGN_INS_PER_MINUTE = 2
        with time_machine.travel(timezone.now().replace(second=1), tick=False):
            for _ in range(2):
                assert stage.press(corp).status_code == 200
            told = stage.read(stage.press(corp)["Location"])
        assert told["attempt"].outcome == "too_many_attempts"
        assert len(stage.op.requests_to("authorization")) == 0


class TimeTests:
    def test_it_is_gone_after_half_an_hour(self, stage, corp):
        url = stage.come_back(stage.leave(corp))["Location"]
        with time_machine.travel(timezone.now() + timedelta(minutes=29), tick=False):
            stage.read(url)
        with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
            assert stage.client.get(url).status_code == 404

    def test_an_answer_that_comes_late_is_refused_like_any_other(self, stage, corp):
        callback = stage.leave(corp)
        with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
            told = stage.read(stage.come_back(callback)["Location"])
        assert told["attempt"].outcome == "attempt_expired"

    def test_cleanup_drops_it_and_leaves_the_trace(self, stage, corp, capsys):
        stage.rehearse(corp)
        call_command("cleanup")
        assert Rehearsal.objects.count() == 1
        with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
            call_command("cleanup")
        assert "rehearsals: 1 deleted" in capsys.readouterr().out
        assert not Rehearsal.objects.exists()
        assert SignInAttempt.objects.get().rehearsal is None

    def test_an_answer_to_one_that_was_dropped_is_refused(self, stage, corp):
        callback = stage.leave(corp)
        Rehearsal.objects.all().delete()
        response = stage.come_back(callback)
        assert (outcome_of(response), response.status_code) == ("attempt_expired", 400)

    def test_an_answer_counts_once(self, stage, corp):
        callback = stage.leave(corp)
        stage.come_back(callback)
        assert outcome_of(stage.come_back(callback)) == "state_used"
        assert len(stage.op.requests_to("token")) == 1

    def test_a_result_that_no_key_opens_leaves_the_rest_to_read(self, stage, corp, monkeypatch):
        url = stage.come_back(stage.leave(corp))["Location"]

        def fails(self, *args, **kwargs):
            raise DecryptionFailed

        monkeypatch.setattr("ssoconsole.platform.encryption.keyring.KeyRing.decrypt", fails)
        told = stage.read(url)
        assert (told["succeeded"], told["result"], told["claims"]) == (True, {}, "{}")

    def test_it_is_told_by_its_provider_and_time(self, stage):
        stage.leave()
        assert str(Rehearsal.objects.get()).startswith("a new provider 20")

    def test_the_page_waits_for_the_provider(self, stage, corp):
        stage.leave(corp)
        page = stage.client.get(f"{LIST}rehearsals/{Rehearsal.objects.get().pk}").content.decode()
        assert "Nobody has come back" in page


def test_a_form_with_mistakes_is_not_rehearsed(stage, corp):
    response = stage.press(corp, scopes="email", leeway="301")
    assert response.status_code == 400
    text = response.content.decode()
    assert "The scope openid is missing." in text
    assert "Leeway" in text
    assert not Rehearsal.objects.exists()


def test_a_document_of_another_issuer_is_a_mistake_of_the_form(stage, op):
    op.discovery["issuer"] = f"{op.issuer}/other"
    assert stage.press().status_code == 400


def test_only_a_post_starts_one(stage, corp):
    assert stage.client.get(f"{LIST}{corp.pk}/rehearse").status_code == 405
    assert stage.client.get(f"{LIST}{'0' * 8}-0000-4000-8000-{'0' * 12}/rehearse").status_code in (404, 405)


def test_an_ordinary_sign_in_is_as_refused_as_ever(op, corp, visitor):
    Provider.objects.update(enabled=False)
    assert_refused(visitor.client.get("/signin/corp"), "provider_disabled", 403)
