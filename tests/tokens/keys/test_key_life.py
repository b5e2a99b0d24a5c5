"""One key after the other: nobody is given a token that his copy of the key set cannot verify."""

import re
import warnings
from datetime import timedelta

import jwt
import pytest
import requests
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from joserfc import jwt as joserfc_jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import KeySet

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret
from tokens.keys.services import (
    KEYS_AHEAD,
    PUBLISHED_AHEAD,
    compromise_signing_key,
    drop_gone_keys,
    rotate_signing_key,
    rotation_possible_from,
    verify_for_ever,
)
from tokens.models import Audience, Bot, SigningKey, TokenRecord
from tokens.provision import provision
from tokens.records.services import drop_old_records

pytestmark = pytest.mark.django_db
BY = Actor("user", "bob")


def signing():
    return SigningKey.objects.signing().get(alg="ES256")


def rotated_while_possible():
    """The key that signs when all that were published ahead have had their turn."""
    return [rotate_signing_key(alg="ES256", by=BY) for _ in range(KEYS_AHEAD)][-1]


def key_set():
    return {key["kid"]: jwt.PyJWK(key) for key in Client().get("/.well-known/jwks.json").json()["keys"]}


def verifies(token, copy):
    kid = jwt.get_unverified_header(token)["kid"]
    return kid in copy and jwt.decode(
        token, copy[kid], algorithms=["ES256"], audience="https://metadata.example"
    )


def test_a_key_is_published_for_longer_than_anybody_keeps_the_key_set():
    told = Client().get("/.well-known/jwks.json")["Cache-Control"]
    assert timedelta(seconds=int(re.search(r"max-age=(\d+)", told)[1])) <= PUBLISHED_AHEAD


def test_a_rotation_soon_after_another_takes_the_second_key_that_everybody_has():
    copy = key_set()
    kids = {signing().kid, *(rotate_signing_key(alg="ES256", by=BY).kid for _ in range(KEYS_AHEAD))}
    assert len(kids) == 1 + KEYS_AHEAD
    assert kids <= copy.keys()


def test_a_rotation_to_a_key_that_nobody_has_yet_changes_nothing():
    first = rotated_while_possible()
    before = list(SigningKey.objects.order_by("pk").values())
    assert rotate_signing_key(alg="ES256", by=BY) == first
    assert list(SigningKey.objects.order_by("pk").values()) == before
    assert Event.objects.filter(action="signing_key_rotated").count() == KEYS_AHEAD


def test_the_next_key_signs_from_the_moment_that_everybody_has_it():
    first = rotated_while_possible()
    since = rotation_possible_from(alg="ES256")
    with time_machine.travel(since - timedelta(seconds=1), tick=False):
        assert rotate_signing_key(alg="ES256", by=BY) == first
    with time_machine.travel(since, tick=False):
        assert rotate_signing_key(alg="ES256", by=BY) != first


def test_no_copy_of_the_key_set_is_too_old_for_a_good_token(oauth, me):
    now = timezone.now()
    copies, tokens = [], []
    for _ in range(
        20
    ):  # every two minutes, four hundred seconds between a copy and the end of its use at most
        now += timedelta(seconds=120)
        with time_machine.travel(now, tick=False):
            rotate_signing_key(alg="ES256", by=BY)
            tokens.append(oauth.token(me).json()["access_token"])
            copies = [copy for copy in copies if copy[0] >= now - timedelta(seconds=300)]
            copies.append((now, key_set()))
            assert all(verifies(tokens[-1], copy) for _, copy in copies)
            assert all(verifies(token, copies[-1][1]) for token in tokens)
    assert len({jwt.get_unverified_header(token)["kid"] for token in tokens}) > 3


def test_the_command_says_why_nothing_was_rotated(capsys):
    rotated_while_possible()
    call_command("rotate_signing_key")
    kid = capsys.readouterr().out
    call_command("rotate_signing_key")
    printed = capsys.readouterr()
    assert printed.out == kid
    assert "was not rotated" in printed.err


def test_a_compromise_does_not_wait_for_anybody():
    first = rotate_signing_key(alg="ES256", by=BY)
    assert compromise_signing_key(kid=first.kid, by=BY) not in (first, None)
    assert signing() != first


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_after_a_compromise_the_next_key_of_its_own_algorithm_signs(alg, capsys):
    rotate_signing_key(alg="RS256", by=BY)  # the first of this algorithm that signs
    lost = SigningKey.objects.signing().get(alg=alg)
    others = set(SigningKey.objects.signing().exclude(alg=alg))
    assert others
    call_command("rotate_signing_key", compromised=lost.kid)
    now_signing = SigningKey.objects.signing().get(alg=alg)
    assert now_signing != lost
    assert capsys.readouterr().out == f"kid: {now_signing.kid}\n"
    assert set(SigningKey.objects.signing().exclude(alg=alg)) == others


@pytest.mark.parametrize(
    "end",
    [
        lambda key: rotate_signing_key(alg="ES256", by=BY),
        lambda key: compromise_signing_key(kid=key.kid, by=BY),
    ],
)
def test_the_private_half_is_erased_when_a_key_signs_no_more(end):
    old = signing()
    end(old)
    assert not SigningKey.objects.get(pk=old.pk).private_key
    assert SigningKey.objects.get(pk=signing().pk).private_key


def test_a_token_without_end_that_was_on_its_way_keeps_its_key(token):
    record = TokenRecord.objects.get()
    rotate_signing_key(alg="ES256", by=BY)
    assert SigningKey.objects.get(pk=record.signing_key_id).verify_until
    verify_for_ever(record)
    assert SigningKey.objects.get(pk=record.signing_key_id).verify_until is None
    verify_for_ever(TokenRecord(signing_key=signing()))
    assert signing().state(at=timezone.now()) == "signing"


def test_a_key_that_signs_has_no_end_whatever_a_token_without_end_asks_for(token):
    record, end = TokenRecord.objects.get(), timezone.now() + timedelta(days=9)
    SigningKey.objects.filter(pk=record.signing_key_id).update(verify_until=end)
    verify_for_ever(record)
    assert SigningKey.objects.get(pk=record.signing_key_id).verify_until == end


def test_a_gone_key_is_dropped_when_no_record_names_it(token):
    old = signing()
    rotate_signing_key(alg="ES256", by=BY)
    old.refresh_from_db()
    assert drop_gone_keys(at=old.verify_until - timedelta(seconds=1), by=BY) == 0
    assert drop_gone_keys(at=old.verify_until, by=BY) == 0  # the record of its token is still there
    TokenRecord.objects.all().delete()
    assert drop_gone_keys(at=old.verify_until, by=BY) == 1
    assert not SigningKey.objects.filter(pk=old.pk).exists()
    assert Event.objects.get(action="signing_key_dropped").target == old.kid


def test_records_go_long_after_the_end_and_those_without_an_end_never(token, bot, audience):
    old = TokenRecord.objects.get()
    endless = TokenRecord.objects.get()
    endless.pk, endless.jti, endless.expires_at = None, "endless", None
    endless.save(force_insert=True)
    keep = timedelta(days=90)
    assert drop_old_records(at=old.expires_at + keep, keep=keep) == 0
    assert drop_old_records(at=old.expires_at + keep + timedelta(seconds=1), keep=keep) == 1
    assert TokenRecord.objects.get() == endless


ALGORITHMS = ("ES256", "RS256", "EdDSA")


def served_by(alg):
    """A new audience with this algorithm, which nothing has signed with yet."""
    return Audience(identifier=f"https://{alg.lower()}.example", name=alg, scopes=["read"], signing_alg=alg)


class FirstKeyTests:
    """The keys of every algorithm are there before anybody needs them."""

    def test_the_keys_of_every_algorithm_are_published_after_migrate(self):
        algorithms = [key["alg"] for key in Client().get("/.well-known/jwks.json").json()["keys"]]
        assert {alg: algorithms.count(alg) for alg in ALGORITHMS} == {"ES256": 3, "RS256": 2, "EdDSA": 2}
        assert set(Audience.Algorithm.values) == set(ALGORITHMS)

    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_key_sets_fetched_before_a_new_audiences_first_token_verify_it(self, live_server, oauth, by, alg):
        url = f"{live_server.url}/.well-known/jwks.json"
        pyjwt = jwt.PyJWKClient(url, lifespan=300)
        pyjwt.get_jwk_set()
        joserfc = KeySet.import_key_set(requests.get(url, timeout=10).json())

        audience = save_audience(audience=served_by(alg), by=by)
        bot = save_bot(bot=Bot(name="first-bot"), grants=[GrantSpec(audience, ["read"])], by=by)
        _, secret = add_client_secret(bot=bot, by=by)
        token = oauth.token((bot.name, secret)).json()["access_token"]

        pyjwt.fetch_data = lambda: pytest.fail("the key set was fetched again")
        key = pyjwt.get_signing_key_from_jwt(token)
        assert jwt.decode(token, key, algorithms=[alg], audience=audience.identifier)["sub"] == bot.name
        with warnings.catch_warnings(action="ignore", category=SecurityWarning):  # of the name EdDSA
            assert joserfc_jwt.decode(token, joserfc, algorithms=[alg]).claims["sub"] == bot.name

    @pytest.mark.parametrize("alg", ["RS256", "EdDSA"])
    def test_a_key_published_just_now_signs_nothing_before_everybody_has_it(self, oauth, me, audience, alg):
        SigningKey.objects.filter(alg=alg).delete()  # as in a database from before there were such keys
        provision()
        Audience.objects.filter(pk=audience.pk).update(signing_alg=alg)
        before = list(SigningKey.objects.order_by("pk").values())
        answer = oauth.token(me)
        assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
        with pytest.raises(CommandError, match="not every API has it before"):
            call_command("rotate_signing_key", "--alg", alg)
        assert list(SigningKey.objects.order_by("pk").values()) == before
        assert not TokenRecord.objects.exists()
        with time_machine.travel(timezone.now() + PUBLISHED_AHEAD - timedelta(seconds=10), tick=False):
            assert oauth.token(me).status_code == 503
        copy = key_set()
        with time_machine.travel(timezone.now() + PUBLISHED_AHEAD, tick=False):
            assert jwt.get_unverified_header(oauth.token(me).json()["access_token"])["kid"] in copy

    def test_a_new_audience_finds_keys_where_there_were_none(self, by):
        SigningKey.objects.filter(alg="RS256").delete()
        save_audience(audience=served_by("RS256"), by=by)
        assert SigningKey.objects.waiting().filter(alg="RS256").count() == KEYS_AHEAD
        assert not SigningKey.objects.signing().filter(alg="RS256").exists()

    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_a_compromise_leaves_keys_of_the_algorithm_published(self, alg):
        for key in SigningKey.objects.verifying(at=timezone.now()).filter(alg=alg).order_by("-signing_from"):
            compromise_signing_key(kid=key.kid, by=BY)
            assert SigningKey.objects.waiting().filter(alg=alg).count() == KEYS_AHEAD
        assert SigningKey.objects.signing().filter(alg=alg).exists() is (alg == "ES256")

    def test_a_console_is_ready_with_one_key_that_signs(self):
        assert Client().get("/readyz").status_code == 200
        SigningKey.objects.signing().update(retired_at=timezone.now())
        assert Client().get("/readyz").json()["checks"]["signing_key"] == "missing"
