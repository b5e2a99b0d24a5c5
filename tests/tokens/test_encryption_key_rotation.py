"""Changing the encryption key: no secret of a bot is lost that was not named before."""

import ast
import re
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from providers.models import ClaimedName, Provider, SignInAttempt
from ssoconsole.console.backup.services import keys_in_use
from ssoconsole.console.checklist.services import go_through
from ssoconsole.platform.accounts.models import SecretToShow
from ssoconsole.platform.encryption.keyring import key_ring
from ssoconsole.platform.encryption.reencrypt import COLUMNS
from ssoconsole.platform.eventlog.models import Event
from tokens.bots.services import GrantSpec, retire_bot, save_bot
from tokens.credentials import retirement
from tokens.credentials.services import add_client_secret, retire_credential
from tokens.errors import SecretInUse
from tokens.models import Bot, Credential

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[2]
KEYS = [letter * 42 + "A" for letter in "BCDEFGHIJ"]
# Days between two uses of a secret; None for one that is never used.
HABITS = {"nightly": 1, "monthly": 30, "yearly": 300, "on-the-shelf": None}


@pytest.fixture
def add_key(settings):
    """Put a new key first; return its id."""

    def add_key(key):
        settings.FIELD_ENCRYPTION_KEYS = [key, *settings.FIELD_ENCRYPTION_KEYS]
        return key_ring().newest_key_id

    return add_key


def reencrypt(*arguments):
    """What the command says, and whether it says that an older key has to stay."""
    out = StringIO()
    try:
        call_command("reencrypt", *arguments, stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}{error}", True
    return out.getvalue(), False


def named(said):
    return set(re.findall(r"^  (\S+): ", said, re.MULTILINE))


def drop_what_can_go(settings, said):
    droppable = {int(place) - 1 for place in re.findall(r"^key (\d+) .* can be dropped", said, re.MULTILINE)}
    kept = [key for place, key in enumerate(settings.FIELD_ENCRYPTION_KEYS) if place not in droppable]
    settings.FIELD_ENCRYPTION_KEYS = kept


def item(code):
    [found] = [result for result in go_through(at=timezone.now()) if result.item.code == code]
    return found.status, found.finding.found


class NamingTests:
    def test_a_secret_that_was_not_used_since_is_named_and_its_key_has_to_stay(self, bot, by, add_key):
        credential, secret = add_client_secret(bot=bot, label="nightly run", by=by)
        old = key_ring().newest_key_id
        add_key(KEYS[0])
        said, has_to_stay = reencrypt()
        assert has_to_stay
        assert f"ingestion-bot: nightly run ({credential.hint}), never used, key 2 ({old})" in said
        assert f"key 2 ({old}) of FIELD_ENCRYPTION_KEYS has to stay" in said
        assert secret not in said

    def test_after_one_use_the_key_can_be_dropped(self, bot, me, oauth, add_key, settings):
        add_key(KEYS[0])
        assert oauth.token(me).status_code == 200
        said, has_to_stay = reencrypt()
        assert not has_to_stay
        assert named(said) == set()
        drop_what_can_go(settings, said)
        assert len(settings.FIELD_ENCRYPTION_KEYS) == 1
        assert oauth.token(me).status_code == 200

    def test_the_last_use_is_told(self, bot, me, oauth, add_key):
        oauth.token(me)
        Credential.objects.update(last_used_at="2026-01-31T10:30Z")
        add_key(KEYS[0])
        assert "last used 2026-01-31 10:30 UTC" in reencrypt()[0]
        assert "last used 2026-01-31" in item("newest_key_of_secrets")[1]

    def test_a_disabled_bots_secret_is_named_too(self, bot, secret, add_key):
        Bot.objects.update(disabled_at=timezone.now())
        add_key(KEYS[0])
        assert named(reencrypt()[0]) == {bot.name}

    def test_what_can_never_be_used_again_holds_no_key(
        self, bot, other_bot, secret, other_secret, by, add_key
    ):
        retire_credential(credential=Credential.objects.get(bot=bot), by=by)
        retire_bot(bot=other_bot, by=by)
        newest = add_key(KEYS[0])
        said, has_to_stay = reencrypt()
        assert not has_to_stay
        assert "can be dropped" in said
        assert keys_in_use() == {newest}

    def test_a_backup_asks_for_no_key_that_is_gone(self, bot, secret, by, add_key, settings):
        """It could not be restored by the console that has made it."""
        add_key(KEYS[0])
        reencrypt()
        settings.FIELD_ENCRYPTION_KEYS = KEYS[:1]
        assert keys_in_use() == {key_ring().newest_key_id}

    def test_a_secret_whose_key_is_gone_is_named(self, bot, me, oauth, add_key, settings):
        old = key_ring().newest_key_id
        add_key(KEYS[0])
        reencrypt()
        settings.FIELD_ENCRYPTION_KEYS = KEYS[:1]
        assert oauth.token(me).status_code == 401
        said, has_to_stay = reencrypt()
        assert has_to_stay
        assert f"key {old}, which is not there" in said
        status, found = item("newest_key_of_secrets")
        assert (status, f"key {old}, which is not there" in found) == ("bad", True)

    def test_the_checklist_names_the_first_and_counts_the_rest(self, bot, by, add_key):
        for number in range(12):
            add_client_secret(bot=bot, label=f"label-{number}", by=by)
        assert item("newest_key_of_secrets")[0] == "good"
        add_key(KEYS[0])
        status, found = item("newest_key_of_secrets")
        assert status == "bad"
        assert "ingestion-bot (label-0; never used;" in found
        assert "label-11" not in found
        assert found.endswith("and 2 more.")


def test_a_secret_that_was_withdrawn_under_an_older_key_stays_withdrawn(bot, me, by, add_key):
    retire_credential(credential=Credential.objects.get(), by=by)
    add_key(KEYS[0])
    with pytest.raises(SecretInUse):
        add_client_secret(bot=bot, by=by, client_secret=me[1])


class RetirementTests:
    def test_what_is_left_under_a_key_is_retired_on_purpose(
        self, bot, me, other_bot, other_secret, oauth, add_key
    ):
        old = key_ring().newest_key_id
        add_key(KEYS[0])
        assert oauth.token(me).status_code == 200
        said, has_to_stay = reencrypt("--retire-secrets", old)
        assert not has_to_stay
        assert f"secrets under {old}: 1 retired" in said
        assert oauth.token((other_bot.name, other_secret)).status_code == 401
        assert oauth.token(me).status_code == 200
        event = Event.objects.get(action="credential_retired")
        assert (event.target, event.actor) == (other_bot.name, "command:reencrypt")
        assert old in event.after["reason"]

    def test_one_that_is_used_while_they_are_retired_stays(self, bot, me, oauth, add_key, monkeypatch):
        old = key_ring().newest_key_id
        add_key(KEYS[0])
        seen = retirement.secrets_under_other_keys(at=timezone.now())
        monkeypatch.setattr(retirement, "secrets_under_other_keys", lambda at: seen)
        assert oauth.token(me).status_code == 200
        assert f"secrets under {old}: 0 retired" in reencrypt("--retire-secrets", old)[0]
        assert oauth.token(me).status_code == 200

    def test_the_newest_keys_secrets_are_not_retired(self, bot, me, oauth):
        said, refused = reencrypt("--retire-secrets", key_ring().newest_key_id)
        assert refused
        assert "newest" in said
        assert oauth.token(me).status_code == 200

    def test_a_key_that_nobody_knows_retires_nothing(self, bot, me, oauth):
        assert "secrets under 00000000: 0 retired" in reencrypt("--retire-secrets", "00000000")[0]
        assert oauth.token(me).status_code == 200


class EveryHashTests:
    def test_every_use_of_a_keyed_hash_is_a_column_that_is_known(self):
        """A new one is named in platform/encryption/hashes.py, and lasting ones by `reencrypt`, each by itself."""
        users = {
            str(path.relative_to(ROOT))
            for app in ("providers", "ssoconsole", "tokens")
            for path in (ROOT / app).rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute) and node.attr in ("keyed_hash", "keyed_hashes")
        }
        columns = {
            "tokens.Credential.secret_hash": {"tokens/credentials/services.py"},
            "accounts.SecretToShow.session_hash": {"ssoconsole/platform/accounts/shown_once.py"},
            "providers.ClaimedName.name_hash": {
                "providers/explanations/searching.py",
                "providers/signin/traces.py",
            },
        }
        assert {str(column) for column in COLUMNS} == set(columns)
        assert users == set().union(*columns.values())

    def test_only_bots_secrets_last(self):
        assert [str(column) for column in COLUMNS if not column.end] == ["tokens.Credential.secret_hash"]

    def test_what_ends_by_itself_is_named_and_holds_no_key(self, people, add_key):
        ring = key_ring()
        SecretToShow.objects.create(
            user=people["bob"], session_hash=ring.keyed_hash("s", purpose="x"), about="a", secret="s"
        )
        attempt = SignInAttempt.objects.create(reference="a-b-c", started_at=timezone.now())
        ClaimedName.objects.create(attempt=attempt, name_hash=ring.keyed_hash("n", purpose="x"))
        assert "hashed under an older key" not in reencrypt()[0]
        add_key(KEYS[0])
        said, has_to_stay = reencrypt()
        for column in ("accounts.SecretToShow.session_hash", "providers.ClaimedName.name_hash"):
            assert f"{column}: 1 hashed under an older key, and lost with it; each ends" in said
        assert not has_to_stay


def test_in_two_years_of_rotations_no_secret_is_lost_without_having_been_named(audience, by, oauth, settings):
    """A key each quarter, dropped as soon as the command says so; after a year the operator retires what is left."""
    at = timezone.now()
    Provider.objects.create(slug="corp", issuer="https://corp.example", client_secret="of the provider")
    with time_machine.travel(at, tick=False) as clock:
        bots = {}
        for name in HABITS:
            bot = save_bot(bot=Bot(name=name), grants=[GrantSpec(audience, [])], by=by)
            bots[name] = (name, add_client_secret(bot=bot, label="by hand", by=by)[1])
        first, warned, lost = key_ring().newest_key_id, set(), set()
        for quarter, key in enumerate(KEYS[:8], start=1):
            settings.FIELD_ENCRYPTION_KEYS = [key, *settings.FIELD_ENCRYPTION_KEYS]
            for day in range(90 * (quarter - 1), 90 * quarter, 10):
                clock.move_to(at + timedelta(days=day))
                due = [
                    name for name, every in HABITS.items() if every and day % every < 10 and name not in lost
                ]
                assert [name for name in due if oauth.token(bots[name]).status_code != 200] == []
                said, _ = reencrypt()
                warned |= named(said)
                drop_what_can_go(settings, said)
            assert Provider.objects.get().client_secret == "of the provider"
            if quarter == 4:
                said, _ = reencrypt("--retire-secrets", first)
                drop_what_can_go(settings, said)
                lost = {name for name in HABITS if Credential.objects.get(bot__name=name).retired_at}
        answers = {name: oauth.token(who).status_code for name, who in bots.items()}
    assert lost == {"on-the-shelf"} <= warned
    assert answers == dict.fromkeys(HABITS, 200) | {"on-the-shelf": 401}
    assert len(settings.FIELD_ENCRYPTION_KEYS) < 5
