"""Whatever a member of staff may do without being a superuser, nobody can do more afterwards."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from providers.models import DiscoveryDrift, Identity, Provider
from providers.protocol.claims import takers_of
from providers.registration.secret import set_client_secret
from providers.registration.services import disable_provider, save_provider
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.ssoconsole.rights.every_write import CONSOLE, NOWHERE, every_right, every_write
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, disable_bot, save_bot
from tokens.credentials.services import add_client_secret
from tokens.keys.services import ensure_signing_key
from tokens.models import Audience, Bot

HERE = "203.0.113.9"
PASSWORD = "ssoconsole.platform.accounts.passwords.PasswordBackend"
BY = Actor.command("test")
DOCUMENT = (Path(__file__).parents[3] / "docs" / "operation.md").read_text()
ROWS = re.findall(r"^\| `(\w+)\.(\w+)` \| (.+) \|$", DOCUMENT, re.MULTILINE)
# Statements by which nobody gets a right.
HARMLESS = (
    *("SELECT ", "SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT "),
    *('UPDATE "django_session" ', 'INSERT INTO "django_admin_log" '),
)
PAIRS = [
    ("add_provider", "change_provider"),
    ("change_bot", "add_credential"),
    ("add_bot", "add_credential"),
    ("change_bot", "add_tokenrecord"),
    ("change_audience", "change_bot"),
    ("change_signingkey", "add_signingkey"),
    ("change_group", "add_group"),
    ("change_user", "change_provider"),
    ("delete_group", "add_group"),
    ("delete_identity", "change_user"),
]


@pytest.fixture
def world(db):
    """A console at work, with everything that somebody could make a superuser by."""
    bob = User.objects.create(username="bob", is_staff=True, is_superuser=True)
    carol = User.objects.create(username="carol", is_staff=True, email="carol@corp.example")
    User.objects.create(username="dave")
    admins, _ = (Group.objects.create(name=name) for name in ("Admins", "Staff"))
    admins.permissions.set(Permission.objects.all())
    carol.groups.add(admins)
    rules = [{"claim_value": "staff", "group": "Staff"}]
    corp = Provider(slug="corp", name="Corp", issuer=NOWHERE, client_id="console", group_rules=rules)
    set_client_secret(corp, "s" * 40)
    corp.admin_principals = ["eve@corp.example", "bob@corp.example"]
    corp.discovery = {"issuer": NOWHERE, "token_endpoint": f"{NOWHERE}/token"}
    save_provider(provider=corp, by=BY, fetch_metadata=False)
    # As if the document had been fetched when the secret was entered.
    corp.client_secret_for = takers_of(NOWHERE, corp.discovery)
    corp.save()
    corp.name = "Corp SSO"
    save_provider(provider=corp, by=BY, fetch_metadata=False)
    corp.admin_principals = ["bob@corp.example"]
    save_provider(provider=corp, by=BY, fetch_metadata=False, anyway=True)
    corp.principal_claims, trial = ["email"], timedelta(minutes=30)
    save_provider(provider=corp, by=BY, fetch_metadata=False, trial=trial)
    gone = Provider(slug="gone", name="Gone", issuer=NOWHERE, client_id="console", admin_principals=["eve"])
    set_client_secret(gone, "s" * 40)
    gone.discovery = corp.discovery
    save_provider(provider=gone, by=BY, fetch_metadata=False)
    gone.client_secret_for = corp.client_secret_for
    gone.save()
    disable_provider(provider=gone, by=BY)
    Identity.objects.create(provider=corp, sub="s-bob", user=bob)
    Identity.objects.create(provider=corp, sub="s-carol", user=carol)
    now, changed = timezone.now(), f"{NOWHERE}/elsewhere"
    DiscoveryDrift.objects.create(
        provider=corp,
        document={
            "issuer": NOWHERE,
            "authorization_endpoint": changed,
            "token_endpoint": changed,
            "jwks_uri": changed,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        },
        changes={"token_endpoint": {"before": f"{NOWHERE}/token", "after": changed}},
        found_at=now,
        seen_at=now,
    )
    console = Audience.objects.get(identifier=CONSOLE)
    other = Audience(identifier="https://other.example", name="Other", scopes=["console.write"])
    save_audience(audience=other, by=BY)
    for name, audience in (("ops", console), ("old-ops", console), ("plain", other)):
        bot = save_bot(bot=Bot(name=name), grants=[GrantSpec(audience, ["console.write"])], by=BY)
        add_client_secret(bot=bot, by=BY)
    disable_bot(bot=Bot.objects.get(name="old-ops"), by=BY)
    ensure_signing_key(alg="ES256", by=BY)
    return browser_of(bob)


def browser_of(user):
    client = Client()
    client.force_login(user, backend=PASSWORD)
    return client


def staff_with(codenames):
    user = User.objects.create(username="mallory", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return browser_of(user)


def gains(browser, writes, told=None):
    """
    What is there after each write that was not there before; every write finds the same world.

    In `told` is kept which write is on record as what, by whom, from where.
    """
    before, found, changes = every_right(), {}, []

    def note(execute, sql, params, many, context):
        if not sql.startswith(HARMLESS):
            changes.append(sql)
        return execute(sql, params, many, context)

    for name, path, data in writes:
        changes.clear()
        with transaction.atomic():
            last = Event.objects.order_by("-pk").values_list("pk", flat=True).first()
            with connection.execute_wrapper(note):
                browser.post(path, data, REMOTE_ADDR=HERE)
            if told is not None:
                new = Event.objects.filter(pk__gt=last).values_list("action", "actor", "address")
                told |= {(name, *row) for row in new}
            browser.cookies.pop("messages", None)
            # To look at every right takes longer than a request that was refused and has changed nothing.
            if changes and (more := every_right() - before):
                found.setdefault(name, more)
            transaction.set_rollback(True)
    return found


def every_permission():
    return list(Permission.objects.order_by("codename").values_list("codename", flat=True))


class StaffTests:
    def test_with_every_permission_nobody_gets_more_by_any_write(self, world):
        mallory = staff_with(every_permission())
        assert gains(mallory, list(every_write(world))) == {}

    def test_nor_with_one_of_them_alone_or_a_pair_of_them(self, world):
        """
        Of the writes, those of the models that the permissions are about: without one, the others are 403.

        The permissions to look are had all at once: together they let nobody write either.
        """
        mallory = staff_with([])
        user, writes = User.objects.get(username="mallory"), list(every_write(world))
        registered = {model._meta.model_name for model in admin.site._registry}
        known = [name for name in every_permission() if name.partition("_")[2] in registered]
        looking = [name for name in known if name.startswith("view_")]
        alone = [(name,) for name in known if name not in looking]
        for codenames in [looking, *alone, *PAIRS]:
            user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
            nouns = {name.partition("_")[2] for name in codenames}
            ours = [each for each in writes if nouns & set(re.split(r"\W|_", each[0].lower()))]
            assert gains(mallory, ours) == {}, codenames


class SuperuserTests:
    def test_the_same_writes_give_rights_where_a_superuser_makes_them_and_are_on_record_as_his(self, world):
        User.objects.create(username="mallory", is_staff=True)
        told = set()
        found = gains(world, list(every_write(world)), told).keys()
        assert len({action for _, action, _, _ in told}) > 20
        assert {row for row in told if row[2:] != ("user:bob", HERE)} == set()
        assert {
            "providers.Provider add enabled",
            "providers.Provider change admin_principals",
            "providers.Provider change group_rules",
            "providers.Provider change issuer",
            "providers.Provider change client_secret",
            "providers.Provider change link_by_verified_email",
            "providers.Provider change session_lifetime",
            "providers.Provider change enabled",
            "providers_provider_restore_page",
            "providers_provider_roll_back_page",
            "providers_provider_drift",
            "accounts.User change is_superuser",
            "accounts.User change is_staff",
            "accounts.User change groups",
            "accounts.User change email",
            "auth.Group change permissions",
            "auth.Group change name",
            "auth.Group add permissions",
            "tokens.Audience change scopes",
            "tokens.Bot add grants",
            "tokens.Bot change grants",
            "tokens.Bot change owner",
            "tokens.Bot action enable",
            "tokens_bot_new_secret",
            "tokens_bot_new_keys",
            "tokens_bot_new_federation",
            "tokens_bot_new_token",
            "tokens_signingkey_import",
        } <= found


class ApiTests:
    def test_a_person_who_is_no_superuser_writes_nothing_there(self, world):
        mallory = staff_with(every_permission())
        before = every_right()
        for path, body in (
            ("providers/corp", {"admin_principals": ["mallory"], "anyway": True}),
            ("bots/ops", {"owner": "mallory"}),
            ("bots/plain", {"grants": [{"audience": CONSOLE, "scopes": ["console.write"]}]}),
        ):
            answer = mallory.patch(f"/api/v1/{path}", body, content_type="application/json")
            assert answer.status_code == 404
        assert every_right() == before


class DocumentTests:
    def test_every_permission_of_what_is_in_the_admin_is_in_the_table(self, db):
        registered = {(model._meta.app_label, model._meta.model_name) for model in admin.site._registry}
        wanted = {
            (app, codename)
            for app, codename, model in Permission.objects.values_list(
                "content_type__app_label", "codename", "content_type__model"
            )
            if (app, model) in registered
        }
        assert {(app, codename) for app, codename, _ in ROWS} == wanted
        assert all(apps.is_installed(app) or apps.get_app_config(app) for app, _, _ in ROWS)
