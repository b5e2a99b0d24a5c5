"""What decides about a person does not change under the decision: on PostgreSQL the others wait."""

import pytest
from django.db.models.signals import pre_save

from providers.identities import linking
from providers.models import ConsoleSession, GivenRight
from providers.registration import services
from ssoconsole.platform.actors import Actor
from tests.providers.registrations import BOB, sign_in_person, somewhere
from tests.support.at_once import is_held, looking_when

pytestmark = pytest.mark.django_db(transaction=True)
CLAIMS = {"sub": "subject-9", "email": "alice@corp.example", "email_verified": True, "groups": ["staff"]}


def test_her_account_and_her_session_while_another_account_is_connected(op, provider, visitor, monkeypatch):
    """Whoever is disabled or signed out at this moment connects nothing any more."""
    visitor.sign_in(op)
    session = ConsoleSession.objects.get()
    seen = looking_when(monkeypatch, linking, "mapped_person", session.user, session)
    linking.link_identity(provider=provider, session=session, claims=CLAIMS, by=BOB)
    assert seen == [[True, True]]


def test_the_registration_while_rights_are_given_by_it():
    """A change that takes them back either comes first or sees them."""
    corp = somewhere(group_rules=[{"claim_value": "staff", "group": "Staff"}])
    services.save_provider(provider=corp, by=BOB, fetch_metadata=False)
    seen = []

    def look(sender, **kwargs):
        seen.append(is_held(corp))

    pre_save.connect(look, sender=GivenRight)
    try:
        sign_in_person(provider=corp, claims=CLAIMS, by=Actor("provider", "corp"))
    finally:
        pre_save.disconnect(look, sender=GivenRight)
    assert seen == [True]


def test_the_registration_while_it_is_judged_whether_it_can_go(monkeypatch):
    """Nobody begins to sign in through it between the two."""
    corp = somewhere()
    services.save_provider(provider=corp, by=BOB, fetch_metadata=False)
    seen = looking_when(monkeypatch, services, "is_in_use", corp)
    services.delete_provider(provider=corp, by=BOB)
    assert seen == [[True]]
