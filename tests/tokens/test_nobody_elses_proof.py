"""What proves one bot proves no other, and costs and says the same whatever is wrong."""

from datetime import timedelta

import pytest
from assertions import Signer, by_assertion
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from tokens_cast import BASE_URL, PASSWORD_BACKEND, state

from ssoconsole.platform.encryption.keyring import key_ring
from ssoconsole.platform.jose import algorithms
from ssoconsole.platform.jose.sign import sign_jwt
from tokens.bots.services import GrantSpec, disable_bot, save_bot
from tokens.credentials.keyless import add_federation, set_public_keys
from tokens.credentials.services import add_client_secret, retire_credential
from tokens.keys.services import compromise_signing_key, private_keys, rotate_signing_key
from tokens.models import Bot, Credential, SigningKey, SpentAssertion, TokenRecord
from tokens.records.verification import find_live_record, find_record
from tokens.status.services import StatusList

ISSUER, POD, OTHER_POD = "https://idp.example", "system:serviceaccount:a:x", "system:serviceaccount:b:y"
AUDIENCE = "https://c.example"


@pytest.fixture(scope="module")
def mine():
    return Signer(kid="one")


@pytest.fixture(scope="module")
def foreign():
    """Another key under the same name."""
    return Signer(kid="one")


def rule(subject):
    return {"issuer": ISSUER, "audience": AUDIENCE, "subject": subject, "claims": {}}


def platform_token(signer, subject):
    now = int(timezone.now().timestamp())
    return signer.sign({"iss": ISSUER, "sub": subject, "aud": AUDIENCE, "iat": now, "exp": now + 60})


class SharedIssuerTests:
    """Two clusters may call themselves alike: the keys of each rule count for that rule alone."""

    @pytest.fixture
    def rules(self, bot, other_bot, mine, foreign, by):
        add_federation(bot=bot, rule=rule(POD), jwks=mine.jwks, jwks_uri=None, by=by)
        add_federation(bot=other_bot, rule=rule(OTHER_POD), jwks=foreign.jwks, jwks_uri=None, by=by)

    def test_each_comes_in_by_its_own_keys(self, oauth, rules, mine, foreign):
        for signer, subject, name in ((mine, POD, "ingestion-bot"), (foreign, OTHER_POD, "other-bot")):
            answer = oauth.token(**by_assertion(platform_token(signer, subject)))
            assert answer.status_code == 200
            assert TokenRecord.objects.latest("number").bot.name == name

    @pytest.mark.parametrize("name", ["ingestion-bot", "other-bot", None])
    def test_neither_comes_in_as_the_other(self, oauth, rules, mine, foreign, name):
        more = {"client_id": name} if name else {}
        for signer, subject in ((mine, OTHER_POD), (foreign, POD)):
            answer = oauth.token(**by_assertion(platform_token(signer, subject), **more))
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert not TokenRecord.objects.exists()

    def test_a_rule_that_is_retired_or_whose_bot_is_stopped_does_not_make_two_of_them(
        self, oauth, bot, other_bot, rules, mine, by
    ):
        add_federation(bot=other_bot, rule=rule(POD), jwks=mine.jwks, jwks_uri=None, by=by)
        token = platform_token(mine, POD)
        assert oauth.token(**by_assertion(token)).status_code == 401  # of which bot, nobody can tell
        disable_bot(bot=other_bot, by=by)
        assert oauth.token(**by_assertion(token)).status_code == 200
        assert TokenRecord.objects.get().bot == bot

    def test_a_token_is_tried_on_the_live_rules_of_one_bot_and_on_nothing_else(
        self, bob, bot, other_bot, secret, rules, mine, by
    ):
        retired = add_federation(bot=bot, rule=rule("team:x"), jwks=mine.jwks, jwks_uri=None, by=by)
        set_public_keys(bot=bot, jwks=mine.jwks, jwks_uri=None, by=by)
        retire_credential(credential=retired, by=by)
        path = f"/api/v1/bots/{bot.name}/federation/try"
        tried = bob.post(path, {"token": platform_token(mine, POD)}).json()
        assert (tried["ok"], [each["trust"]["subject"] for each in tried["rules"]]) == (True, [POD])
        for token in (platform_token(mine, OTHER_POD), platform_token(mine, "team:x")):
            tried = bob.post(path, {"token": token}).json()
            assert (tried["ok"], [each["ok"] for each in tried["rules"]]) == (False, [False])


class OwnKeyTests:
    def test_new_keys_are_the_only_ones(self, oauth, bot, mine, foreign, by):
        set_public_keys(bot=bot, jwks=mine.jwks, jwks_uri=None, by=by)
        assert oauth.token(**by_assertion(mine.assertion(bot.name))).status_code == 200
        set_public_keys(bot=bot, jwks=foreign.jwks, jwks_uri=None, by=by)
        assert oauth.token(**by_assertion(mine.assertion(bot.name))).status_code == 401
        assert oauth.token(**by_assertion(foreign.assertion(bot.name))).status_code == 200

    def test_keys_that_were_retired_prove_nothing_though_they_are_still_in_memory(self, oauth, bot, mine, by):
        credential = set_public_keys(bot=bot, jwks=mine.jwks, jwks_uri=None, by=by)
        assert oauth.token(**by_assertion(mine.assertion(bot.name))).status_code == 200
        retire_credential(credential=credential, by=by)
        assert oauth.token(**by_assertion(mine.assertion(bot.name))).status_code == 401

    def test_keys_that_were_changed_under_a_running_process_are_looked_at_anew(
        self, oauth, bot, mine, foreign, by
    ):
        """As a restore does: the row is the same, and what this process has parsed of it is not."""
        credential = set_public_keys(bot=bot, jwks=mine.jwks, jwks_uri=None, by=by)
        assert oauth.token(**by_assertion(mine.assertion(bot.name))).status_code == 200
        Credential.objects.filter(pk=credential.pk).update(public_keys=foreign.jwks)
        assert oauth.token(**by_assertion(mine.assertion(bot.name))).status_code == 401
        assert oauth.token(**by_assertion(foreign.assertion(bot.name))).status_code == 200

    def test_of_two_that_were_registered_at_once_the_newer_counts(self, oauth, bot, mine, foreign, by):
        older = set_public_keys(bot=bot, jwks=mine.jwks, jwks_uri=None, by=by)
        set_public_keys(bot=bot, jwks=foreign.jwks, jwks_uri=None, by=by)
        Credential.objects.filter(pk=older.pk).update(retired_at=None, retired_by="")
        assert oauth.token(**by_assertion(mine.assertion(bot.name))).status_code == 401
        assert oauth.token(**by_assertion(foreign.assertion(bot.name))).status_code == 200

    def test_keys_past_their_end_prove_nothing(self, oauth, bot, mine, by):
        credential = set_public_keys(bot=bot, jwks=mine.jwks, jwks_uri=None, by=by)
        Credential.objects.filter(pk=credential.pk).update(expires_at=timezone.now())
        assert oauth.token(**by_assertion(mine.assertion(bot.name))).status_code == 401

    def test_one_jti_counts_once_for_each_bot_and_not_for_all(self, oauth, bot, other_bot, mine, by):
        for each in (bot, other_bot):
            set_public_keys(bot=each, jwks=mine.jwks, jwks_uri=None, by=by)
        one, other = (mine.assertion(each.name, jti="same") for each in (bot, other_bot))
        another = mine.assertion(bot.name, jti="other")
        statuses = [
            oauth.token(**by_assertion(each)).status_code for each in (one, other, another, one, other)
        ]
        assert statuses == [200, 200, 200, 401, 401]
        assert SpentAssertion.objects.count() == 3

    def test_beside_an_assertion_no_other_name_and_no_secret_counts(
        self, oauth, bot, me, other_bot, mine, by
    ):
        set_public_keys(bot=bot, jwks=mine.jwks, jwks_uri=None, by=by)
        before = state()
        for more, status in (
            ({"client_id": other_bot.name}, 401),
            ({"client_id": bot.name, "client_secret": me[1]}, 400),
            ({"client_assertion_type": "urn:x"}, 401),
        ):
            body = {**by_assertion(mine.assertion(bot.name)), **more}
            assert oauth.token(**body).status_code == status
        assert oauth.token(me, **by_assertion(mine.assertion(bot.name))).status_code == 400
        assert state() == before
        assert not SpentAssertion.objects.exists()


class SecretTests:
    def test_a_secret_is_of_one_bot_and_of_one_kind(self, oauth, bot, secret, other_bot, other_secret):
        for name, given in ((bot.name, other_secret), (other_bot.name, secret), ("", secret)):
            assert oauth.token((name, given)).status_code == 401
            assert oauth.token(client_id=name, client_secret=given).status_code == 401
        assert not TokenRecord.objects.exists()

    def test_a_secret_moves_to_a_new_ring_key_though_it_was_used_just_now(self, oauth, bot, secret, settings):
        assert oauth.token((bot.name, secret)).status_code == 200
        settings.FIELD_ENCRYPTION_KEYS = ["A" * 43, *settings.FIELD_ENCRYPTION_KEYS]
        assert oauth.token((bot.name, secret)).status_code == 200
        assert Credential.objects.get().secret_hash.startswith(key_ring().newest_key_id)

    @pytest.mark.parametrize(
        ("address", "kept"),
        [("fe80::1%eth0", "fe80::1"), ("2001:db8::1", "2001:db8::1"), ("unix:", None), ("", None)],
    )
    def test_where_it_was_used_from_is_kept_if_it_is_an_address(self, oauth, bot, secret, address, kept):
        answer = oauth.post(
            "/oauth/token",
            "grant_type=client_credentials",
            auth=(bot.name, secret),
            REMOTE_ADDR=address,
        )
        assert answer.status_code == 200
        assert Credential.objects.get().last_used_from == kept


@pytest.fixture
def verifications(monkeypatch):
    """How many signatures have been looked at, those that stand in for one among them."""
    counted = []
    look = algorithms.verify_signature
    monkeypatch.setattr(algorithms, "verify_signature", lambda *args: counted.append(1) or look(*args))
    return counted


# By what is wrong: an assertion, made from a good one's parts.
HOSTILE = {
    "no JWT": lambda bot, mine, foreign: "x",
    "an unknown bot": lambda bot, mine, foreign: mine.assertion("nobody"),
    "a bot without keys": lambda bot, mine, foreign: mine.assertion("other-bot"),
    "another key": lambda bot, mine, foreign: foreign.assertion(bot.name),
    "an unknown platform": lambda bot, mine, foreign: platform_token(mine, POD),
    "a wrong audience": lambda bot, mine, foreign: mine.assertion(bot.name, aud="https://x.example"),
    "no jti": lambda bot, mine, foreign: mine.assertion(bot.name, without=["jti"]),
    "a key id that nobody has": lambda bot, mine, foreign: mine.assertion(bot.name, header={"kid": "two"}),
    "another kind": lambda bot, mine, foreign: mine.assertion(bot.name, header={"typ": "at+jwt"}),
}


@pytest.mark.parametrize("wrong", HOSTILE)
def test_whatever_is_wrong_with_an_assertion_one_signature_is_looked_at(
    oauth, bot, other_bot, mine, foreign, by, verifications, wrong
):
    set_public_keys(bot=bot, jwks=mine.jwks, jwks_uri=None, by=by)
    assertion = HOSTILE[wrong](bot, mine, foreign)
    assert oauth.token(**by_assertion(assertion)).status_code == 401
    assert len(verifications) == 1


def test_whatever_is_wrong_with_a_token_one_signature_is_looked_at(oauth, bot, me, token, verifications, by):
    record = TokenRecord.objects.get()
    head, payload, signature = token.split(".")
    unknown = sign_jwt(
        {"jti": "unknown"}, key=private_keys.of(record.signing_key), alg="ES256", kid="x", typ="at+jwt"
    )
    for text in (
        "x",
        "a.b.c",
        f"{head}.{payload}.{signature[:-4]}AAAA",
        f"{head}.{payload}.",
        unknown,
        token,
    ):
        for look in (lambda: oauth.introspect(text, me), lambda: find_live_record(text)):  # noqa: B023
            verifications.clear()
            look()
            assert len(verifications) == 1, text


class ForgedTests:
    """Whoever could sign with one of our keys still says nothing that is not on record."""

    @pytest.fixture
    def forge(self, token):
        record = TokenRecord.objects.get()

        def make(*, typ="at+jwt", without=(), **changes):
            from tokens_cast import claims_in

            claims = {**claims_in(token), **changes}
            claims = {name: value for name, value in claims.items() if name not in without}
            key = record.signing_key
            return sign_jwt(claims, key=private_keys.of(key), alg=key.alg, kid=key.kid, typ=typ)

        return make

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://other.example"},
            {"iss": f"{BASE_URL}/"},
            {"aud": "https://other.example"},
            {"aud": ["https://metadata.example", "https://other.example"]},
            {"sub": "other-bot"},
            {"exp": 253402300799},
            {"iat": 1},
            {"jti": "0" * 32},
            {"typ": "JWT"},
            {"typ": "statuslist+jwt"},
            {"typ": None},
            {"without": ("iss",)},
            {"without": ("aud",)},
            {"without": ("exp",)},
            {"without": ("iat",)},
            {"without": ("sub",)},
        ],
        ids=str,
    )
    def test_a_claim_that_is_not_on_record_makes_it_no_token(self, forge, oauth, me, changes):
        assert find_record(forge())
        forged = forge(**changes)
        assert find_record(forged) is None
        assert find_live_record(forged) is None
        assert oauth.introspect(forged, me).json() == {"active": False}
        assert oauth.revoke(forged, me).status_code == 200
        assert TokenRecord.objects.get().revoked_at is None

    def test_a_console_that_has_moved_believes_none_of_its_old_tokens(self, token, settings):
        assert find_live_record(token)
        settings.BASE_URL = "https://console.example"
        assert find_live_record(token) is None

    def test_a_key_signs_for_its_own_records_only(self, token, forge, by):
        record = TokenRecord.objects.get()
        rotate_signing_key(alg="ES256", by=by)
        newer = SigningKey.objects.signing().get(alg="ES256")
        from tokens_cast import claims_in

        forged = sign_jwt(
            claims_in(token), key=private_keys.of(newer), alg="ES256", kid=newer.kid, typ="at+jwt"
        )
        assert find_record(forged) is None
        assert find_record(token) == record


class KeyTests:
    def test_a_key_that_was_compromised_while_it_waited_never_signs(self, db, by):
        waiting = list(SigningKey.objects.waiting().filter(alg="ES256"))
        compromise_signing_key(kid=waiting[0].kid, by=by)
        published = {key["kid"] for key in Client().get("/.well-known/jwks.json").json()["keys"]}
        assert waiting[0].kid not in published
        assert SigningKey.objects.waiting().filter(alg="ES256").count() == len(waiting)
        assert rotate_signing_key(alg="ES256", by=by) == waiting[1]
        waiting[0].refresh_from_db()
        assert (waiting[0].signing_from, waiting[0].private_key) == (None, "")

    def test_a_compromised_key_is_forgotten_by_the_process_too(self, token, by):
        key = TokenRecord.objects.get().signing_key
        assert private_keys._parsed.get(key.kid)
        compromise_signing_key(kid=key.kid, by=by)
        assert key.kid not in private_keys._parsed

    def test_the_seed_of_a_status_list_does_not_stand_in_the_database_in_clear(self, token):
        row = StatusList.objects.get(number=0)
        assert row.seed
        assert row.seed not in str(StatusList.objects.values())


def test_a_person_without_a_name_owns_no_bot_that_nobody_owns(db, by):
    save_bot(bot=Bot(name="nobodys-bot", owner=""), grants=None, by=by)
    nameless = get_user_model().objects.create(username="")
    client = APIClient()
    client.force_login(nameless, PASSWORD_BACKEND)
    assert client.get("/api/v1/bots").json()["results"] == []
    assert client.get("/api/v1/bots/nobodys-bot").status_code == 404


def test_who_gives_a_bot_up_reads_it_no_more(alice, people, bot, by):
    assert alice.get(f"/api/v1/bots/{bot.name}").status_code == 200
    bot.owner = "mallory"
    save_bot(bot=bot, grants=None, by=by)
    assert alice.get(f"/api/v1/bots/{bot.name}").status_code == 404


def test_a_secret_that_is_given_is_judged_by_how_random_it_looks(bot, by):
    from tokens.errors import SecretTooWeak

    for weak in ("abcde" * 7, "f3L0-wRq9.Zk2~Vb7_Tn5+Ym8=Hc1%J", "x" * 600):
        with pytest.raises(SecretTooWeak):
            add_client_secret(bot=bot, by=by, client_secret=weak)
    assert not Credential.objects.exists()
    add_client_secret(bot=bot, by=by, client_secret="f3L0-wRq9.Zk2~Vb7_Tn5+Ym8=Hc1%Jd")
    assert Credential.objects.get().hint == "f3L…%Jd"


def test_a_token_that_ends_at_once_is_over_before_it_is_used(bot, audience, by):
    from tokens.records.services import issue_token

    record, token = issue_token(bot=bot, audience=audience, scopes=None, lifetime=timedelta(seconds=1), by=by)
    assert find_live_record(token, at=record.issued_at)
    assert find_live_record(token, at=record.issued_at + timedelta(seconds=1)) is None


# What is granted afterwards, to a bot whose token says metadata.read, metadata.write and ingestor: does it count?
NARROWED = {
    "the same": ([["metadata.read", "metadata.write"], ["ingestor"]], True),
    "in another order": ([["metadata.write", "metadata.read"], ["ingestor"]], True),
    "a role more": ([["metadata.read", "metadata.write"], ["ingestor", "admin"]], True),
    "a role less": ([["metadata.read", "metadata.write"], []], False),
    "another role": ([["metadata.read", "metadata.write"], ["admin"]], False),
    "a scope less": ([["metadata.read"], ["ingestor"]], False),
    "no scope": ([[], ["ingestor"]], False),
    "nothing": (None, False),
}


@pytest.mark.parametrize("name", NARROWED)
def test_a_token_ends_when_one_thing_that_it_says_is_granted_no_more(
    bot, other_bot, audience, token, oauth, other_secret, by, name
):
    granted, counts = NARROWED[name]
    others = oauth.token((other_bot.name, other_secret)).json()["access_token"]
    save_bot(bot=bot, grants=[GrantSpec(audience, *granted)] if granted else [], by=by)
    assert (find_live_record(token) is not None) is counts
    assert find_live_record(others)


def test_a_token_that_says_less_than_was_granted_outlives_what_it_does_not_say(bot, audience, oauth, me, by):
    token = oauth.token(me, scope="metadata.read").json()["access_token"]
    save_bot(bot=bot, grants=[GrantSpec(audience, ["metadata.read"], ["ingestor"])], by=by)
    assert find_live_record(token)
