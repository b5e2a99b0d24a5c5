"""
A failure in the middle leaves nothing half-done, and who comes second changes nothing.

Each write is stopped where its event is to be written: what is not on record has not happened.
"""

from datetime import timedelta

import pytest
from assertions import Signer
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone
from tokens_cast import METADATA, problem
from tokens_rights import everything

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.support.faults import event_refused, just_before
from tests.support.records import fits
from tokens import remote_keys
from tokens.audiences import disable_audience, enable_audience, save_audience
from tokens.bots.services import (
    GrantSpec,
    confirm_owner,
    disable_bot,
    disable_bots_of,
    enable_bot,
    retire_bot,
    save_bot,
)
from tokens.credentials.keyless import add_federation, set_federation, set_public_keys
from tokens.credentials.retirement import retire_secrets_under, retire_unused_credentials
from tokens.credentials.services import add_client_secret, retire_credential
from tokens.keys.importing import import_signing_key
from tokens.keys.services import (
    compromise_signing_key,
    drop_gone_keys,
    ensure_signing_key,
    rotate_signing_key,
)
from tokens.models import Audience, Bot, Credential, Grant, RemoteKeys, Revocation, SigningKey, TokenRecord
from tokens.records import revocation
from tokens.records.services import issue_token
from tokens.remote_keys import Source, fetch_keys
from tokens.status.services import ensure_status_list

FROM = "203.0.113.9"
BOB, CAROL = Actor("user", "bob", FROM), Actor("user", "carol")
RULE = {"issuer": "https://idp.example", "audience": "https://c.example", "subject": "a:b", "claims": {}}
OTHER_RULE = {**RULE, "subject": "c:d"}
PUBLIC = (
    ec.generate_private_key(ec.SECP256R1())
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)
NEVER = timezone.now().replace(year=2001)


@pytest.fixture
def scene(bot, audience, token):
    return TokenRecord.objects.select_related("bot", "audience", "credential", "signing_key").get()


def renamed(audience):
    audience.name = "Another"
    return save_audience(audience=audience, by=BOB)


def unused(record):
    Credential.objects.update(retire_after_unused_days=1, last_used_at=NEVER, created_at=NEVER)
    return lambda: retire_unused_credentials(at=timezone.now(), by=BOB)


def gone(record):
    for _ in range(2):
        import_signing_key(raw=_another_public_key(), kid=None, by=BOB)
    SigningKey.objects.exclude(retired_at=None).update(verify_until=NEVER)
    return lambda: drop_gone_keys(at=timezone.now(), by=BOB)


def _another_public_key():
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def replaced_keys(record):
    set_public_keys(bot=record.bot, jwks=Signer().jwks, jwks_uri=None, by=BOB)
    return lambda: set_public_keys(bot=record.bot, jwks=Signer().jwks, jwks_uri=None, by=BOB)


def waits_for_her(record):
    bot = record.bot
    User.objects.create(username=bot.owner, date_joined=bot.owner_named_at + timedelta(seconds=1))
    return lambda: confirm_owner(bot=bot, by=BOB)


def under_another_key(record):
    hashed = Credential.objects.get().secret_hash.partition(".")[2]
    Credential.objects.update(secret_hash=f"0a1b2c3d.{hashed}")
    return lambda: retire_secrets_under(key_id="0a1b2c3d", at=timezone.now(), by=BOB)


def replaced_rules(record):
    set_federation(bot=record.bot, rules=[RULE], by=BOB)
    return lambda: set_federation(bot=record.bot, rules=[OTHER_RULE], by=BOB)


# What is done, and the event at which the database fails. A function of the token's record that returns what
# is to be done makes the scene first.
DEEDS = {
    "revoke a token": ("token_revoked", lambda r: lambda: revocation.revoke_token(record=r, by=BOB)),
    "revoke a bot's": (
        "tokens_revoked",
        lambda r: lambda: revocation.revoke_tokens_of_bot(bot=r.bot, by=BOB),
    ),
    "revoke a secret's": (
        "tokens_revoked",
        lambda r: lambda: revocation.revoke_tokens_of_credential(credential=r.credential, by=BOB),
    ),
    "revoke an audience's": (
        "tokens_revoked",
        lambda r: lambda: revocation.revoke_tokens_of_audience(audience=r.audience, by=BOB),
    ),
    "narrow a bot": ("tokens_revoked", lambda r: lambda: save_bot(bot=r.bot, grants=[], by=BOB)),
    "change a bot": (
        "bot_changed",
        lambda r: lambda: save_bot(bot=r.bot, grants=[GrantSpec(r.audience, [])], by=BOB),
    ),
    "create a bot": (
        "bot_created",
        lambda r: lambda: save_bot(bot=Bot(name="new"), grants=[GrantSpec(r.audience, [])], by=BOB),
    ),
    "disable a bot": ("bot_disabled", lambda r: lambda: disable_bot(bot=r.bot, by=BOB)),
    "enable a bot": (
        "bot_enabled",
        lambda r: disable_bot(bot=r.bot, by=BOB) and (lambda: enable_bot(bot=r.bot, by=BOB)),
    ),
    "retire a bot": ("bot_retired", lambda r: lambda: retire_bot(bot=r.bot, by=BOB)),
    "confirm an owner": ("bot_owner_confirmed", waits_for_her),
    "disable an owner's": (
        "bot_disabled",
        lambda r: lambda: disable_bots_of(owner="ALICE@corp.example", by=BOB),
    ),
    "change an audience": ("audience_changed", lambda r: lambda: renamed(r.audience)),
    "create an audience": (
        "audience_created",
        lambda r: lambda: save_audience(audience=Audience(identifier="https://n.example", name="N"), by=BOB),
    ),
    "disable an audience": (
        "audience_disabled",
        lambda r: lambda: disable_audience(audience=r.audience, by=BOB),
    ),
    "enable an audience": (
        "audience_enabled",
        lambda r: (
            disable_audience(audience=r.audience, by=BOB)
            and (lambda: enable_audience(audience=r.audience, by=BOB))
        ),
    ),
    "add a secret": ("client_secret_added", lambda r: lambda: add_client_secret(bot=r.bot, by=BOB)),
    "retire a credential": (
        "credential_retired",
        lambda r: lambda: retire_credential(credential=r.credential, by=BOB),
    ),
    "retire what is unused": ("credential_retired", unused),
    "retire what is under a key": ("credential_retired", under_another_key),
    "replace keys": ("public_keys_added", replaced_keys),
    "replace rules": ("federation_added", replaced_rules),
    "add a rule": (
        "federation_added",
        lambda r: lambda: add_federation(bot=r.bot, rule=RULE, jwks=None, jwks_uri=None, by=BOB),
    ),
    "rotate": ("signing_key_rotated", lambda r: lambda: rotate_signing_key(alg="ES256", by=BOB)),
    "compromise": (
        "signing_key_compromised",
        lambda r: lambda: compromise_signing_key(kid=r.signing_key.kid, by=BOB),
    ),
    "compromise, and no next key": (
        "signing_key_created",
        lambda r: lambda: compromise_signing_key(kid=r.signing_key.kid, by=BOB),
    ),
    "make the first key": ("signing_key_created", lambda r: lambda: ensure_signing_key(alg="EdDSA", by=BOB)),
    "import a key": (
        "signing_key_imported",
        lambda r: lambda: import_signing_key(raw=PUBLIC, kid=None, by=BOB),
    ),
    "drop a key": ("signing_key_dropped", gone),
    "make a status list": ("status_list_created", lambda r: lambda: ensure_status_list(number=7, by=BOB)),
    "issue by hand": (
        "token_issued",
        lambda r: lambda: issue_token(bot=r.bot, audience=r.audience, scopes=None, lifetime=None, by=BOB),
    ),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_a_failure_in_the_middle_leaves_nothing_half_done(scene, deed):
    action, prepare = DEEDS[deed]
    Audience.objects.update(max_token_lifetime=None)
    do = prepare(TokenRecord.objects.select_related("bot", "audience", "credential").get())
    before = everything()
    with event_refused(action), pytest.raises(OperationalError):
        do()
    assert everything() == before
    do()
    assert everything() != before


GRANTED = {
    "grants": [{"audience": METADATA, "scopes": ["metadata.read", "metadata.write"], "roles": ["ingestor"]}]
}
NOTHING_GRANTED = {"grants": [{"audience": METADATA, "scopes": [], "roles": []}]}
NEW_BOT = {"description": "", "owner": "", "allowed_networks": [], "max_live_tokens": 10_000}
NEW_AUDIENCE = {
    "identifier": "https://n.example",
    "name": "N",
    "scopes": [],
    "profile": "rfc9068",
    "signing_alg": "ES256",
    "token_lifetime": 3600,
    "max_token_lifetime": 7_776_000,
}
SECRET = {"id": ..., "kind": "client_secret", "label": ""}


def bystanders():
    """Another bot with all that it has, at an audience with another key; and what was disabled before."""
    other = Audience(identifier="https://o.example", name="O", scopes=["read"], signing_alg="RS256")
    save_audience(audience=other, by=CAROL)
    bot = save_bot(bot=Bot(name="bystander", owner="carol"), grants=[GrantSpec(other, ["read"])], by=CAROL)
    add_client_secret(bot=bot, by=CAROL)
    set_federation(bot=bot, rules=[RULE], by=CAROL)
    issue_token(bot=bot, audience=other, scopes=None, lifetime=timedelta(minutes=5), by=CAROL)
    disable_bot(bot=save_bot(bot=Bot(name="stopped"), grants=None, by=CAROL), by=CAROL)
    stopped = save_audience(audience=Audience(identifier="https://s.example", name="S"), by=CAROL)
    disable_audience(audience=stopped, by=CAROL)


def rows_of_bystanders():
    bots = Bot.objects.filter(name__in=("bystander", "stopped"))
    rows = [
        bots,
        Audience.objects.filter(identifier__in=("https://o.example", "https://s.example")),
        SigningKey.objects.filter(alg="RS256"),
        *(model.objects.filter(bot__in=bots) for model in (Grant, Credential, TokenRecord)),
    ]
    return [list(each.order_by("pk").values()) for each in rows]


@pytest.mark.parametrize("deed", DEEDS)
def test_what_others_have_stays_as_it_was(scene, deed):
    _, prepare = DEEDS[deed]
    Audience.objects.update(max_token_lifetime=None)
    do = prepare(TokenRecord.objects.select_related("bot", "audience", "credential").get())
    bystanders()
    before = rows_of_bystanders()
    do()
    assert rows_of_bystanders() == before


# Target, before and after of the event at which the deed fails; `...` stands for a value that is not known beforehand.
ON_RECORD = {
    "revoke a token": ("ingestion-bot", None, {"jti": ...}),
    "revoke a bot's": ("ingestion-bot", None, {"count": 1}),
    "revoke a secret's": ("ingestion-bot", None, {"count": 1, "credential": SECRET}),
    "revoke an audience's": (METADATA, None, {"count": 1}),
    "narrow a bot": ("ingestion-bot", None, {"count": 1, "why": "grants narrowed"}),
    "change a bot": ("ingestion-bot", GRANTED, NOTHING_GRANTED),
    "create a bot": ("new", None, {**NEW_BOT, **NOTHING_GRANTED}),
    "disable a bot": ("ingestion-bot", None, None),
    "enable a bot": ("ingestion-bot", None, None),
    "retire a bot": ("ingestion-bot", None, None),
    "confirm an owner": ("ingestion-bot", None, {"owner": "alice@corp.example"}),
    "disable an owner's": ("ingestion-bot", None, None),
    "change an audience": (METADATA, {"name": "Metadata"}, {"name": "Another"}),
    "create an audience": ("https://n.example", None, NEW_AUDIENCE),
    "disable an audience": (METADATA, None, None),
    "enable an audience": (METADATA, None, None),
    "add a secret": ("ingestion-bot", None, {"id": ..., "label": "", "hint": ..., "expires_at": None}),
    "retire a credential": ("ingestion-bot", None, SECRET),
    "retire what is unused": ("ingestion-bot", None, {**SECRET, "reason": "unused for 1 days"}),
    "retire what is under a key": (
        "ingestion-bot",
        None,
        {**SECRET, "reason": "hashed under the encryption key 0a1b2c3d"},
    ),
    "replace keys": ("ingestion-bot", None, {"id": ..., "public_keys": {"keys": ...}}),
    "replace rules": ("ingestion-bot", None, {"id": ..., "trust": OTHER_RULE}),
    "add a rule": ("ingestion-bot", None, {"id": ..., "trust": RULE}),
    "rotate": ("ES256", {"kid": ...}, {"kid": ..., "verify_until": ...}),
    "compromise": (..., None, {"alg": "ES256"}),
    "compromise, and no next key": (..., None, {"alg": "ES256"}),
    "make the first key": (..., None, {"alg": "EdDSA"}),
    "import a key": (..., None, {"alg": "ES256", "state": "retired", "verify_until": None}),
    "drop a key": (..., {"alg": "ES256"}, None),
    "make a status list": ("7", None, None),
    "issue by hand": (
        "ingestion-bot",
        None,
        {
            "jti": ...,
            "audience": METADATA,
            "scopes": ["metadata.read", "metadata.write"],
            "label": "",
            "kid": ...,
            "expires_at": None,
        },
    ),
}
# Who did it also stands in the row: which one, and in which column.
IN_THE_ROW = {
    **dict.fromkeys(
        ("revoke a token", "revoke a bot's", "revoke a secret's", "revoke an audience's", "narrow a bot"),
        (Revocation, "record", "by"),
    ),
    **dict.fromkeys(("disable a bot", "retire a bot"), (Bot, "created_at", "disabled_by")),
    "disable an audience": (Audience, "created_at", "disabled_by"),
    **dict.fromkeys(
        ("add a secret", "replace keys", "replace rules", "add a rule"),
        (Credential, "created_at", "created_by"),
    ),
    "retire a credential": (Credential, "created_at", "retired_by"),
    "issue by hand": (TokenRecord, "number", "issued_by"),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_what_is_done_is_on_record_with_who_did_it_from_where_and_what_it_changed(scene, deed):
    action, prepare = DEEDS[deed]
    Audience.objects.update(max_token_lifetime=None)
    do = prepare(TokenRecord.objects.select_related("bot", "audience", "credential").get())
    last = Event.objects.latest("pk").pk
    do()
    event = Event.objects.filter(action=action, pk__gt=last).earliest("pk")
    assert (event.actor, event.address, event.outcome) == ("user:bob", FROM, "ok")
    target, before, after = ON_RECORD[deed]
    assert fits(target, event.target), event.target
    assert fits(before, event.before), event.before
    assert fits(after, event.after), event.after
    if deed in IN_THE_ROW:
        model, newest, column = IN_THE_ROW[deed]
        assert getattr(model.objects.latest(newest), column) == "user:bob"


def test_keys_that_were_fetched_are_not_kept_where_nobody_could_be_told(scene, monkeypatch):
    monkeypatch.setattr(remote_keys, "fetch_document", lambda url: Signer().jwks)
    with event_refused("remote_keys_changed"), pytest.raises(OperationalError):
        fetch_keys(Source("https://bot.example/jwks.json"))
    assert not RemoteKeys.objects.exists()


CHANGES = {
    "bot": ("/api/v1/bots/ingestion-bot", {"description": "changed", "disabled": True}, "bot_disabled"),
    "audience": (
        f"/api/v1/audiences/{METADATA}",
        {"name": "changed", "disabled": True},
        "audience_disabled",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_one_request_that_changes_two_things_changes_both_or_none(bob, scene, what):
    path, body, action = CHANGES[what]
    before = everything()
    with event_refused(action):
        problem(bob.patch(path, body, format="json"), 503, "temporarily_unavailable")
    assert everything() == before
    assert bob.patch(path, body, format="json").status_code == 200


# Who does it, on a row as it was before anybody did.
ONCE = {
    "revoke": lambda r, by: revocation.revoke_token(record=r, by=by),
    "retire a credential": lambda r, by: retire_credential(credential=r.credential, by=by),
    "disable a bot": lambda r, by: disable_bot(bot=r.bot, by=by),
    "retire a bot": lambda r, by: retire_bot(bot=r.bot, by=by),
    "disable an audience": lambda r, by: disable_audience(audience=r.audience, by=by),
}


@pytest.mark.parametrize("deed", ONCE)
def test_who_comes_second_changes_nothing_and_the_first_stays_on_record(scene, deed):
    rows = [TokenRecord.objects.select_related("bot", "audience", "credential").get() for _ in range(2)]
    assert ONCE[deed](rows[0], BOB) is True
    before = everything()
    assert ONCE[deed](rows[1], CAROL) is False
    assert everything() == before


def test_a_second_compromise_is_no_event_and_makes_no_key(scene):
    compromise_signing_key(kid=scene.signing_key.kid, by=BOB)
    before = everything()
    compromise_signing_key(kid=scene.signing_key.kid, by=CAROL)
    assert everything() == before


def test_a_bot_that_is_enabled_and_retired_at_once_is_retired(scene):
    """The one who enables it has looked before the other retired it."""
    stale = Bot.objects.get(pk=scene.bot_id)
    disable_bot(bot=scene.bot, by=BOB)
    retire_bot(bot=scene.bot, by=BOB)
    with pytest.raises(Exception, match="disabled for good"):
        enable_bot(bot=stale, by=CAROL)
    assert Bot.objects.get(pk=scene.bot_id).disabled_at


def test_a_token_without_end_keeps_its_key_though_it_was_rotated_meanwhile(scene):
    """Whoever rotates cannot see a token yet that is on its way into the database."""
    Audience.objects.update(max_token_lifetime=None)
    earlier = rotate_signing_key(alg="RS256", by=BOB)
    rotate_signing_key(alg="RS256", by=BOB)
    bot, audience = Bot.objects.get(), Audience.objects.get(identifier=METADATA)
    with just_before("INSERT", "tokens_tokenrecord", lambda: rotate_signing_key(alg="ES256", by=BOB)):
        record, _ = issue_token(bot=bot, audience=audience, scopes=None, lifetime=None, by=BOB)
    key = SigningKey.objects.get(pk=record.signing_key_id)
    assert key.retired_at
    assert key.verify_until is None
    earlier.refresh_from_db()
    assert earlier.retired_at
    assert earlier.verify_until  # which another one's token does not make verify for ever


def test_an_import_that_is_to_sign_retires_what_was_waiting_and_signs_next(scene):
    key = ec.generate_private_key(ec.SECP256R1())
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    raw = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    waiting = set(SigningKey.objects.waiting().filter(alg="ES256").values_list("pk", flat=True))
    imported = import_signing_key(raw=raw, kid="next-one", sign=True, by=BOB)
    assert SigningKey.objects.waiting().filter(alg="ES256").first() == imported
    for row in SigningKey.objects.filter(pk__in=waiting):
        assert (row.state(at=timezone.now()), row.private_key) == ("gone", "")


def test_of_an_owners_bots_all_are_disabled_or_none(scene):
    save_bot(bot=Bot(name="another", owner=scene.bot.owner), grants=None, by=BOB)
    before = everything()
    with event_refused("bot_disabled", after=1), pytest.raises(OperationalError):
        disable_bots_of(owner=scene.bot.owner, by=BOB)
    assert everything() == before


def test_the_cleanup_stops_where_it_fails_and_goes_on_when_it_runs_again(scene):
    unused(scene)
    with event_refused("credential_retired"), pytest.raises(OperationalError):
        call_command("cleanup")
    assert not Credential.objects.exclude(retired_at=None).exists()
    call_command("cleanup")
    assert Credential.objects.get().retired_by == "command:cleanup"
    assert Event.objects.filter(action="credential_retired").count() == 1
