"""Credentials of every kind through the API, and a platform's token tried on a bot's rules."""

import io
import json
import time
from datetime import timedelta

import pytest
from assertions import KeyHost, Signer, by_assertion
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient
from tokens_cast import PASSWORD_BACKEND, problem, state

from ssoconsole.platform.jose.keys import public_jwk
from tests.ssoconsole.platform.jose.jose_forgery import roca_key, weak_rsa_key
from tests.support.leaks import assert_without
from tokens.bots.services import GrantSpec, retire_bot, save_bot
from tokens.credentials.keyless import set_public_keys
from tokens.models import Bot, Credential
from tokens.records.services import issue_token

PATH = "/api/v1/bots/ingestion-bot/credentials"
TRY = "/api/v1/bots/ingestion-bot/federation/try"
TRUST = {
    "issuer": "https://ci.example",
    "audience": "https://console.example",
    "subject": "repo:acme/infra:*",
}


def rsa_members(key):
    """The numbers of a public key alone."""
    return {name: value for name, value in public_jwk(key, alg="RS256").items() if name in "ne"}


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
            ({"kind": "public_keys", "jwks_uri": "https://x.example/jwks#one"}, "public_keys_refused"),
            ({"kind": "public_keys", "jwks_uri": "https:///jwks"}, "public_keys_refused"),
            ({"kind": "public_keys", "jwks_uri": "https://[x.example/jwks"}, "public_keys_refused"),
            ({"kind": "public_keys", "jwks_uri": "x.example/jwks"}, "public_keys_refused"),
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
            ({"exp": 1}, "times", None, "1970-01-01 00:00:01 UTC"),
            ({"exp": 99_999_999_999}, "life", None, "5138-11-16 09:46:39 UTC, in "),
        ],
    )
    def test_what_does_not_fit_is_told_with_what_was_expected(
        self, bob, rule, token, changes, name, expected, received
    ):
        body = post(bob, {"token": token(**{"env": "prod", **changes})}, TRY).json()
        assert body["ok"] is False
        (failed,) = [line for line in body["rules"][0]["checks"] if not line["ok"]]
        assert failed["name"] == name
        assert failed["received"].startswith(received)
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


def without_alg(jwk, **changes):
    return {**{name: value for name, value in jwk.items() if name != "alg"}, **changes}


P256, P521, RSA = (
    without_alg(public_jwk(key, alg=alg, kid="mine"))
    for key, alg in (
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (ec.generate_private_key(ec.SECP521R1()), "ES512"),
        (rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256"),
    )
)
UNUSABLE_KEYS = {
    "for encryption": ({**P256, "use": "enc"}, "use is enc"),
    "for something else": ({**RSA, "use": "tls"}, "use is tls"),
    "to encrypt with": ({**RSA, "key_ops": ["encrypt"]}, "key_ops does not name verify"),
    "to sign with": ({**P256, "key_ops": ["sign"]}, "key_ops does not name verify"),
    "to nothing": ({**P256, "key_ops": []}, "key_ops does not name verify"),
    "of another curve": ({**P256, "alg": "ES384"}, "alg is ES384"),
    "of another type": ({**P256, "alg": "RS256"}, "alg is RS256"),
    "of another type, RSA": ({**RSA, "alg": "ES256"}, "alg is ES256"),
    "of an encryption": ({**RSA, "alg": "RSA-OAEP"}, "alg is RSA-OAEP"),
    "of a shared secret": ({**RSA, "alg": "HS256"}, "alg is HS256"),
    "of no algorithm": ({**P256, "alg": "none"}, "alg is none"),
    "of an algorithm that no assertion may have": ({**RSA, "alg": "RS512"}, "alg is RS512"),
    "of a curve that no assertion may have": (P521, "crv is P-521"),
    "with the ROCA flaw": ({**RSA, **rsa_members(roca_key())}, "ROCA"),
    "with exponent 3": ({**RSA, "e": "Aw"}, "e, the RSA exponent"),
    "with an even exponent": ({**RSA, "e": "AQAC"}, "e, the RSA exponent, is even"),
    "of 1024 bits": ({**RSA, **rsa_members(weak_rsa_key())}, "1024 bits"),
}


class KeyThatVerifiesNothingTests:
    @pytest.mark.parametrize("name", UNUSABLE_KEYS)
    def test_it_is_refused_at_every_door_with_the_members_name(
        self, bob, people, bot, signer, by, tmp_path, name
    ):
        key, told = UNUSABLE_KEYS[name]
        set_public_keys(bot=bot, jwks=signer.jwks, jwks_uri=None, by=by)  # a refusal must leave these
        browser = Client()
        browser.force_login(people["bob"], PASSWORD_BACKEND)
        before = state()
        for keys in ([key], [{**P256, "kid": "good"}, key]):
            answer = post(bob, {"kind": "public_keys", "jwks": {"keys": keys}})
            assert answer.status_code in (400, 422), answer.content
            assert told in str(answer.json())
        page = browser.post(
            reverse("admin:tokens_bot_new_keys", args=[bot.pk]), {"jwks": json.dumps({"keys": [key]})}
        )
        assert page.status_code == 200
        assert told in page.content.decode()
        assert state() == before
        file = tmp_path / "console.yaml"
        file.write_text(json.dumps({"bots": [{"name": bot.name, "jwks": {"keys": [key]}}]}))
        printed = io.StringIO()
        with pytest.raises(CommandError):
            call_command("apply", str(file), stdout=printed, stderr=printed)
        assert told in printed.getvalue()
        assert state()[:3] == before[:3]  # that applying was refused is an event

    @pytest.mark.parametrize(
        "key",
        [
            P256,
            RSA,
            {**P256, "use": "sig", "alg": "ES256", "key_ops": ["verify"]},
            {**RSA, "alg": "PS256", "key_ops": ["verify", "sign"]},
        ],
        ids=["P-256", "RSA", "P-256 with every member", "RSA with PS256"],
    )
    def test_one_that_does_is_taken(self, bob, bot, key):
        assert post(bob, {"kind": "public_keys", "jwks": {"keys": [key]}}).status_code == 201

    def test_a_platform_may_publish_keys_for_something_else_beside_its_own(self, bob, bot):
        encryption = {**RSA, "use": "enc", "alg": "RSA-OAEP", "kid": "other"}
        body = {"kind": "federation", "trust": TRUST, "jwks": {"keys": [encryption]}}
        before = state()
        answer = post(bob, body)
        assert answer.status_code in (400, 422)
        assert "use is enc" in str(answer.json())
        assert state() == before
        body["jwks"]["keys"].append(P256)
        assert post(bob, body).status_code == 201
