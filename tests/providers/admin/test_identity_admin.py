"""An administrator takes an account at a provider away, and neither himself nor his betters out."""

import pytest
from django.contrib.auth.models import Permission

from providers.models import Identity
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.eventlog.models import Event

pytestmark = pytest.mark.django_db
URL = "/admin/providers/identity/"


@pytest.fixture
def alices(corp):
    return Identity.objects.create(provider=corp, sub="s-alice", user=User.objects.create(username="alice"))


@pytest.fixture
def bobs(corp, bob):
    return Identity.objects.create(provider=corp, sub="s-bob", user=User.objects.get(username="bob"))


@pytest.fixture
def clerk(client):
    """May look after identities and is no superuser."""
    user = User.objects.create(username="clerk", is_staff=True)
    words = ("view_identity", "delete_identity")
    user.user_permissions.set(Permission.objects.filter(codename__in=words))
    client.force_login(user, backend="ssoconsole.platform.accounts.passwords.PasswordBackend")
    return client


def unlink(client, *identities):
    data = {
        "action": "unlink",
        "confirmed": "yes",
        "_selected_action": [str(identity.pk) for identity in identities],
    }
    return client.post(URL, data, follow=True)


def test_it_is_unlinked_and_on_record(bob, alices):
    assert "Identities unlinked: 1." in unlink(bob, alices).content.decode()
    assert not Identity.objects.exists()
    assert Event.objects.get(action="identity_unlinked").actor == "user:bob"


def test_nobody_locks_himself_out(bob, bobs, alices):
    page = unlink(bob, bobs, alices).content.decode()
    assert "your own only way in" in page
    assert "Identities unlinked: 1." in page
    assert Identity.objects.get() == bobs


def test_a_superusers_is_unlinked_by_superusers_only(clerk, alices):
    User.objects.filter(username="alice").update(is_superuser=True)
    assert "only one may unlink it" in unlink(clerk, alices).content.decode()
    assert Identity.objects.get() == alices


def test_a_clerk_unlinks_everybody_elses(clerk, alices):
    assert "Identities unlinked: 1." in unlink(clerk, alices).content.decode()


def test_who_may_only_look_unlinks_nothing(clerk, alices):
    User.objects.get(username="clerk").user_permissions.set(
        Permission.objects.filter(codename="view_identity")
    )
    unlink(clerk, alices)
    assert Identity.objects.get() == alices
