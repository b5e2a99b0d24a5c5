"""What a write goes by does not change under it: where PostgreSQL has several writers, the others wait."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from tests.support.at_once import looking_when
from tokens.bots import services as bots
from tokens.credentials import retirement
from tokens.credentials.services import add_client_secret
from tokens.keys import importing
from tokens.keys.services import provide_signing_keys
from tokens.models import Bot, SigningKey

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
