"""What fails half-way leaves every row of every table as it was: each write of several rows is all of them or none."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db.models.signals import post_delete, post_save, pre_init
from django.test import Client, override_settings
from django.utils import timezone

from providers.client_keys import (
    OVERLAP,
    drop_retired_client_keys,
    ensure_client_key,
    replace_client_keys,
    rotate_client_key,
)
from providers.drift.decisions import adopt_drift, refuse_drift
from providers.drift.watch import Reading, look_again, receive
from providers.errors import NotAdmitted, ProviderUnreachable, RefreshRefused
from providers.identities.linking import link_identity, unlink_identity
from providers.metadata import refetch_keys
from providers.models import (
    ClientKey,
    ConsoleSession,
    GivenRight,
    Identity,
    Provider,
    ProviderVersion,
    SignInAttempt,
)
from providers.refresh.services import check_of, end_unvouched
from providers.registration import services
from providers.registration.rolling_back import roll_back_overdue
from providers.rehearsal.services import attempt_to_leave, refuse_rehearsal, start_rehearsal
from providers.sessions.services import (
    SESSION_KEY,
    end_idle_session,
    end_session,
    end_sessions_of_provider,
    end_sessions_of_user,
)
from providers.sessions.store import SessionStore
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.providers.registrations import BOB, renew_person, sign_in_person
from tests.providers.rehearsal.stage import every_row
from tests.providers.signin.journey import Browser, outcome_of, register, register_read
from tests.support.records import fits

User = get_user_model()
CLAIMS = {"sub": "subject-1", "email": "alice@corp.example", "name": "Alice", "groups": ["staff"]}
RULES = [{"claim_value": "staff", "group": "Staff"}]


class BrokenError(Exception):
    """The machine fails here."""


@pytest.fixture
def fails_at():
    """Let the writing of an event with this action fail, or what comes after this signal of a model; for this test."""
    connected = []

    def connect(what):
        def at_event(sender, kwargs, **_):
            if kwargs.get("action") == what:
                raise BrokenError(what)

        def after_row(sender, **_):
            raise BrokenError(what)

        if isinstance(what, str):
            signal, handler, sender = pre_init, at_event, Event
        else:
            (signal, sender), handler = what, after_row
        signal.connect(handler, sender=sender)
        connected.append((signal, handler, sender))

    yield connect
    for signal, handler, sender in connected:
        signal.disconnect(handler, sender=sender)


def alice(op, **fields):
    """Signed in with a browser at corp, which gives her a group and administration."""
    rules = {"scopes": ["openid", "email", "groups"], "group_rules": RULES}
    op.person["groups"] = ["staff"]
    register_read(op, **{**rules, "admin_principals": ["alice@corp.example"], **fields})
    browser = Browser()
    browser.sign_in(op)
    return browser


def corp():
    return Provider.objects.get(slug="corp")


def new_person(op):
    provider = register(op, group_rules=RULES, admin_principals=["alice@corp.example"])
    return lambda: sign_in_person(provider=provider, claims=CLAIMS, by=BOB)


def known_person(op):
    alice(op)
    claims = {**CLAIMS, "groups": [], "name": "Alice the other", "email": "a@corp.example"}
    return lambda: sign_in_person(provider=corp(), claims=claims, by=BOB)


def renewed_person(op):
    alice(op)
    claims = {**CLAIMS, "groups": [], "name": "Alice the other", "email": "a@corp.example"}
    user = User.objects.get()
    return lambda: renew_person(provider=corp(), user_id=user.pk, claims=claims, by=BOB)


def linked(op):
    alice(op)
    other = register(op, slug="other")
    session = ConsoleSession.objects.get()
    return lambda: link_identity(provider=other, session=session, claims=CLAIMS, by=BOB)


def unlinked(op):
    alice(op)
    identity = Identity.objects.get()
    return lambda: unlink_identity(identity=identity, by=BOB, keep_a_way_in=False)


def ended(op):
    alice(op)
    session = ConsoleSession.objects.get()
    return lambda: end_session(session=session, by=BOB)


def unused(op):
    alice(op)
    long_ago = timezone.now() - timedelta(days=1)
    ConsoleSession.objects.update(last_seen_at=long_ago)
    key = ConsoleSession.objects.get().pk
    return lambda: end_idle_session(key=key, at=timezone.now())


def ended_of_user(op):
    alice(op)
    user = User.objects.get()
    return lambda: end_sessions_of_user(user=user, by=BOB)


def ended_of_provider(op):
    alice(op)
    return lambda: end_sessions_of_provider(provider=corp(), by=BOB)


def created(op):
    provider = services.Provider(
        slug="new", name="New", issuer=op.issuer, client_id="c", token_endpoint_auth_method="private_key_jwt"
    )
    return lambda: services.save_provider(provider=provider, by=BOB)


def saved(**changes):
    def prepare(op):
        alice(op)
        ClientKey.objects.all().delete()
        provider = corp()
        for name, value in changes.items():
            setattr(provider, name, value)
        return lambda: services.save_provider(provider=provider, by=BOB, anyway=True, fetch_metadata=False)

    return prepare


def switched(on):
    def prepare(op):
        alice(op)
        Provider.objects.update(enabled=not on)
        switch = services.enable_provider if on else services.disable_provider
        return lambda: switch(provider=corp(), by=BOB)

    return prepare


def deleted(op):
    provider = register(op)
    return lambda: services.delete_provider(provider=provider, by=BOB)


def on_trial(op):
    alice(op)
    provider = corp()
    provider.prompt = "login"
    hour = timedelta(hours=1)
    return lambda: services.save_provider(provider=provider, by=BOB, trial=hour, fetch_metadata=False)


def overdue(op, **changes):
    """Alice has come in by rules that are on trial, and the time is over."""
    register(op, token_endpoint_auth_method="private_key_jwt", discovery=op.metadata())
    provider = corp()
    for name, value in {"token_endpoint_auth_method": "client_secret_basic", **changes}.items():
        setattr(provider, name, value)
    hour = timedelta(hours=1)
    services.save_provider(provider=provider, by=BOB, trial=hour, anyway=True, fetch_metadata=False)
    Browser().sign_in(op)
    ClientKey.objects.all().delete()
    Provider.objects.update(trial_ends_at=timezone.now())
    return lambda: roll_back_overdue(at=timezone.now())


def other_rules_overdue(op):
    return overdue(op, self_signup=True, group_rules=RULES)


def refreshed(op):
    register(op, token_endpoint_auth_method="private_key_jwt", discovery=op.metadata())
    op.discovery["claims_supported"] = ["sub"]
    return lambda: look_again(provider=corp(), by=BOB)


def moved(op):
    register(op, discovery=op.metadata())
    op.discovery["userinfo_endpoint"] = op.url("userinfo") + "-2"
    return lambda: look_again(provider=corp(), by=BOB)


def pending(op, **fields):
    register(op, discovery=op.metadata(), **fields)
    op.discovery["userinfo_endpoint"] = op.url("userinfo") + "-2"
    look_again(provider=corp(), by=BOB)
    return corp().drifts.get()


def adopted(op):
    drift = pending(op, token_endpoint_auth_method="private_key_jwt")
    ClientKey.objects.all().delete()
    return lambda: adopt_drift(drift=drift, by=BOB)


def issuer_adopted(op):
    """The provider moves: under its old address too it speaks for the new one."""
    register(op, discovery={**op.metadata(), "issuer": op.issuer})
    provider = corp()
    document = {**op.metadata(), "issuer": op.issuer}
    Provider.objects.update(issuer=f"{op.issuer}/old", discovery={**document, "issuer": f"{op.issuer}/old"})
    change = {"issuer": {"before": f"{op.issuer}/old", "after": op.issuer}}
    now = timezone.now()
    drift = provider.drifts.create(document=document, changes=change, found_at=now, seen_at=now)
    return lambda: adopt_drift(drift=drift, by=BOB)


def rehearsal_refused(op):
    provider = register(op)
    bob = User.objects.create(username="bob", is_staff=True)
    rehearsal = start_rehearsal(provider=provider, stored=provider, user=bob)
    sign_in = attempt_to_leave(rehearsal=rehearsal, provider=provider, by=BOB, user_agent="")
    return lambda: refuse_rehearsal(
        rehearsal=rehearsal, sign_in=sign_in, error=NotAdmitted(), result={"rule": "x"}, by=BOB
    )


def refused(op):
    drift = pending(op)
    return lambda: refuse_drift(drift=drift, by=BOB)


def keys_fetched(op):
    register(op, discovery=op.metadata())
    return lambda: refetch_keys(corp())


def with_client_keys(op):
    provider = register(op, token_endpoint_auth_method="private_key_jwt")
    ensure_client_key(provider=provider, by=BOB)
    return provider


def first_client_key(op):
    provider = register(op, token_endpoint_auth_method="private_key_jwt")
    return lambda: ensure_client_key(provider=provider, by=BOB)


def rotated(op):
    provider = with_client_keys(op)
    return lambda: rotate_client_key(provider=provider, by=BOB)


def replaced(op):
    provider = with_client_keys(op)
    return lambda: replace_client_keys(provider=provider, by=BOB)


def dropped(op):
    provider = with_client_keys(op)
    for _ in range(2):
        rotate_client_key(provider=provider, by=BOB)
    later = timezone.now() + OVERLAP
    return lambda: drop_retired_client_keys(at=later, by=BOB)


def signed_out_by_provider(op):
    alice(op)
    form = f"logout_token={op.make_logout_token(sub='subject-1')}"
    kind = "application/x-www-form-urlencoded"
    return lambda: Client().post("/backchannel-logout/corp", form, content_type=kind)


MIDDLES = {
    "a new person, before the identity": (new_person, "user_created"),
    "a new person, after the user": (new_person, (post_save, User)),
    "a new person, after the identity": (new_person, "identity_created"),
    "a new person, after her rights": (new_person, "user_changed"),
    "a known person": (known_person, "user_changed"),
    "a person who is checked": (renewed_person, "user_changed"),
    "an account that is connected": (linked, "identity_linked"),
    "an account that is unlinked": (unlinked, "identity_unlinked"),
    "the rights of one that is unlinked": (unlinked, "user_changed"),
    "a session that ends": (ended, "session_ended"),
    "a session that nobody used": (unused, "session_ended"),
    "a person's sessions": (ended_of_user, "sessions_ended"),
    "a provider's sessions": (ended_of_provider, "sessions_ended"),
    "a provider that is made": (created, "provider_created"),
    "the version of one that is made": (created, (post_save, ProviderVersion)),
    "the metadata of one that is made": (created, "provider_discovery_changed"),
    "the client key of one that is made": (created, "client_key_created"),
    "a provider that is changed": (saved(prompt="login"), "provider_changed"),
    "the version of one that is changed": (saved(prompt="login"), (post_save, ProviderVersion)),
    "the sessions of one that moves": (saved(client_id="other"), "sessions_ended"),
    "the client key of one that is changed": (
        saved(token_endpoint_auth_method="private_key_jwt"),
        "client_key_created",
    ),
    "a provider that is enabled": (switched(on=True), "provider_enabled"),
    "the version of one that is enabled": (switched(on=True), (post_save, ProviderVersion)),
    "a provider that is disabled": (switched(on=False), "provider_disabled"),
    "the version of one that is disabled": (switched(on=False), (post_save, ProviderVersion)),
    "the sessions of one that is disabled": (switched(on=False), "sessions_ended"),
    "a provider that is deleted": (deleted, (post_delete, Provider)),
    "a trial that begins": (on_trial, "provider_trial_started"),
    "a trial that is over": (overdue, "provider_rolled_back"),
    "the version of one that is over": (overdue, (post_save, ProviderVersion)),
    "the sessions of one that is over": (other_rules_overdue, "sessions_ended"),
    "the client key of one that is over": (overdue, "client_key_created"),
    "metadata": (refreshed, "provider_discovery_changed"),
    "the client key that metadata want": (refreshed, "client_key_created"),
    "endpoints that wait": (moved, "provider_drift"),
    "endpoints that are adopted": (adopted, "provider_drift_adopted"),
    "the document that is adopted": (adopted, "provider_discovery_changed"),
    "the client key that the adopted document wants": (adopted, "client_key_created"),
    "another issuer that is adopted": (issuer_adopted, "provider_changed"),
    "a rehearsal that is refused": (rehearsal_refused, "rehearsal_refused"),
    "endpoints that are refused": (refused, "provider_drift_refused"),
    "a provider's keys": (keys_fetched, "provider_keys_changed"),
    "the first client key": (first_client_key, "client_key_created"),
    "client keys that rotate": (rotated, "client_key_rotated"),
    "the next of client keys that rotate": (rotated, "client_key_created"),
    "client keys that are replaced": (replaced, "client_key_dropped"),
    "the new one of client keys that are replaced": (replaced, "client_key_created"),
    "client keys that are dropped": (dropped, (post_delete, ClientKey)),
    "a logout by the provider": (signed_out_by_provider, "backchannel_logout"),
}


@pytest.mark.parametrize(("prepare", "where"), MIDDLES.values(), ids=MIDDLES.keys())
def test_nothing_is_left_half_done(op, fails_at, prepare, where):
    act = prepare(op)
    before = every_row()
    fails_at(where)
    with pytest.raises(BrokenError):
        act()
    assert every_row() == before


def bystander(op):
    """Another provider, on trial, and whatever may hang on one: Carol there is called as Alice is at hers."""
    provider = register(
        op, slug="bystander", token_endpoint_auth_method="private_key_jwt", discovery=op.metadata()
    )
    rotate_client_key(provider=provider, by=BOB)
    now = timezone.now()
    drift = {"document": {"issuer": op.issuer}, "changes": {"x": {}}, "found_at": now, "seen_at": now}
    provider.drifts.create(**drift)
    Provider.objects.filter(pk=provider.pk).update(trial_ends_at=now + timedelta(hours=1), trial_baseline=1)
    carol = User.objects.create(username="carol", is_staff=True, is_superuser=True)
    identity = Identity.objects.create(provider=provider, sub="subject-1", user=carol)
    staff, _ = Group.objects.get_or_create(name="Staff")
    others = Group.objects.create(name="Others")
    carol.groups.add(staff, others)
    for group in (None, staff, others):
        GivenRight.objects.create(identity=identity, group=group, reason="staff")
    for since in (now, now - timedelta(hours=2)):  # the second one is not in use any more
        moments = dict.fromkeys(("started_at", "checked_at", "last_seen_at"), since)
        moments["expires_at"] = now + timedelta(hours=8)
        ConsoleSession.objects.create(provider=provider, user=carol, sub="subject-1", **moments)
    return provider


def rows_of(provider):
    carol = User.objects.filter(username="carol")
    rows = [
        Provider.objects.filter(pk=provider.pk),
        *(
            getattr(provider, name).all()
            for name in ("client_keys", "drifts", "identities", "console_sessions")
        ),
        GivenRight.objects.filter(identity__provider=provider),
        ProviderVersion.objects.filter(provider=provider),
        carol,
    ]
    return [list(each.order_by("pk").values()) for each in rows] + [
        sorted(carol.get().groups.values_list("name"))
    ]


def confirmed(op):
    on_trial(op)()
    return lambda: Browser().sign_in(op)


def undone(op):
    on_trial(op)()
    provider = corp()
    provider.prompt = ""
    hour = timedelta(hours=1)
    return lambda: services.save_provider(provider=provider, by=BOB, trial=hour, fetch_metadata=False)


def unreachable(op):
    register(op, discovery=op.metadata())
    now = timezone.now()
    reading = Reading(ProviderUnreachable(), ProviderUnreachable(), certificate_ends=now)
    return lambda: receive(corp(), reading, by=BOB, at=now)


def one_too_many(op):
    alice(op)

    def act():
        with override_settings(SESSIONS_PER_USER=1):
            Browser().sign_in(op)

    return act


def seen(op):
    browser = alice(op)
    ConsoleSession.objects.update(last_seen_at=timezone.now() - timedelta(minutes=2))
    return lambda: browser.client.get("/account")


ENTIRE = {prepare: None for prepare, _ in MIDDLES.values()}


@pytest.mark.parametrize("prepare", [*ENTIRE, confirmed, undone, unreachable, one_too_many, seen])
def test_what_another_provider_has_and_gave_stays(op, prepare):
    act = prepare(op)
    other = bystander(op)
    before = rows_of(other)
    act()
    assert rows_of(other) == before


NAME = "alice@corp.example"
ACCOUNT = {"provider": "corp", "sub": "subject-1"}
NOTHING = {"is_staff": False, "is_superuser": False, "groups": []}
EVERYTHING = {"is_staff": True, "is_superuser": True, "groups": ["Staff"]}
RENAMED = (
    {**EVERYTHING, "email": NAME, "name": ""},
    {**NOTHING, "email": "a@corp.example", "name": "Alice the other"},
)
KEY = {"kid": ..., "alg": "RS256"}
ENDED = (None, {"sessions": 1})
ENDPOINT = ({"userinfo_endpoint": ...}, {"userinfo_endpoint": ...})
BY_SECRET, BY_KEY = (
    {"token_endpoint_auth_method": how} for how in ("client_secret_basic", "private_key_jwt")
)
# What is on record of each of these: target, before and after of the event; `...` is some value.
ON_RECORD = {
    "a new person, before the identity": (NAME, None, {"email": NAME, "name": "Alice"}),
    "a new person, after the identity": (NAME, None, ACCOUNT),
    "a new person, after her rights": (NAME, NOTHING, EVERYTHING),
    "a known person": (NAME, *RENAMED),
    "a person who is checked": (NAME, *RENAMED),
    "an account that is connected": (NAME, None, {**ACCOUNT, "provider": "other"}),
    "an account that is unlinked": (NAME, ACCOUNT, {"sessions": 1}),
    "the rights of one that is unlinked": (NAME, EVERYTHING, NOTHING),
    "a session that ends": (..., None, None),
    "a session that nobody used": (..., None, {"why": "nobody used it"}),
    "a person's sessions": (NAME, *ENDED),
    "a provider's sessions": ("corp", *ENDED),
    "a provider that is changed": (
        "corp",
        {"prompt": "", "anyway": None},
        {"prompt": "login", "anyway": True},
    ),
    "the sessions of one that moves": ("corp", *ENDED),
    "a provider that is enabled": ("corp", None, None),
    "a provider that is disabled": ("corp", None, None),
    "the sessions of one that is disabled": ("corp", *ENDED),
    "a trial that begins": ("corp", None, {"baseline": 1, "ends_at": ...}),
    "a trial that is over": ("corp", BY_SECRET, BY_KEY),
    "the sessions of one that is over": ("corp", *ENDED),
    "metadata": ("corp", {"claims_supported": ...}, {"claims_supported": ["sub"]}),
    "endpoints that wait": ("corp", *ENDPOINT),
    "endpoints that are adopted": ("corp", *ENDPOINT),
    "the document that is adopted": ("corp", *ENDPOINT),
    "another issuer that is adopted": (
        "corp",
        {"issuer": ..., "anyway": None},
        {"issuer": ..., "anyway": True},
    ),
    "a rehearsal that is refused": ("corp", None, {"reference": ..., "stage": "leaving"}),
    "endpoints that are refused": ("corp", *ENDPOINT),
    "a provider's keys": ("corp", {"kids": []}, {"kids": ...}),
    "the first client key": ("corp", None, KEY),
    "client keys that rotate": ("corp", KEY, {**KEY, "published_until": ...}),
    "the next of client keys that rotate": ("corp", None, KEY),
    "client keys that are replaced": ("corp", KEY, None),
    "the new one of client keys that are replaced": ("corp", None, KEY),
    "the client key of one that is over": ("corp", None, KEY),
    "a logout by the provider": ("corp", None, {"sub": "subject-1", "sid": None, "sessions": 1}),
}
# Who did it, where that was not Bob, from whose address all else comes.
NOT_BOB = {
    **dict.fromkeys((name for name in MIDDLES if name.endswith("one that is over")), ("trial", None)),
    "a trial that is over": ("trial", None),
    "a session that nobody used": ("timeout", None),
    "a provider's keys": ("provider:corp", None),
    "a logout by the provider": ("provider:corp", "127.0.0.1"),
}


@pytest.mark.parametrize("what", ON_RECORD)
def test_it_is_on_record_with_who_did_it_from_where_and_what_it_changed(op, monkeypatch, what):
    bob = Actor("user", "bob", "203.0.113.9")
    monkeypatch.setitem(globals(), "BOB", bob)
    prepare, action = MIDDLES[what]
    act = prepare(op)
    last = max(Event.objects.values_list("pk", flat=True), default=0)
    act()
    target, before, after = ON_RECORD[what]
    told = list(Event.objects.filter(pk__gt=last, action=action))
    assert told
    for event in told:
        assert (event.actor, event.address) == NOT_BOB.get(what, (str(bob), bob.address))
        assert fits(target, event.target), event.target
        assert fits(before, event.before), event.before
        assert fits(after, event.after), event.after


@pytest.mark.django_db(transaction=True)
class SignInTests:
    """Through the callback, where a fault of ours is a page with a reference."""

    @pytest.fixture(autouse=True)
    def _corp(self, scripted_provider):
        register(scripted_provider, discovery=scripted_provider.metadata())

    @pytest.mark.parametrize("where", ["session_started", "signin"])
    def test_a_session_without_its_record_does_not_begin(self, scripted_provider, fails_at, where):
        visitor = Browser()
        fails_at(where)
        response = visitor.sign_in(scripted_provider)
        assert (response.status_code, outcome_of(response)) == (503, "internal_error")
        assert ConsoleSession.objects.count() == 0
        assert not visitor.is_signed_in()
        assert SignInAttempt.objects.get().outcome == "internal_error"

    def test_nor_without_the_browsers_session_that_leads_to_it(self, scripted_provider, monkeypatch):
        save = SessionStore.save

        def fails(store, must_create=False):
            if store.get(SESSION_KEY):
                raise BrokenError
            save(store, must_create)

        visitor = Browser()
        callback = scripted_provider.visit(visitor.leave())
        monkeypatch.setattr(SessionStore, "save", fails)
        response = visitor.arrive(callback)
        assert (response.status_code, outcome_of(response)) == (503, "internal_error")
        monkeypatch.undo()
        assert ConsoleSession.objects.count() == 0
        assert not visitor.is_signed_in()
        assert SignInAttempt.objects.get().outcome == "internal_error"

    def test_a_trace_without_its_event_is_none(self, scripted_provider, fails_at):
        visitor = Browser()
        callback = scripted_provider.visit(visitor.leave())
        scripted_provider.token.respond(400, {"error": "invalid_grant"})
        fails_at("signin_refused")
        assert visitor.arrive(callback).status_code == 502
        attempt = SignInAttempt.objects.get()
        assert (attempt.outcome, attempt.finished_at) == ("", None)

    def test_a_strays_trace_without_its_event_is_none(self, fails_at):
        fails_at("signin_refused")
        assert Browser().client.get("/callback/corp?state=x").status_code == 400
        assert SignInAttempt.objects.count() == 0

    def test_a_session_that_its_provider_gives_up_ends_with_its_trace_or_not_at_all(
        self, scripted_provider, fails_at
    ):
        Browser().sign_in(scripted_provider)
        session = ConsoleSession.objects.get()
        check = check_of(session, by=BOB, user_agent="")
        before = every_row()
        fails_at("session_check_refused")
        with pytest.raises(BrokenError):
            end_unvouched(session=session, sign_in=check, error=RefreshRefused(), by=BOB)
        assert every_row() == before


def test_cleanup_goes_on_where_it_was_stopped(op, fails_at):
    """Its batches are each their own: what was dropped is dropped, and the next run drops the rest."""
    provider = with_client_keys(op)
    rotate_client_key(provider=provider, by=BOB)
    ClientKey.objects.filter(retired_at__isnull=False).update(retired_at=timezone.now() - OVERLAP)
    assert ClientKey.objects.count() == 3
    call_command("cleanup")
    assert ClientKey.objects.count() == 2
