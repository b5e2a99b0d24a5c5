"""The token doctor at its three doors: the command, the API and the page."""

import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from tokens_cast import PASSWORD_BACKEND, problem, state

from ssoconsole.platform.jose.verify import MAX_BYTES
from tests.ssoconsole.pages.page_reading import Page
from tests.support.leaks import assert_without
from tokens.bots.services import GrantSpec, save_bot
from tokens.models import TokenRecord
from tokens.records.revocation import revoke_token

pytestmark = pytest.mark.django_db
SHAPE = {"name", "ok", "expected", "received", "remedy"}


@pytest.fixture
def revoked(token, by):
    revoke_token(record=TokenRecord.objects.get(), by=by)
    return token


class CommandTests:
    @pytest.fixture
    def explain(self, monkeypatch, capsys):
        def run(text, *arguments):
            """Exit status and standard output."""
            monkeypatch.setattr(sys, "stdin", io.StringIO(text))
            try:
                call_command("explain_token", *arguments)
            except SystemExit as left:
                return left.code, capsys.readouterr().out
            return 0, capsys.readouterr().out

        return run

    @pytest.mark.parametrize("arguments", [(), ("-",)])
    @pytest.mark.parametrize("end", ["", "\n", "\r\n"])
    def test_a_live_token_counts(self, explain, token, arguments, end):
        status, printed = explain(token + end, *arguments)
        assert status == 0
        assert "The token counts." in printed
        assert "FAILED" not in printed

    def test_a_revoked_token_is_told_with_its_remedy(self, explain, revoked):
        status, printed = explain(revoked)
        assert status == 1
        assert "The token does not count: revoked" in printed
        assert "by user:bob" in printed
        assert "Give the bot another token" in printed

    def test_json_is_for_programs(self, explain, token, revoked):
        status, printed = explain(revoked, "--json")
        told = json.loads(printed)
        assert (status, told["valid"]) == (1, False)
        assert set(told) == {"valid", "checks"}
        assert all(set(check) == SHAPE for check in told["checks"])
        assert next(check["name"] for check in told["checks"] if not check["ok"]) == "revoked"

    def test_json_of_a_live_token(self, explain, token):
        status, printed = explain(token, "--json", "-")
        assert (status, json.loads(printed)["valid"]) == (0, True)

    def test_nothing_at_all_is_told(self, explain):
        assert explain("")[0] == 1

    def test_a_token_as_an_argument_is_refused(self, explain, token):
        with pytest.raises(CommandError, match="standard input"):
            explain("", token)

    def test_bytes_that_are_no_text_are_refused(self, monkeypatch):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), encoding="utf-8"))
        with pytest.raises(CommandError, match="no text"):
            call_command("explain_token")


class ApiTests:
    def test_bob_is_told_and_nothing_is_written(self, bob, token, revoked, caplog, capsys):
        before = state()
        answer = bob.post("/api/v1/tokens/explain", {"token": revoked})
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store"
        told = answer.json()
        assert told["valid"] is False
        assert all(set(check) == SHAPE for check in told["checks"])
        assert state() == before
        printed = capsys.readouterr()
        everything = caplog.text + printed.out + printed.err + answer.content.decode()
        assert_without(everything, token.split(".")[2])

    def test_a_live_token_counts(self, bob, token):
        assert bob.post("/api/v1/tokens/explain", {"token": token}).json()["valid"] is True

    def test_white_space_is_a_cause_and_not_tidied_away(self, bob, token):
        told = bob.post("/api/v1/tokens/explain", {"token": f"{token}\n"}).json()
        assert [check["name"] for check in told["checks"] if not check["ok"]] == ["characters"]

    @pytest.mark.parametrize("body", [{}, {"token": None}, {"token": "x", "more": 1}, {"token": "\0"}, []])
    def test_a_body_of_another_shape_is_refused(self, bob, body):
        problem(bob.post("/api/v1/tokens/explain", body, format="json"), 400, "invalid")

    def test_a_text_far_too_long_is_refused(self, bob):
        body = {"token": "a" * (2 * MAX_BYTES + 1)}
        problem(bob.post("/api/v1/tokens/explain", body), 400, "invalid")

    def test_the_scope_to_read_is_enough(self, anybody, oauth, bot, me, console, by):
        save_bot(bot=bot, grants=[GrantSpec(console, ["console.read"])], by=by)
        token = oauth.token(me).json()["access_token"]
        header = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
        assert anybody.post("/api/v1/tokens/explain", {"token": token}, **header).json()["valid"] is True

    @pytest.mark.parametrize(("who", "status"), [("alice", 404), ("mallory", 404), ("anybody", 401)])
    def test_nobody_else_is_told_anything(self, request, token, who, status):
        client = request.getfixturevalue(who)
        assert client.post("/api/v1/tokens/explain", {"token": token}).status_code == status


class PageTests:
    @pytest.fixture
    def admin(self, people):
        client = Client()
        client.force_login(people["bob"], PASSWORD_BACKEND)
        return client

    def test_bob_finds_a_form_that_keeps_nothing(self, admin):
        answer = admin.get("/token-doctor")
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        document = Page(answer.content.decode())
        assert not document.inline_code()
        assert not document.outside_urls()
        assert not document.unlabelled_fields()
        (field,) = document.all("textarea")
        assert (field["autocomplete"], field["spellcheck"]) == ("off", "false")

    def test_a_live_token_counts_even_with_the_line_break_of_a_selection(self, admin, token):
        answer = admin.post("/token-doctor", {"token": f" {token}\r\n"})
        assert 'data-valid="true"' in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]

    def test_a_dead_one_is_explained_and_shown_nowhere(self, admin, revoked, caplog, capsys):
        before = state()
        page = admin.post("/token-doctor", {"token": revoked}).content.decode()
        assert 'data-valid="false"' in page
        assert "Revoking is for good." in page
        assert state() == before
        printed = capsys.readouterr()
        assert_without(page + caplog.text + printed.out + printed.err, revoked.split(".")[2])

    def test_what_a_forger_writes_into_his_token_is_no_markup(self, admin):
        page = admin.post("/token-doctor", {"token": "eyJ0eXAiOiI8c2NyaXB0PiIsImFsZyI6IjxiPiJ9.e30.x"})
        assert "&lt;script&gt;" in page.content.decode()
        assert "<script>" not in page.content.decode()

    @pytest.mark.parametrize("method", ["get", "post"])
    @pytest.mark.parametrize("who", ["alice", "mallory"])
    def test_to_others_there_is_no_such_page(self, people, who, method):
        client = Client()
        client.force_login(people[who], PASSWORD_BACKEND)
        assert getattr(client, method)("/token-doctor").status_code == 404

    def test_strangers_are_sent_to_sign_in(self, db):
        answer = Client().get("/token-doctor")
        assert (answer.status_code, answer["Location"]) == (302, "/signin?next=/token-doctor")

    def test_a_form_of_another_site_is_refused(self, people):
        client = Client(enforce_csrf_checks=True)
        client.force_login(people["bob"], PASSWORD_BACKEND)
        assert client.post("/token-doctor", {"token": "x"}).status_code == 403

    def test_other_methods_are_refused(self, admin):
        assert admin.put("/token-doctor").status_code == 405
