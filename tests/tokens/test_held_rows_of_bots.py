"""What a write goes by does not change under it: where PostgreSQL has several writers, the others wait."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from tests.support.at_once import looking_when
from tokens import audiences as audiences
from tokens.audiences import save_audience
from tokens.bots import services as bots
from tokens.credentials import retirement
from tokens.credentials.services import add_client_secret
from tokens.keys import importing
from tokens.keys import services as keys
from tokens.keys.services import provide_signing_keys
from tokens.models import Audience, Bot, SigningKey

pytestmark = pytest.mark.django_db(transaction=True)
BY = Actor.command("test")


@pytest.fixture
def lone_bot():
    return bots.save_bot(bot=Bot(name="lone"), grants=None, by=BY)


def test_a_bot_while_it_is_changed(lone_bot, monkeypatch):
    """The event tells what it was, and whoever retires it meanwhile is not overwritten."""
    seen = looking_when(monkeypatch, bots, "check_bot", lone_bot)
    bots.save_bot(bot=Bot.objects.get(), grants=None, by=BY)
    assert seen == [[True]]


def test_a_credential_while_its_last_use_is_weighed(lone_bot, monkeypatch):
    """One that is used at this moment is not retired for having been unused."""
    credential, _ = add_client_secret(bot=lone_bot, by=BY, retire_after_unused_days=1)
    seen = looking_when(monkeypatch, retirement, "unused_since", credential)
    assert retirement.retire_unused_credentials(at=timezone.now(), by=BY) == 0
    assert seen == [[True]]


@pytest.mark.parametrize("sign", [True, False])
def test_the_keys_of_an_algorithm_while_one_is_brought_in(monkeypatch, sign):
    """Of two who bring one in at once, the second sees the first's."""
    provide_signing_keys(signing="ES256", by=BY)
    keys = SigningKey.objects.filter(alg="ES256")
    seen = looking_when(monkeypatch, importing, "_check_new", *keys)
    key = ec.generate_private_key(ec.SECP256R1())
    raw = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    importing.import_signing_key(raw=raw, kid="theirs", sign=sign, by=BY)
    assert seen == [[True] * 3]


def test_an_audience_while_it_is_changed(monkeypatch):
    audience = save_audience(audience=Audience(identifier="https://api.example", name="API"), by=BY)
    seen = looking_when(monkeypatch, audiences, "check_change", audience)
    save_audience(audience=Audience.objects.get(pk=audience.pk), by=BY)
    assert seen == [[True]]


def test_a_secret_while_it_is_retired_for_its_key(lone_bot, settings, monkeypatch):
    """One that is used at this moment has moved to the newest key, and stays."""
    credential, _ = add_client_secret(bot=lone_bot, by=BY)
    old = credential.hash_key_id
    settings.FIELD_ENCRYPTION_KEYS = ["B" * 42 + "A", *settings.FIELD_ENCRYPTION_KEYS]
    seen = looking_when(monkeypatch, retirement, "retire_credential", credential)
    assert retirement.retire_secrets_under(key_id=old, at=timezone.now(), by=BY) == 1
    assert seen == [[True]]


@pytest.mark.parametrize("end", ["rotated", "compromised"])
def test_the_keys_of_an_algorithm_while_one_of_them_goes(monkeypatch, end):
    """Of two who take one out at once, the second sees what the first has left."""
    provide_signing_keys(signing="ES256", by=BY)
    held = SigningKey.objects.filter(alg="ES256")
    if end == "rotated":
        seen = looking_when(monkeypatch, keys, "last_use", *held)
        keys.rotate_signing_key(alg="ES256", by=BY)
    else:
        seen = looking_when(monkeypatch, keys, "forget_key", *held)
        keys.compromise_signing_key(kid=held.waiting()[0].kid, by=BY)
    assert seen == [[True] * 3]
