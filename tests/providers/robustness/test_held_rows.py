"""What a write decides by is held from the look to the write: on PostgreSQL whoever would change it waits."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from providers import client_keys as client_keys
from providers import metadata as metadata
from providers.drift import decisions
from providers.identities import linking, rights, services
from providers.models import ClientKey, Identity, Provider
from providers.registration import services as registration
from providers.signin import completion
from tests.providers.registrations import BOB, sign_in_person
from tests.providers.robustness import test_failures_in_the_middle as middle
from tests.providers.signin.journey import Browser, register
from tests.support.at_once import looking_when

pytestmark = pytest.mark.django_db(transaction=True)
User = get_user_model()


def linkable(op):
    User.objects.create_user("alice@corp.example", email="alice@corp.example")
    corp = register(op, link_by_verified_email=True, allowed_email_domains=["corp.example"])
    claims = {**middle.CLAIMS, "email_verified": True}
    return lambda: sign_in_person(provider=corp, claims=claims, by=BOB)


def through_a_trial(op):
    register(op, discovery=op.metadata())
    provider = middle.corp()
    provider.prompt = "login"
    hour = timedelta(hours=1)
    registration.save_provider(provider=provider, by=BOB, trial=hour, fetch_metadata=False)
    return lambda: Browser().sign_in(op)


def person():
    return [Identity.objects.get(), User.objects.get()]


def provider():
    return [Provider.objects.get()]


def retired_keys():
    return list(ClientKey.objects.exclude(retired_at=None))


# What is done, the function that is called between the look and the write, and the rows that are held then.
HELD = {
    "a person who comes in": (middle.known_person, services, "admit", person),
    "a person who is checked": (middle.renewed_person, services, "admit", person),
    "one who is known by her address": (linkable, services, "admit", lambda: [User.objects.get()]),
    "a trial that somebody comes in by": (through_a_trial, completion, "sign_in_person", provider),
    "an account that is unlinked": (middle.unlinked, linking, "take_rights_back", person),
    "one whose rights are taken back": (middle.switched(on=False), rights, "_told", lambda: person()[1:]),
    "a provider that is changed": (middle.saved(prompt="login"), registration, "claim_secret", provider),
    "one that is enabled": (middle.switched(on=True), registration, "pass_gate_to_enable", provider),
    "a document that was fetched": (middle.moved, metadata, "set_aside", provider),
    "endpoints that are adopted": (middle.adopted, decisions, "_decide", provider),
    "endpoints that are refused": (middle.refused, decisions, "_decide", provider),
    "another issuer that is adopted": (middle.issuer_adopted, decisions, "_decide", provider),
    "client keys that are replaced": (middle.replaced, client_keys, "_drop", provider),
    "client keys that are dropped": (middle.dropped, client_keys, "_drop", retired_keys),
}


@pytest.mark.parametrize("what", HELD)
def test_nobody_changes_it_meanwhile(op, monkeypatch, what):
    prepare, module, between, rows = HELD[what]
    act = prepare(op)
    held = rows()
    seen = looking_when(monkeypatch, module, between, *held)
    act()
    assert seen
    assert seen[0] == [True] * len(held)
