"""The services keep their promises whichever door they are called from."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone
from tokens_cast import METADATA, state

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import key_ring
from ssoconsole.platform.eventlog.models import Event
from tests.support.leaks import assert_without
from tokens import errors
from tokens.audiences import disable_audience, enable_audience, ensure_audience, save_audience
from tokens.bots.services import (
    GrantSpec,
    disable_bot,
    disable_bots_of,
    enable_bot,
    owner_waits,
    retire_bot,
    save_bot,
)
from tokens.credentials.authentication import authenticate_client
from tokens.credentials.keyless import add_federation, set_federation, set_public_keys
from tokens.credentials.services import add_client_secret, find_client_secret, retire_credential
from tokens.keys import services as keys
from tokens.models import Audience, Bot, Credential, Revocation, SigningKey, TokenRecord
from tokens.provision import provision
from tokens.records.revocation import revoke_token, revoke_tokens_of_credential
from tokens.records.services import issue_token

pytestmark = pytest.mark.django_db
GIVEN = "f3L0-wRq9.Zk2~Vb7_Tn5+Ym8=Hc1%Jd4"
HOUR = timedelta(hours=1)


# --- Credentials -------------------------------------------------------------------------------------------


def test_only_a_keyed_hash_of_a_secret_is_kept(bot, by):
    credential, secret = add_client_secret(bot=bot, by=by, label="x")
    assert credential.secret_hash == key_ring().keyed_hash(secret, purpose="client_secret")
    row = str(Credential.objects.values().get())
    assert_without(row, secret)
    assert_without(str(list(Event.objects.values())), secret)
    assert credential.hint == f"{secret[:9]}…{secret[-3:]}"
    assert credential.created_by == "user:bob"


def test_a_given_secret_works_and_is_found(bot, other_bot, by):
    credential, returned = add_client_secret(bot=bot, by=by, client_secret=GIVEN)
    assert returned == GIVEN
    assert find_client_secret(bot=bot, client_secret=GIVEN) == credential
    assert find_client_secret(bot=other_bot, client_secret=GIVEN) is None
    assert find_client_secret(bot=bot, client_secret=GIVEN + "x") is None
    retire_credential(credential=credential, by=by)
    assert find_client_secret(bot=bot, client_secret=GIVEN) is None


@pytest.mark.parametrize(
    "weak", ["", "short", "a" * 64, "abcd" * 10, "x" * 513, GIVEN + "\n", "changeme" * 4]
)
def test_a_weak_secret_is_refused(bot, by, weak):
    with pytest.raises(errors.SecretTooWeak):
        add_client_secret(bot=bot, by=by, client_secret=weak)
    assert not Credential.objects.exists()


def test_a_secret_is_never_used_twice_not_even_after_it_was_retired(bot, other_bot, by):
    credential, _ = add_client_secret(bot=bot, by=by, client_secret=GIVEN)
    for who in (bot, other_bot):
        with pytest.raises(errors.SecretInUse):
            add_client_secret(bot=who, by=by, client_secret=GIVEN)
    retire_credential(credential=credential, by=by)
    with pytest.raises(errors.SecretInUse):
        add_client_secret(bot=bot, by=by, client_secret=GIVEN)
    assert Credential.objects.count() == 1


def test_two_who_give_the_same_secret_at_once_cannot_both_win(bot, by, monkeypatch):
    def lost(self, **kwargs):
        raise IntegrityError("duplicate key")

    monkeypatch.setattr(Credential, "save", lost)
    with pytest.raises(errors.SecretInUse):
        add_client_secret(bot=bot, by=by)


def test_a_label_that_is_too_long_is_refused(bot, by):
    with pytest.raises(ValidationError):
        add_client_secret(bot=bot, by=by, label="a" * 101)


def authenticated(bot, secret, address="192.0.2.1"):
    return authenticate_client(client_id=bot.name, client_secrets=[secret], address=address)


def test_the_last_use_is_written_at_most_once_a_minute(bot, secret, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert authenticated(bot, secret).bot == bot
    first = Credential.objects.get()
    assert first.last_used_from == "192.0.2.1"
    with django_assert_num_queries(1):
        authenticated(bot, secret, "192.0.2.2")
    assert Credential.objects.get().last_used_at == first.last_used_at
    Credential.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    authenticated(bot, secret, "192.0.2.2")
    assert Credential.objects.get().last_used_from == "192.0.2.2"


def test_a_secret_survives_a_new_ring_key_and_moves_to_it(bot, secret, settings):
    old = Credential.objects.get().secret_hash
    settings.FIELD_ENCRYPTION_KEYS = ["A" * 43, *settings.FIELD_ENCRYPTION_KEYS]
    assert authenticated(bot, secret).bot == bot
    new = Credential.objects.get().secret_hash
    assert new.split(".")[0] == key_ring().newest_key_id != old.split(".")[0]
    settings.FIELD_ENCRYPTION_KEYS = ["A" * 43]
    assert authenticated(bot, secret).bot == bot


def test_a_secret_is_in_use_under_an_older_ring_key_too(bot, other_bot, by, settings):
    add_client_secret(bot=bot, by=by, client_secret=GIVEN)
    settings.FIELD_ENCRYPTION_KEYS = ["A" * 43, *settings.FIELD_ENCRYPTION_KEYS]
    with pytest.raises(errors.SecretInUse):
        add_client_secret(bot=other_bot, by=by, client_secret=GIVEN)


def public_jwks():
    return {"keys": [SigningKey.objects.first().public_jwk]}


def test_public_keys_are_replaced_as_a_whole(bot, by):
    first = set_public_keys(bot=bot, jwks=public_jwks(), jwks_uri=None, by=by)
    assert set_public_keys(bot=bot, jwks=public_jwks(), jwks_uri=None, by=by) == first
    second = set_public_keys(bot=bot, jwks=None, jwks_uri="https://bot.example/jwks.json", by=by)
    first.refresh_from_db()
    assert first.retired_at
    assert second.retired_at is None
    assert set_public_keys(bot=bot, jwks=None, jwks_uri=None, by=by) is None
    assert not Credential.objects.live(at=timezone.now()).exists()


@pytest.mark.parametrize(
    ("jwks", "jwks_uri"),
    [
        ({}, None),
        ({"keys": []}, None),
        ({"keys": [{"kty": "oct", "k": "AAAA"}]}, None),
        ({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}, None),
        ({"keys": []}, "https://bot.example/jwks.json"),
        (None, "ftp://bot.example/jwks.json"),
        (None, "https:///jwks.json"),
        (None, "https://[x/jwks.json"),
        (None, "https://bot.example/#x"),
    ],
)
def test_unusable_public_keys_are_refused(bot, by, jwks, jwks_uri):
    with pytest.raises(errors.KeysRefused):
        set_public_keys(bot=bot, jwks=jwks, jwks_uri=jwks_uri, by=by)
    assert not Credential.objects.exists()


@pytest.mark.parametrize("jwks_uri", ["https://bot.example/jwks.json", "https://bot.example/keys?x=1"])
def test_keys_and_their_address_together_are_refused(bot, by, jwks_uri):
    with pytest.raises(errors.KeysRefused, match="not both"):
        set_public_keys(bot=bot, jwks=public_jwks(), jwks_uri=jwks_uri, by=by)
    with pytest.raises(errors.KeysRefused, match="not both"):
        add_federation(bot=bot, rule=RULE, jwks=public_jwks(), jwks_uri=jwks_uri, by=by)
    assert not Credential.objects.exists()


ADDRESS = "https://bot.example/"


@pytest.mark.parametrize(
    ("jwks_uri", "is_taken"),
    [
        (ADDRESS + "x" * (512 - len(ADDRESS)), True),
        (ADDRESS + "x" * (513 - len(ADDRESS)), False),
        ("https://bot.example?keys=1", True),
        ("https://bot.example#keys", False),
        ("ftp://bot.example/jwks.json", False),
        ("HTTPS://bot.example/jwks.json", True),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_the_address_of_a_key_set_is(bot, by, jwks_uri, is_taken):
    if is_taken:
        assert set_public_keys(bot=bot, jwks=None, jwks_uri=jwks_uri, by=by).jwks_uri == jwks_uri
        return
    with pytest.raises(errors.KeysRefused):
        set_public_keys(bot=bot, jwks=None, jwks_uri=jwks_uri, by=by)


def test_of_one_key_nobody_asks_for_a_name_and_of_several_for_one_each(bot, by):
    one, other = (SigningKey.objects.filter(alg=alg).first().public_jwk for alg in ("ES256", "EdDSA"))
    nameless = {name: value for name, value in one.items() if name != "kid"}
    assert set_public_keys(bot=bot, jwks={"keys": [nameless]}, jwks_uri=None, by=by)
    for named in ([nameless, other | {"kid": "b"}], [one | {"kid": "a"}, other | {"kid": "a"}]):
        with pytest.raises(errors.KeysRefused, match="kid of its own"):
            set_public_keys(bot=bot, jwks={"keys": named}, jwks_uri=None, by=by)
    named = [one | {"kid": "a"}, other | {"kid": "b"}]
    assert set_public_keys(bot=bot, jwks={"keys": named}, jwks_uri=None, by=by)


def test_a_private_key_is_refused_as_a_public_one(bot, by):
    jwks = public_jwks()
    jwks["keys"][0]["d"] = "AAAA"
    with pytest.raises(errors.KeysRefused, match="compromised"):
        set_public_keys(bot=bot, jwks=jwks, jwks_uri=None, by=by)


def test_plain_http_is_for_development(bot, by, settings):
    settings.ALLOW_LOOPBACK_PROVIDERS = False
    with pytest.raises(errors.KeysRefused):
        set_public_keys(bot=bot, jwks=None, jwks_uri="http://bot.example/jwks.json", by=by)
    with pytest.raises(errors.RuleTooWide):
        set_federation(bot=bot, rules=[{**RULE, "issuer": "http://idp.example"}], by=by)


RULE = {
    "issuer": "https://idp.example",
    "audience": "https://console.example",
    "subject": "a:b",
    "claims": {},
}


def test_federation_rules_are_replaced_as_a_whole(bot, by):
    (first,) = set_federation(bot=bot, rules=[RULE], by=by)
    other = {**RULE, "subject": "c:d", "claims": {"ref": "main"}}
    kept, added = set_federation(bot=bot, rules=[RULE, other], by=by)
    assert (kept, added.trust) == (first, other)
    set_federation(bot=bot, rules=[other], by=by)
    first.refresh_from_db()
    assert first.retired_at


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"subject": "*"}, errors.RuleTooWide),
        ({"subject": ""}, errors.RuleTooWide),
        ({"subject": " ** "}, errors.RuleTooWide),
        ({"audience": ""}, errors.RuleTooWide),
        ({"audience": None}, errors.RuleInvalid),
        ({"issuer": ""}, errors.RuleInvalid),
        ({"issuer": "https://"}, errors.RuleInvalid),
        ({"issuer": "https://[x"}, errors.RuleInvalid),
        ({"issuer": 7}, errors.RuleInvalid),
        ({"issuer": "https://idp.example/?x=1"}, errors.RuleInvalid),
        ({"issuer": "https://idp.example?x=1"}, errors.RuleInvalid),
        ({"issuer": "https://idp.example/#x"}, errors.RuleInvalid),
        ({"issuer": "https://idp.example#x"}, errors.RuleInvalid),
        ({"issuer": "ftp://idp.example"}, errors.RuleInvalid),
        ({"issuer": "//idp.example"}, errors.RuleInvalid),
        ({"issuer": "idp.example"}, errors.RuleInvalid),
        ({"issuer": "https://idp.example/" + "x" * 493}, errors.RuleInvalid),
        ({"subject": "a:" + "b" * 511}, errors.RuleInvalid),
        ({"audience": "a" * 513}, errors.RuleInvalid),
        ({"claims": {"a": "b" * 513}}, errors.RuleInvalid),
        ({"claims": {"a" * 513: "b"}}, errors.RuleInvalid),
        ({"claims": {"a": ""}}, errors.RuleInvalid),
        ({"claims": {"": "b"}}, errors.RuleInvalid),
        ({"claims": ["a"]}, errors.RuleInvalid),
        ({"claims": {"a": 1}}, errors.RuleInvalid),
        ({"claims": "x"}, errors.RuleInvalid),
        ({"sub": "x"}, errors.RuleInvalid),
    ],
)
def test_a_rule_too_wide_or_broken_is_refused(bot, by, change, error):
    with pytest.raises(error):
        set_federation(bot=bot, rules=[RULE, {**RULE, **change}], by=by)
    assert not Credential.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://idp.example/" + "x" * 492},
        {"subject": "a:" + "b" * 510},
        {"audience": "a" * 512},
        {"claims": {"a" * 512: "b" * 512}},
        {"claims": None},
    ],
    ids=lambda change: str(change)[:30],
)
def test_a_rule_as_long_as_it_may_be_is_kept_to_the_letter(bot, by, change):
    (credential,) = set_federation(bot=bot, rules=[{**RULE, **change}], by=by)
    assert credential.trust == {**RULE, **change, "claims": change.get("claims") or {}}


def test_a_rule_without_audience_is_too_wide(bot, by):
    rule = {name: value for name, value in RULE.items() if name != "audience"}
    with pytest.raises(errors.RuleTooWide):
        set_federation(bot=bot, rules=[rule], by=by)


def test_a_retired_bot_gets_no_credential(bot, by):
    retire_bot(bot=bot, by=by)
    for add in (
        lambda: add_client_secret(bot=bot, by=by),
        lambda: set_public_keys(bot=bot, jwks=public_jwks(), jwks_uri=None, by=by),
        lambda: set_federation(bot=bot, rules=[RULE], by=by),
    ):
        with pytest.raises(errors.BotRetired):
            add()


# --- Bots and audiences ------------------------------------------------------------------------------------


def test_states_change_once_and_the_first_stays_on_record(bot, audience, by):
    carol = Actor("user", "carol")
    for disable, enable, row, argument in (
        (disable_bot, enable_bot, bot, "bot"),
        (disable_audience, enable_audience, audience, "audience"),
    ):
        assert disable(**{argument: row}, by=by) is True
        assert disable(**{argument: row}, by=carol) is False
        assert row.disabled_by == "user:bob"
        assert enable(**{argument: row}, by=by) is True
        assert enable(**{argument: row}, by=by) is False
    add_client_secret(bot=bot, by=by)
    assert retire_bot(bot=bot, by=by) is True
    assert not Credential.objects.filter(bot=bot).live(at=timezone.now()).exists()
    assert retire_bot(bot=bot, by=carol) is False
    assert bot.disabled_by == "user:bob"
    with pytest.raises(errors.BotRetired):
        enable_bot(bot=bot, by=by)
    assert Event.objects.filter(action="bot_disabled").count() == 1
    assert Event.objects.filter(action="bot_retired").count() == 1


@pytest.mark.parametrize(
    ("owner", "stopped"), [("alice@corp.example", 1), ("ALICE@corp.example", 1), ("", 0), ("bob", 0)]
)
def test_with_an_owner_his_bots_are_stopped_and_no_others(bot, other_bot, by, owner, stopped):
    assert other_bot.owner == ""
    assert disable_bots_of(owner=owner, by=by) == stopped
    assert Bot.objects.filter(disabled_at__isnull=False).count() == stopped


@pytest.mark.parametrize(("aside", "waits"), [(-1, False), (0, False), (1, True)])
def test_an_account_that_is_younger_than_its_being_named_owns_nothing_yet(bot, aside, waits):
    joined = bot.owner_named_at + timedelta(microseconds=aside)
    User.objects.create(username=bot.owner, date_joined=joined)
    assert owner_waits(bot) is waits


def test_a_name_that_somebody_takes_at_the_same_time_is_taken(bot, by, monkeypatch):
    monkeypatch.setattr("tokens.bots.services.check_name_is_free", lambda bot: None)
    with pytest.raises(errors.BotNameTaken):
        save_bot(bot=Bot(name="ingestion-bot"), grants=None, by=by)
    monkeypatch.setattr("tokens.audiences.check_change", lambda audience, before: None)
    monkeypatch.setattr(Audience, "full_clean", lambda self: None)
    with pytest.raises(errors.AudienceTaken):
        save_audience(audience=Audience(identifier=METADATA, name="x"), by=by)


def test_grants_stay_when_they_are_not_named(bot, by):
    bot.description = "Other"
    save_bot(bot=bot, grants=None, by=by)
    assert bot.grants.count() == 1


@pytest.mark.parametrize("networks", ["10.0.0.0/8", [7], [None], ["10.0.0.0/33"], [""]])
def test_networks_that_are_none_are_refused(bot, by, networks):
    bot.allowed_networks = networks
    with pytest.raises(errors.NetworkInvalid):
        save_bot(bot=bot, grants=None, by=by)


def test_ensuring_an_audience_finds_the_one_that_is_there(audience, by, monkeypatch):
    assert ensure_audience(identifier=METADATA, name="x", scopes=[], by=by) == audience

    class Late:
        """The other one commits between the look and the write."""

        def first(self):
            monkeypatch.undo()

    monkeypatch.setattr(Audience.objects, "filter", lambda **kwargs: Late(), raising=False)
    assert ensure_audience(identifier=METADATA, name="x", scopes=[], by=by) == audience


def test_another_audience_is_added_and_changed_while_tokens_of_the_first_are_out(bot, audience, by):
    issue_token(bot=bot, audience=audience, scopes=None, lifetime=HOUR, by=by)
    other = save_audience(audience=Audience(identifier="https://other.example", name="Other"), by=by)
    other.identifier, other.profile = "https://another.example", "openmetadata"
    save_audience(audience=other, by=by)
    assert Audience.objects.get(pk=other.pk).identifier == "https://another.example"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"identifier": "https://another.example"}, errors.IdentifierImmutable),
        ({"identifier": METADATA.upper()}, errors.TokensError),
        ({"profile": "openmetadata"}, errors.ProfileInUse),
    ],
)
def test_what_tokens_that_are_out_say_stays_true(bot, audience, by, change, error):
    issue_token(bot=bot, audience=audience, scopes=None, lifetime=HOUR, by=by)
    for name, value in change.items():
        setattr(audience, name, value)
    with pytest.raises(error):
        save_audience(audience=audience, by=by)
    audience.refresh_from_db()
    assert (audience.identifier, audience.profile) == (METADATA, "rfc9068")


def test_once_all_of_them_have_ended_the_profile_may_be_another_and_never_the_name(bot, audience, by):
    record, _ = issue_token(bot=bot, audience=audience, scopes=None, lifetime=HOUR, by=by)
    revoke_token(record=record, by=by)
    audience.profile = "openmetadata"
    save_audience(audience=audience, by=by)
    audience.identifier = "https://another.example"
    with pytest.raises(errors.IdentifierImmutable):
        save_audience(audience=audience, by=by)
    audience.refresh_from_db()
    assert (audience.identifier, audience.profile) == (METADATA, "openmetadata")


@pytest.mark.parametrize(("usual", "is_taken"), [(3600, True), (3601, False), (None, True)])
def test_the_usual_lifetime_is_no_longer_than_the_longest(by, usual, is_taken):
    audience = Audience(
        identifier="https://a.example",
        name="A",
        token_lifetime=usual or 3600,
        max_token_lifetime=3600 if usual else None,
    )
    if is_taken:
        save_audience(audience=audience, by=by)
        return
    with pytest.raises(errors.LifetimeTooLong):
        save_audience(audience=audience, by=by)


def test_an_audience_saved_without_a_change_is_no_event(audience, by):
    before = Event.objects.count()
    save_audience(audience=audience, by=by)
    assert Event.objects.count() == before


def test_an_audience_whose_scopes_are_no_list_is_refused(audience, by):
    audience.scopes = "metadata.read"
    with pytest.raises(errors.UnknownScope):
        save_audience(audience=audience, by=by)


# --- Issuing and revoking ----------------------------------------------------------------------------------


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=-1), timedelta(milliseconds=500)])
def test_a_lifetime_is_at_least_a_second(bot, audience, by, lifetime):
    with pytest.raises(errors.LifetimeInvalid):
        issue_token(bot=bot, audience=audience, scopes=None, lifetime=lifetime, by=by)


def test_the_longest_lifetime_itself_is_allowed(bot, audience, by):
    longest = timedelta(seconds=audience.max_token_lifetime)
    record, _ = issue_token(bot=bot, audience=audience, scopes=None, lifetime=longest, by=by)
    assert record.expires_at - record.issued_at == longest


def test_an_api_without_a_grant_gives_nothing(bot, console, by):
    before = state()
    with pytest.raises(errors.NotGranted):
        issue_token(bot=bot, audience=console, scopes=None, lifetime=HOUR, by=by)
    assert state() == before


def test_no_scopes_is_not_all_scopes(bot, audience, by):
    record, _ = issue_token(bot=bot, audience=audience, scopes=[], lifetime=HOUR, by=by)
    assert record.scopes == []


def test_a_token_of_a_bot_disabled_meanwhile_does_not_count(bot, audience, by):
    stale = Bot.objects.get(pk=bot.pk)
    disable_bot(bot=bot, by=by)
    record, _ = issue_token(bot=stale, audience=audience, scopes=None, lifetime=HOUR, by=by)
    assert not TokenRecord.objects.live(at=timezone.now()).filter(pk=record.pk).exists()


@pytest.mark.parametrize("by", [Actor("user", "ingestion-bot"), Actor("bot", "other-bot")])
def test_a_token_from_anybody_but_the_bot_itself_is_an_event(bot, audience, by):
    issue_token(bot=bot, audience=audience, scopes=None, lifetime=HOUR, by=Actor("bot", bot.name))
    assert not Event.objects.filter(action="token_issued").exists()
    issue_token(bot=bot, audience=audience, scopes=None, lifetime=HOUR, by=by)
    assert Event.objects.get(action="token_issued").actor == str(by)


def test_an_issued_token_is_on_record_with_all_that_it_says(bot, audience, by):
    record, _ = issue_token(
        bot=bot, audience=audience, scopes=["metadata.read"], lifetime=HOUR, label="x", by=by
    )
    assert (record.issued_at.microsecond, record.expires_at - record.issued_at) == (0, HOUR)
    event = Event.objects.get(action="token_issued")
    assert (event.actor, event.target) == ("user:bob", bot.name)
    assert event.after == {
        "jti": record.jti,
        "audience": METADATA,
        "scopes": ["metadata.read"],
        "label": "x",
        "kid": record.signing_key.kid,
        "expires_at": record.expires_at.isoformat(),
    }


def test_what_was_revoked_together_is_on_record_with_why(bot, audience, by):
    issue_token(bot=bot, audience=audience, scopes=None, lifetime=HOUR, by=by)
    save_bot(bot=bot, grants=[GrantSpec(audience, ["metadata.read"])], by=by)
    event = Event.objects.get(action="tokens_revoked")
    assert (event.target, event.after) == (bot.name, {"count": 1, "why": "grants narrowed"})


def test_more_tokens_than_a_statement_takes_are_revoked_with_a_narrowed_grant(bot, audience, by, monkeypatch):
    monkeypatch.setattr("tokens.records.revocation.IN_ONE_STATEMENT", 2)
    for _ in range(5):
        issue_token(bot=bot, audience=audience, scopes=None, lifetime=timedelta(hours=1), by=by)
    save_bot(bot=bot, grants=[], by=by)
    assert Revocation.objects.count() == 5
    assert Event.objects.get(action="tokens_revoked").after["count"] == 5


def test_what_was_fetched_by_one_credential_goes_without_what_was_fetched_by_another(bot, audience, by):
    credentials = [add_client_secret(bot=bot, label=label, by=by)[0] for label in ("a", "b")]
    for credential in (*credentials, None):
        issue_token(bot=bot, audience=audience, scopes=None, lifetime=HOUR, credential=credential, by=by)
    assert revoke_tokens_of_credential(credential=credentials[0], by=by) == 1
    assert TokenRecord.objects.get(revocation__isnull=False).credential == credentials[0]
    event = Event.objects.get(action="tokens_revoked")
    shown = {"id": str(credentials[0].pk), "kind": "client_secret", "label": "a"}
    assert (event.target, event.after) == (bot.name, {"count": 1, "credential": shown})


def test_the_jwt_is_kept_nowhere(bot, audience, by):
    _, token = issue_token(bot=bot, audience=audience, scopes=None, lifetime=HOUR, by=by, label="x")
    signature = token.rsplit(".", 1)[1]
    assert_without(state(), signature)


def test_the_first_revoker_stays_on_record(bot, audience, by):
    record, _ = issue_token(bot=bot, audience=audience, scopes=None, lifetime=HOUR, by=by)
    assert revoke_token(record=record, by=by) is True
    assert revoke_token(record=record, by=Actor("user", "carol")) is False
    assert TokenRecord.objects.get().revoked_by == "user:bob"


# --- Signing keys ------------------------------------------------------------------------------------------


def test_one_key_signs_and_the_next_ones_wait(by):
    for alg in Audience.Algorithm.values:
        key = keys.ensure_signing_key(alg=alg, by=by)
        assert keys.ensure_signing_key(alg=alg, by=by) == key
        waiting = list(SigningKey.objects.waiting().filter(alg=alg))
        assert SigningKey.objects.filter(alg=alg).count() == 1 + len(waiting) == 3
        assert keys.rotate_signing_key(alg=alg, by=by) == waiting[0]


def test_the_private_half_is_encrypted(by):
    raw = str(list(SigningKey.objects.values_list("private_key", flat=True)))
    assert "PRIVATE KEY" not in raw


def test_two_who_make_the_first_key_at_once_agree_on_one(by, monkeypatch):
    key = SigningKey.objects.signing().get(alg="ES256")
    first = SigningKey.objects.signing().filter(alg="ES256")
    monkeypatch.setattr(type(first), "first", lambda self: None, raising=False)
    monkeypatch.setattr(keys, "_promote_next", _promote_another)
    assert keys.ensure_signing_key(alg="ES256", by=by) == key


def _promote_another(*, alg, by, at):
    raise IntegrityError("one_signing_key_per_algorithm")


def test_the_database_lets_one_key_sign_per_algorithm(by):
    waiting = SigningKey.objects.waiting().filter(alg="ES256")[0]
    waiting.signing_from = timezone.now()
    with pytest.raises(IntegrityError):
        waiting.save()


def test_a_key_that_signed_a_token_without_end_verifies_for_ever(bot, audience, by):
    Audience.objects.update(max_token_lifetime=None)
    record, _ = issue_token(bot=Bot.objects.get(), audience=audience, scopes=None, lifetime=None, by=by)
    keys.rotate_signing_key(alg="ES256", by=by)
    assert SigningKey.objects.get(pk=record.signing_key_id).verify_until is None


def test_a_key_verifies_until_the_last_of_its_tokens_ends(bot, audience, by):
    Audience.objects.update(max_token_lifetime=None)
    days = timedelta(days=400)
    record, _ = issue_token(bot=Bot.objects.get(), audience=audience, scopes=None, lifetime=days, by=by)
    keys.rotate_signing_key(alg="ES256", by=by)
    assert SigningKey.objects.get(pk=record.signing_key_id).verify_until == record.expires_at


def test_a_key_is_compromised_once_and_replaced_at_once(by):
    bad = SigningKey.objects.signing().get(alg="ES256")
    new = keys.compromise_signing_key(kid=bad.kid, by=by)
    assert new != bad
    assert keys.compromise_signing_key(kid=bad.kid, by=by) == new
    assert Event.objects.filter(action="signing_key_compromised").count() == 1
    waiting = SigningKey.objects.waiting().filter(alg="ES256")[0]
    assert keys.compromise_signing_key(kid=waiting.kid, by=by) == new
    left = SigningKey.objects.waiting().filter(alg="ES256")
    assert waiting not in left
    assert len(left) == keys.KEYS_AHEAD


def test_parsed_keys_are_bounded(by, monkeypatch):
    from ssoconsole.platform.jose import keys

    monkeypatch.setattr(keys, "MOST", 1)
    cache = keys.ParsedKeys(lambda key: key.kid)
    one, two = SigningKey.objects.all()[:2]
    assert [cache.of(one), cache.of(two), cache.of(one)] == [one.kid, two.kid, one.kid]


# --- Provisioning ------------------------------------------------------------------------------------------


def test_provisioning_changes_nothing_the_second_time(console):
    before = [list(model.objects.order_by("pk").values()) for model in (SigningKey, Audience, Event)]
    provision()
    assert [list(model.objects.order_by("pk").values()) for model in (SigningKey, Audience, Event)] == before
    assert console.scopes == ["console.read", "console.write"]


def test_provisioning_leaves_what_an_administrator_changed(console):
    Audience.objects.filter(pk=console.pk).update(scopes=["console.read"], name="Ours")
    provision()
    console.refresh_from_db()
    assert (console.scopes, console.name) == (["console.read"], "Ours")


def test_provisioning_waits_for_the_tables(monkeypatch):
    SigningKey.objects.all().delete()
    monkeypatch.setattr("tokens.provision._tables_exist", lambda using: False)
    provision()
    assert not SigningKey.objects.exists()
