"""Pruning disables what a section that is present does not name, and deletes nothing."""

import pytest
from django.conf import settings

from providers.models import Provider
from ssoconsole.platform.actors import Actor
from tokens.audiences import ensure_audience
from tokens.models import Audience, Bot

pytestmark = pytest.mark.django_db

OLD = """
providers:
  - {slug: old, name: Old, issuer: https://old.example, client_id: c, token_endpoint_auth_method: none}
audiences:
  - {identifier: "urn:old", name: Old}
bots:
  - {name: old-bot, grants: [{audience: "urn:old"}]}
"""


@pytest.fixture
def own_audience():
    identifier = f"{settings.BASE_URL}/api/v1"
    return ensure_audience(identifier=identifier, name="Console API", scopes=[], by=Actor.command("test"))


def enabled():
    return (
        [provider.slug for provider in Provider.objects.enabled()],
        [audience.identifier for audience in Audience.objects.enabled().exclude(name="Console API")],
        [bot.name for bot in Bot.objects.enabled()],
    )


def test_without_prune_what_is_not_named_is_left_alone(apply, contract):
    apply(OLD)

    assert apply(contract).summary == "3 created, 0 changed, 0 unchanged, 0 disabled"
    assert enabled() == (
        ["corp", "old"],
        ["https://metadata.example", "urn:old"],
        ["ingestion-bot", "old-bot"],
    )


def test_what_is_not_named_is_disabled_and_kept(apply, contract, own_audience):
    apply(OLD)

    answer = apply(contract, "--prune")

    assert answer.out.splitlines()[-4:] == [
        "- bot old-bot (disabled: the file does not name it)",
        "- audience urn:old (disabled: the file does not name it)",
        "- provider old (disabled: the file does not name it)",
        "3 created, 0 changed, 0 unchanged, 3 disabled",
    ]
    assert enabled() == (["corp"], ["https://metadata.example"], ["ingestion-bot"])
    assert (Provider.objects.count(), Bot.objects.count()) == (2, 2)
    assert Audience.objects.enabled().filter(pk=own_audience.pk).exists()
    assert apply(contract, "--prune").summary == "0 created, 0 changed, 3 unchanged, 0 disabled"


def test_a_section_that_is_absent_is_not_touched(apply):
    apply(OLD)

    answer = apply("bots: []\n", "--prune")

    assert answer.summary == "0 created, 0 changed, 0 unchanged, 1 disabled"
    assert enabled() == (["old"], ["urn:old"], [])


def test_a_rehearsed_prune_disables_nothing(apply, everything):
    apply(OLD)
    before = everything()

    answer = apply("providers: []\naudiences: []\nbots: []\n", "--prune", "--dry-run")

    assert answer.summary == "0 created, 0 changed, 0 unchanged, 3 disabled"
    assert everything() == before


def test_an_error_elsewhere_prunes_nothing(apply, everything):
    apply(OLD)
    before = everything()

    assert apply("providers: []\nbots: [{name: -b}]\n", "--prune").code == 1
    assert everything() == before
