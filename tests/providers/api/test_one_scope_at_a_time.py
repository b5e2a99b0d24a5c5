"""Each verb of the API of providers by whoever may use it, and by everybody else, to whom nothing happens."""

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from rest_framework.test import APIClient

from providers.api.urls import urlpatterns
from providers.models import SignInAttempt
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.eventlog.models import Event
from tests.providers.api.conftest import BACKEND
from tests.providers.registrations import registered_at
from tests.providers.rehearsal.stage import every_row

VERBS = ("get", "post", "put", "patch", "delete")
# What a request may write of itself: its session, and why it was refused.
OF_THE_REQUEST = ("sessions.Session", "tokens.TokenRefusal")
NEW = {"slug": "new", "name": "New", "client_id": "console", "token_endpoint_auth_method": "none"}
# By path and verb: the body, whether it writes, and the status.
DOORS = {
    ("providers", "get"): (None, False, 200),
    ("providers", "post"): (NEW, True, 201),
    ("providers/corp", "get"): (None, False, 200),
    ("providers/corp", "patch"): ({"name": "Another"}, True, 200),
    ("providers/corp", "delete"): (None, True, 204),
    ("providers/corp/check", "post"): ({}, True, 200),
    ("providers/corp/openmetadata?target=docker", "get"): (None, False, 200),
    ("openmetadata/lint", "post"): ({"content": "A=b"}, False, 200),
    ("signin-attempts/one-two-three", "get"): (None, False, 200),
}


@pytest.fixture
def corp(scripted_provider, db):
    provider = registered_at(scripted_provider)
    SignInAttempt.objects.create(reference="one-two-three", provider=provider, started_at=timezone.now())
    return provider


def ask(client, op, door):
    (path, verb), (body, _, _) = door, DOORS[door]
    if body is NEW:
        body = {**NEW, "issuer": op.issuer}
    op.requests.clear()
    return getattr(client, verb)(f"/api/v1/{path}", body, format="json")


def manager(db):
    """Staff with every right there is, and no superuser."""
    user = User.objects.create_user("carol", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    client = APIClient()
    client.force_login(user, BACKEND)
    return client


def test_every_verb_stands_here():
    found = {
        (str(url.pattern), verb)
        for url in urlpatterns
        for verb in VERBS
        if hasattr(url.callback.view_class, verb)
    }
    named = {"<slug:slug>": "corp", "<str:reference>": "one-two-three"}
    spelt = set()
    for path, verb in found:
        for part, value in named.items():
            path = path.replace(part, value)
        spelt.add((path, verb))
    assert spelt == {(path.partition("?")[0], verb) for path, verb in DOORS}


@pytest.mark.parametrize("door", DOORS, ids=" ".join)
@pytest.mark.parametrize("who", ["bob", "console.write"])
def test_who_may_write_may_do_each(request, corp, scripted_provider, with_scope, door, who):
    client = request.getfixturevalue("bob") if who == "bob" else with_scope(who)
    client.defaults["REMOTE_ADDR"] = "203.0.113.9"
    before, told = every_row(apart_from=OF_THE_REQUEST), set(Event.objects.values_list("pk", flat=True))
    answer = ask(client, scripted_provider, door)
    assert answer.status_code == DOORS[door][2], answer.content
    assert (every_row(apart_from=OF_THE_REQUEST) != before) is DOORS[door][1]
    assert answer["Cache-Control"] == "no-store"
    actor = "user:bob" if who == "bob" else "bot:console-write"
    new = Event.objects.exclude(pk__in=told).exclude(actor="provider:corp")
    assert set(new.values_list("actor", "address")) == ({(actor, "203.0.113.9")} if DOORS[door][1] else set())


@pytest.mark.parametrize("door", DOORS, ids=" ".join)
def test_who_may_read_reads_and_writes_nothing(corp, scripted_provider, with_scope, door):
    client = with_scope("console.read")
    before = every_row(apart_from=OF_THE_REQUEST)
    answer = ask(client, scripted_provider, door)
    assert answer.status_code == (403 if DOORS[door][1] else DOORS[door][2])
    assert every_row(apart_from=OF_THE_REQUEST) == before
    assert scripted_provider.requests == []


@pytest.mark.parametrize("door", DOORS, ids=" ".join)
@pytest.mark.parametrize(
    ("who", "status"),
    [("nobody", 401), ("mallory", 404), ("a manager without the console", 404)],
)
def test_to_everybody_else_nothing_is_there(request, corp, scripted_provider, db, door, who, status):
    clients = {
        "nobody": lambda: APIClient(),
        "mallory": lambda: request.getfixturevalue("mallory"),
        "a manager without the console": lambda: manager(db),
    }
    client = clients[who]()
    before = every_row(apart_from=OF_THE_REQUEST)
    answer = ask(client, scripted_provider, door)
    assert answer.status_code == status
    assert every_row(apart_from=OF_THE_REQUEST) == before
    assert scripted_provider.requests == []
