"""The doctor takes tokens of the console, tokens of its providers, and references; it keeps none of them."""

import io
import json
import sys
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client

from providers.models import SignInAttempt
from ssoconsole.console.doctor import claims_shown, explain
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.references import number_of_words
from tests.providers.signin.journey import trace_of
from tests.ssoconsole.pages.page_reading import Page
from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password
from tests.support.leaks import assert_without
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret
from tokens.models import Audience, Bot, TokenRefusal
from tokens.protocol.examination.text import Unverified
from tokens.records.revocation import revoke_token
from tokens.records.services import issue_token

pytestmark = pytest.mark.django_db
BY = Actor("user", "bob")
DOCTOR, API = "/token-doctor", "/api/v1/tokens/explain"


@pytest.fixture
def bob(client):
    come_in_by_password(client, administrator("bob"))
    return client


@pytest.fixture
def issued():
    audience = save_audience(audience=Audience(identifier="https://m.example", name="Metadata"), by=BY)
    bot = save_bot(bot=Bot(name="nightly"), grants=[GrantSpec(audience, [])], by=BY)
    credential, _ = add_client_secret(bot=bot, by=BY)
    hour = timedelta(hours=1)
    return issue_token(bot=bot, audience=audience, scopes=None, lifetime=hour, credential=credential, by=BY)


@pytest.fixture
def id_token(op, provider, visitor):
    visitor.sign_in(op)
    return op.issued_tokens[-1]


@pytest.fixture
def refusal():
    Client().get("/api/v1/bots", HTTP_AUTHORIZATION="Bearer a.b.c")
    return TokenRefusal.objects.get()


def asked(bob, text):
    answer = bob.post(DOCTOR, {"token": text})
    assert answer.status_code == 200
    return answer.content.decode()


class PageTests:
    def test_a_bots_token_leads_to_everything_that_it_belongs_to(self, bob, issued):
        record, token = issued
        links = Page(asked(bob, token)).urls()
        for model, pk in [
            ("bot", record.bot_id),
            ("tokenrecord", record.pk),
            ("audience", record.audience_id),
            ("credential", record.credential_id),
            ("signingkey", record.signing_key_id),
        ]:
            assert f"/admin/tokens/{model}/{pk}/change/" in links

    def test_header_and_claims_are_decoded_and_the_token_is_not_echoed(self, bob, issued):
        page = asked(bob, issued[1])
        assert "&quot;sub&quot;: &quot;nightly&quot;" in page
        assert "&quot;kid&quot;" in page
        assert not any(part in page for part in issued[1].split("."))

    def test_an_id_token_is_examined_by_its_providers_rules(self, bob, op, id_token, provider):
        page = asked(bob, id_token)
        assert 'data-valid="true"' in page
        assert f"/admin/providers/provider/{provider.pk}/change/" in page
        assert "/admin/accounts/user/" in page
        assert "What it belongs to: ID token" in page
        nonce = json.loads(json.dumps(op.id_token.claims)).get("nonce", "no nonce of its own")
        assert_without(page, nonce)
        assert not any(part in page for part in id_token.split("."))

    def test_a_forged_one_is_told_with_the_remedy_of_the_sign_in(self, bob, op, provider, visitor):
        op.id_token.append("aud")
        visitor.sign_in(op)
        page = asked(bob, op.issued_tokens[-1])
        assert 'data-valid="false"' in page
        assert "Check the client ID." in page

    def test_nothing_of_it_is_kept_logged_or_sent(self, bob, op, id_token, caplog, capsys):
        attempts, requests = SignInAttempt.objects.count(), len(op.requests)
        asked(bob, id_token)
        printed = capsys.readouterr()
        assert_without(caplog.text + printed.out + printed.err, id_token.split(".")[2])
        assert (SignInAttempt.objects.count(), len(op.requests)) == (attempts, requests)
        assert not TokenRefusal.objects.exists()

    def test_the_reference_of_a_program_is_explained(self, bob, refusal):
        page = asked(bob, refusal.reference)
        assert "What was refused" in page
        assert f"/admin/tokens/tokenrefusal/{refusal.pk}/change/" in page

    def test_the_reference_of_a_sign_in_is_explained_stage_by_stage(self, bob, op, provider, visitor):
        op.id_token.append("aud")
        attempt = trace_of(visitor.sign_in(op))
        page = asked(bob, attempt.reference.replace("-", " "))
        assert "Check the client ID." in page
        assert f"/admin/providers/signinattempt/{attempt.pk}/change/" in page
        assert "<code>token</code>" in page

    def test_the_reference_of_one_that_went_well_says_so(self, bob, op, id_token):
        assert "It went well" in asked(bob, SignInAttempt.objects.get().reference)

    def test_words_that_stand_for_nothing_are_told_so(self, bob):
        page = asked(bob, "canyon cliff viable")
        assert "Nothing has this reference" in page
        assert 'data-valid="false"' in page

    def test_a_page_with_everything_on_it_has_nothing_inline(self, bob, id_token):
        document = Page(asked(bob, id_token))
        assert document.inline_code() == []
        assert document.outside_urls() == []


class ApiTests:
    def explained(self, bob, **body):
        return bob.post(API, body, content_type="application/json")

    def test_a_bots_token_with_what_it_says_and_belongs_to(self, bob, issued):
        told = self.explained(bob, token=issued[1]).json()
        assert (told["valid"], told["kind"], told["claims"]["sub"]) == (True, "access token", "nightly")
        assert {page["label"] for page in told["pages"]} >= {"Bot nightly", "Signing key", "Credential"}
        assert all(page["url"].startswith("http://localhost:8000/admin/") for page in told["pages"])

    def test_an_id_token(self, bob, id_token):
        told = self.explained(bob, token=id_token).json()
        assert (told["valid"], told["kind"]) == (True, "ID token")
        assert told["claims"]["nonce"] == "••••••••"

    def test_a_reference(self, bob, refusal):
        told = self.explained(bob, reference=refusal.reference.upper()).json()
        assert (told["valid"], told["kind"]) == (False, "refusal")
        assert told["checks"][0]["name"] == "token_unreadable"
        assert all(told["checks"][0][name] for name in ("expected", "received", "remedy"))

    def test_a_revoked_token_by_its_reference(self, bob, issued):
        revoke_token(record=issued[0], by=BY)
        Client().get("/api/v1/bots", HTTP_AUTHORIZATION=f"Bearer {issued[1]}")
        told = self.explained(bob, reference=TokenRefusal.objects.get().reference).json()
        failed = [check["name"] for check in told["checks"] if not check["ok"]]
        assert "revoked" in failed

    @pytest.mark.parametrize("words", ["canyon cliff viable", "canyon-cliff-viable-limb", "x"])
    def test_a_reference_of_nothing_is_404(self, bob, words):
        assert self.explained(bob, reference=words).status_code == 404

    @pytest.mark.parametrize("body", [{}, {"token": "x", "reference": "a-b-c"}, {"reference": ""}])
    def test_it_is_either_a_token_or_a_reference(self, bob, body):
        assert self.explained(bob, **body).status_code == 400


class CommandTests:
    def told(self, monkeypatch, capsys, text):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        try:
            call_command("explain_token", "--json")
        except SystemExit:
            pass
        return json.loads(capsys.readouterr().out)

    def test_it_keeps_its_shape_for_an_id_token(self, monkeypatch, capsys, id_token):
        told = self.told(monkeypatch, capsys, f"{id_token}\n")
        assert set(told) == {"valid", "checks"}
        assert told["valid"] is True
        assert all(set(check) == {"name", "ok", "expected", "received", "remedy"} for check in told["checks"])

    def test_it_takes_references(self, monkeypatch, capsys, refusal):
        told = self.told(monkeypatch, capsys, f"{refusal.reference}\n")
        assert (told["valid"], told["checks"][0]["name"]) == (False, "token_unreadable")


def test_a_token_within_a_token_is_masked_at_any_depth():
    inner = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
    shown = claims_shown(Unverified({}, {"a": [inner, {"b": inner}], "access_token": "x", "sub": "alice"}))
    assert shown == {"a": ["••••••••", {"b": "••••••••"}], "access_token": "••••••••", "sub": "alice"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("canyon-cliff-viable", 3),
        (" Canyon cliff, viable. ", 3),
        ("canyon cliff viable limb", 4),
        ("canyon", 1),
        ("canyon-cliff-nonesuch", 0),
        ("eyJh.eyJz.abc", 0),
        ("", 0),
        ("canyon " * 20, 0),
    ],
)
def test_words_are_told_from_everything_else(text, number):
    assert number_of_words(text) == number


def test_what_is_neither_is_examined_as_a_token():
    assert explain("canyon cliff").kind == "no token"
