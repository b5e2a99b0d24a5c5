"""Credentials of every kind through the API, and a platform's token tried on a bot's rules."""

import time
from datetime import timedelta

import pytest
from assertions import KeyHost, Signer, by_assertion
from rest_framework.test import APIClient
from tokens_cast import problem, state

from tests.support.leaks import assert_without
from tokens.bots.services import GrantSpec, retire_bot, save_bot
from tokens.models import Bot, Credential
from tokens.records.services import issue_token

PATH = "/api/v1/bots/ingestion-bot/credentials"
TRY = "/api/v1/bots/ingestion-bot/federation/try"
TRUST = {
    "issuer": "https://ci.example",
    "audience": "https://console.example",
    "subject": "repo:acme/infra:*",
}


def post(client, body, path=PATH):
    return client.post(path, body, format="json")


@pytest.fixture(scope="module")
def signer():
    return Signer()


class CredentialsTests:
    def test_bob_registers_keys_and_the_bot_comes_in_with_them(self, oauth, bob, bot, signer):
        answer = post(bob, {"kind": "public_keys", "jwks": signer.jwks})
        assert answer.status_code == 201
        assert answer.json()["public_keys"] == signer.jwks
        assert oauth.token(**by_assertion(signer.assertion(bot.name))).status_code == 200

    def test_new_keys_replace_the_old(self, bob, bot, signer):
        post(bob, {"kind": "public_keys", "jwks": signer.jwks})
        answer = post(bob, {"kind": "public_keys", "jwks_uri": "https://bot.example/jwks"})
        live = Credential.objects.get(retired_at=None)
        assert (str(live.pk), live.jwks_uri) == (answer.json()["id"], "https://bot.example/jwks")

    def test_bob_trusts_one_workload_more_and_retires_another(self, bob, bot):
        first = post(bob, {"kind": "federation", "trust": TRUST}).json()
        second = post(bob, {"kind": "federation", "trust": {**TRUST, "claims": {"ref": "main"}}}).json()
        again = post(bob, {"kind": "federation", "trust": TRUST}).json()
        assert again["id"] == first["id"] != second["id"]
        assert first["trust"] == {**TRUST, "claims": {}}
        assert bob.delete(f"{PATH}/{first['id']}").status_code == 204
        assert bob.get(f"{PATH}/{first['id']}").json()["retired_by"] == "user:bob"

    def test_all_kinds_are_listed_with_the_evidence(self, bob, alice, bot, secret, signer):
        post(bob, {"kind": "public_keys", "jwks": signer.jwks})
        post(bob, {"kind": "federation", "trust": TRUST, "jwks": signer.jwks})
        for client in (bob, alice):
            answer = client.get(PATH)
            rows = answer.json()["results"]
            assert {row["kind"] for row in rows} == {"client_secret", "public_keys", "federation"}
            assert {row["evidence"] for row in rows} == {"Not used yet."}
            assert {row["safe_to_retire"] for row in rows} == {False}
            assert_without(answer.content.decode(), secret)
            assert "secret_hash" not in answer.content.decode()

    def test_only_administrators_write_and_strangers_see_nothing(self, alice, mallory, anybody, bot, signer):
        before = state()
        body = {"kind": "public_keys", "jwks": signer.jwks}
        problem(post(alice, body), 403, "permission_denied")
        problem(post(mallory, body), 404, "not_found")
        problem(mallory.get(PATH), 404, "not_found")
        assert post(anybody, body).status_code in (401, 403)
        assert state() == before

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({}, "invalid"),
            ({"kind": "client_secret"}, "invalid"),
            ({"kind": "public_keys"}, "invalid"),
            ({"kind": "public_keys", "jwks": []}, "invalid"),
            ({"kind": "public_keys", "jwks": [1]}, "invalid"),
            ({"kind": "public_keys", "jwks": {"keys": []}}, "public_keys_refused"),
            ({"kind": "public_keys", "jwks_uri": "ftp://x.example"}, "public_keys_refused"),
            ({"kind": "public_keys", "jwks_uri": "https://x.example", "trust": TRUST}, "invalid"),
            ({"kind": "federation"}, "invalid"),
            ({"kind": "federation", "trust": {**TRUST, "sub": "x"}}, "invalid"),
            ({"kind": "federation", "trust": {**TRUST, "subject": "repo:*"}}, "rule_too_wide"),
            ({"kind": "federation", "trust": {**TRUST, "issuer": "x"}}, "federation_rule_invalid"),
            ({"kind": "federation", "trust": TRUST, "jwks": {"keys": 1}}, "public_keys_refused"),
        ],
    )
    def test_what_makes_no_sense_changes_nothing(self, bob, bot, body, code):
        before = state()
        problem(post(bob, body), 400, code)
        assert state() == before

    def test_two_keys_that_nobody_could_tell_apart_are_refused(self, bob, bot, signer):
        keys = {"keys": [signer.jwk, Signer().jwk]}
        problem(post(bob, {"kind": "public_keys", "jwks": keys}), 400, "public_keys_refused")

    def test_a_retired_bot_is_given_nothing(self, bob, bot, by):
        retire_bot(bot=bot, by=by)
        problem(post(bob, {"kind": "federation", "trust": TRUST}), 409, "bot_retired")


class TrialTests:
    @pytest.fixture
    def host(self, signer):
        host = KeyHost()
        host.documents["/.well-known/openid-configuration"] = {
            "issuer": host.url,
            "jwks_uri": f"{host.url}/k",
        }
        host.documents["/k"] = signer.jwks
        yield host
        host.close()

    @pytest.fixture
    def token(self, host, signer):
        def make(**changes):
            now = int(time.time())
            claims = {
                "iss": host.url,
                "sub": "repo:acme/infra:ref:x",
                "aud": TRUST["audience"],
                "exp": now + 60,
            }
            return signer.sign({**claims, **changes})

        return make

    @pytest.fixture
    def rule(self, bob, bot, host):
        body = {"kind": "federation", "trust": {**TRUST, "issuer": host.url, "claims": {"env": "prod"}}}
        return post(bob, body).json()

    def test_every_step_is_told_in_order(self, bob, rule, token):
        answer = post(bob, {"token": token(env="prod")}, TRY)
        assert answer.status_code == 200
        assert answer.json()["ok"] is True
        (tried,) = answer.json()["rules"]
        assert (tried["id"], tried["ok"]) == (rule["id"], True)
        names = [line["name"] for line in tried["checks"]]
        assert names == [
            "readable", "signature", "issuer", "audience", "subject", "claim env", "times", "life",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("changes", "name", "expected", "received"),
        [
            ({"aud": "https://else.example"}, "audience", "https://console.example", "https://else.example"),
            ({"sub": "repo:evil/x:y"}, "subject", "sub repo:acme/infra:*", "repo:evil/x:y"),
            ({"env": "dev"}, "claim env", "env prod", "dev"),
            ({"exp": 1}, "times", None, "1"),
            ({"exp": 99_999_999_999}, "life", None, "99999999999"),
        ],
    )
    def test_what_does_not_fit_is_told_with_what_was_expected(
        self, bob, rule, token, changes, name, expected, received
    ):
        body = post(bob, {"token": token(**{"env": "prod", **changes})}, TRY).json()
        assert body["ok"] is False
        (failed,) = [line for line in body["rules"][0]["checks"] if not line["ok"]]
        assert (failed["name"], failed["received"]) == (name, received)
        assert expected in (None, failed["expected"])

    def test_several_faults_are_told_at_once(self, bob, rule, token):
        checks = post(bob, {"token": token(sub="x", aud="y", exp=1)}, TRY).json()["rules"][0]["checks"]
        failed = [line["name"] for line in checks if not line["ok"]]
        assert failed == ["audience", "subject", "claim env", "times"]

    def test_a_forged_signature_is_told_and_the_rest_all_the_same(self, bob, rule, token, host):
        host.documents["/k"] = Signer().jwks
        checks = post(bob, {"token": token(env="prod")}, TRY).json()["rules"][0]["checks"]
        assert [line["name"] for line in checks if not line["ok"]] == ["signature"]

    def test_keys_that_cannot_be_had_are_a_line_of_their_own(self, bob, rule, token, host):
        host.documents.clear()
        checks = post(bob, {"token": token(env="prod")}, TRY).json()["rules"][0]["checks"]
        assert (checks[0]["name"], checks[0]["received"]) == ("keys", "status 404")

    def test_what_is_no_token_is_told(self, bob, rule):
        checks = post(bob, {"token": "nonsense"}, TRY).json()["rules"][0]["checks"]
        assert [(line["name"], line["ok"]) for line in checks] == [("readable", False)]

    def test_nothing_is_stored_or_logged(self, bob, rule, token, caplog, capsys):
        pasted = token(env="prod")
        post(bob, {"token": pasted}, TRY)
        before = state()
        post(bob, {"token": pasted}, TRY)
        assert state() == before
        printed = capsys.readouterr()
        assert_without(caplog.text + printed.out + printed.err, pasted)

    def test_reading_is_enough_and_a_stranger_finds_nothing(
        self, bob, alice, mallory, anybody, rule, token, console, by
    ):
        reader = save_bot(bot=Bot(name="reader"), grants=[GrantSpec(console, ["console.read"])], by=by)
        minute = timedelta(minutes=1)
        bearer = issue_token(bot=reader, audience=console, scopes=None, lifetime=minute, by=by)
        machine = APIClient(headers={"authorization": f"Bearer {bearer[1]}"})
        for client in (bob, alice, machine):
            assert post(client, {"token": token(env="prod")}, TRY).status_code == 200
        problem(post(mallory, {"token": "x"}, TRY), 404, "not_found")
        assert post(anybody, {"token": "x"}, TRY).status_code in (401, 403)
        problem(post(machine, {"kind": "federation", "trust": TRUST}), 403, "insufficient_scope")

    def test_a_bot_without_rules_has_nothing_to_say(self, bob, bot):
        assert post(bob, {"token": "x"}, TRY).json() == {"ok": False, "rules": []}
