"""Every item of the production checklist can be red, says what to do, and can be green."""

from datetime import timedelta
from io import StringIO
from ipaddress import ip_network

import pytest
from django.contrib.auth.hashers import make_password
from django.core import checks
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import Identity
from ssoconsole.console.checklist import running
from ssoconsole.console.checklist.services import ITEMS, go_through
from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.runs.models import LastRun
from ssoconsole.platform.runs.services import note_run
from tests.ssoconsole.pages.pages_cast import administrator, come_in, person, provider
from tests.support.leaks import assert_without
from tokens.credentials.services import add_client_secret
from tokens.models import Bot, SigningKey
from tokens.protocol.key_file import KEY_IDS

pytestmark = pytest.mark.django_db
NEWER_KEY = "q83vEjRWeJASNFZ4kBI0VniQEjRWeJASNFZ4kKvN7xE"
PRODUCTION = {
    "BASE_URL": "https://sso.example.com",
    "DEBUG": False,
    "ALLOWED_HOSTS": ["sso.example.com"],
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "ALLOW_LOOPBACK_PROVIDERS": False,
    "TRUSTED_PROXIES": [ip_network("10.0.0.5/32")],
    "TRUSTED_PROXY_HEADER": "Forwarded",
    "SERVER_PROCESSES": 1,
    "METRICS_TOKEN": "m" * 40,
    "STORAGES": {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": running.FINGERPRINTED},
    },
}


@pytest.fixture
def production(settings):
    """A console of which nothing is to be said."""
    for name, value in PRODUCTION.items():
        setattr(settings, name, value)
    corp = provider()
    bob = administrator()
    Identity.objects.create(user=bob, provider=corp, sub="bob")
    note_run(LastRun.What.BACKUP)
    note_run(LastRun.What.CLEANUP)
    return settings


def request_by(scheme):
    return RequestFactory().get("/admin/checklist", secure=scheme == "https")


def statuses(scheme="https"):
    results = go_through(at=timezone.now(), request=request_by(scheme))
    return {result.item.code: result.status for result in results}


def setting(**values):
    def change(settings):
        for name, value in values.items():
            setattr(settings, name, value)

    return change


def a_week_and_a_day_ago(what, days=8):
    return lambda settings: note_run(what, at=timezone.now() - timedelta(days=days))


def a_password_for_ever(settings):
    person("root", is_staff=True, is_superuser=True)
    type(person("x")).objects.filter(username="root").update(password=make_password("p" * 20))


def a_known_key(settings):
    SigningKey.objects.signing().update(kid=next(iter(KEY_IDS)))


def an_older_key(settings):
    settings.FIELD_ENCRYPTION_KEYS = [NEWER_KEY, *settings.FIELD_ENCRYPTION_KEYS]


def a_secret_under_an_older_key(settings):
    add_client_secret(bot=Bot.objects.create(name="nightly"), by=Actor.command("t"))
    an_older_key(settings)


WAYS_TO_BE_RED = [
    ("base_url_https", setting(BASE_URL="http://sso.example.com")),
    ("debug_off", setting(DEBUG=True)),
    ("cookie_flags", setting(SESSION_COOKIE_SECURE=False)),
    ("cookie_flags", setting(SESSION_COOKIE_SAMESITE="None")),
    ("hsts", setting(SECURE_HSTS_SECONDS=0)),
    ("allowed_hosts", setting(ALLOWED_HOSTS=["*"])),
    ("allowed_hosts", setting(ALLOWED_HOSTS=[])),
    ("trusted_proxies", setting(TRUSTED_PROXIES=[])),
    ("trusted_proxies", setting(TRUSTED_PROXY_HEADER="")),
    ("trusted_proxies", setting(TRUSTED_PROXIES=[ip_network("0.0.0.0/0")])),
    ("trusted_proxies", setting(TRUSTED_PROXIES=[ip_network("::/0")])),
    ("loopback_providers_off", setting(ALLOW_LOOPBACK_PROVIDERS=True)),
    ("administrator_through_provider", lambda settings: Identity.objects.all().delete()),
    ("administrator_through_provider", lambda settings: provider_disabled()),
    ("no_break_glass", lambda settings: bootstrap_admin(name="rescue", by=Actor.command("t"))),
    ("no_lasting_password", a_password_for_ever),
    ("no_demonstration_key", a_known_key),
    ("no_demonstration_key", setting(SECRET_KEY="django-insecure-" + "x9" * 40)),
    ("no_demonstration", lambda settings: provider("demo")),
    ("no_demonstration", lambda settings: Bot.objects.create(name="demo-bot")),
    ("signing_key_age", lambda settings: SigningKey.objects.update(signing_from=None)),
    (
        "signing_key_age",
        lambda settings: SigningKey.objects.signing().update(
            signing_from=timezone.now() - timedelta(days=366)
        ),
    ),
    ("newest_encryption_key", an_older_key),
    ("newest_key_of_secrets", a_secret_under_an_older_key),
    ("cache_shared", setting(SERVER_PROCESSES=2)),
    ("static_collected", setting(STORAGES=PRODUCTION["STORAGES"] | {"staticfiles": {"BACKEND": "x"}})),
    ("backup_seen", a_week_and_a_day_ago(LastRun.What.BACKUP)),
    ("backup_seen", lambda settings: LastRun.objects.filter(what="backup").delete()),
    ("cleanup_seen", a_week_and_a_day_ago(LastRun.What.CLEANUP, days=3)),
    ("cleanup_seen", lambda settings: LastRun.objects.filter(what="cleanup").delete()),
    ("metrics_closed", setting(METRICS_TOKEN="guess")),
    ("metrics_closed", setting(METRICS_NETWORKS=[ip_network("0.0.0.0/0")])),
]


def provider_disabled():
    identity = Identity.objects.get()
    identity.provider.enabled = False
    identity.provider.save()


class ItemTests:
    def test_a_console_that_is_ready_is_green_throughout(self, production):
        assert [code for code, status in statuses().items() if status != "good"] == []

    @pytest.mark.parametrize(("code", "spoil"), WAYS_TO_BE_RED)
    def test_each_item_can_be_red(self, production, monkeypatch, code, spoil):
        if connection.vendor != "sqlite" and code == "cache_shared":
            production.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
        spoil(production)
        assert statuses()[code] == "bad"

    def test_a_request_that_came_by_http_is_seen(self, production):
        assert statuses(scheme="http")["proxy_https"] == "bad"

    def test_without_a_request_that_cannot_be_told(self, production):
        [result] = [r for r in go_through(at=timezone.now()) if r.item.code == "proxy_https"]
        assert result.status == "unknown"

    def test_several_processes_need_another_database_than_a_file(self, production, monkeypatch):
        production.SERVER_PROCESSES = 2
        for vendor, status in (("sqlite", "bad"), ("postgresql", "good")):
            monkeypatch.setattr(connection._connections["default"], "vendor", vendor)
            assert statuses()["database_fits"] == status

    def test_several_processes_with_a_shared_cache_are_fine(self, production):
        production.SERVER_PROCESSES = 2
        production.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}
        assert statuses()["cache_shared"] == "good"

    def test_every_item_that_can_be_red_is_tried(self):
        tried = {code for code, _ in WAYS_TO_BE_RED} | {"proxy_https", "database_fits"}
        assert tried == {item.code for item in ITEMS}

    def test_with_a_key_ring_that_cannot_be_read_what_needs_it_is_unknown(self, production, settings):
        settings.FIELD_ENCRYPTION_KEYS = ["no-key-at-all"]
        results = go_through(at=timezone.now())
        told = [result.finding.found for result in results if "FIELD_ENCRYPTION_KEYS" in result.finding.found]
        assert told
        assert not any("no-key-at-all" in each for each in told)
        assert {result.item.code: result.status for result in results}["debug_off"] == "good"

    def test_without_the_database_what_needs_it_is_unknown(self, production, monkeypatch):
        def refuse(*args, **kwargs):
            raise OperationalError("away")

        with monkeypatch.context() as away:
            away.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", refuse)
            found = statuses()
        assert (found["backup_seen"], found["debug_off"]) == ("unknown", "good")

    def test_no_secret_is_told(self, production):
        a_known_key(production)
        said = " ".join(f"{r.finding.found} {r.item.remedy}" for r in go_through(at=timezone.now()))
        for secret in (production.SECRET_KEY, production.METRICS_TOKEN, *production.FIELD_ENCRYPTION_KEYS):
            assert_without(said, secret)


class DeployCheckTests:
    def check(self, *arguments):
        err = StringIO()
        call_command("check", *arguments, stderr=err, stdout=StringIO())
        return err.getvalue()

    def test_it_is_the_same_list_with_the_remedies(self, production):
        LastRun.objects.filter(what="backup").delete()
        said = self.check("--deploy", "--tag", "checklist")
        assert "checklist.backup_seen" in said
        assert "manage.py backup --folder FOLDER" in said
        assert "checklist.cleanup_seen" not in said

    def test_a_start_does_not_ask_for_it(self, production):
        LastRun.objects.all().delete()
        assert [message for message in checks.run_checks() if message.id.startswith("checklist.")] == []


class PageTests:
    @pytest.fixture
    def checklist(self, client, settings):
        def get(user, **extra):
            come_in(client, user, provider("corp"))
            return client.get("/admin/checklist", **extra)

        return get

    def test_an_administrator_sees_every_item_and_the_remedy_of_what_is_red(self, checklist):
        response = checklist(administrator())
        text = response.content.decode()
        assert response.status_code == 200
        assert [item.code for item in ITEMS if f'data-code="{item.code}"' not in text] == []
        assert 'data-code="backup_seen" data-status="bad"' in text
        assert "manage.py backup --folder FOLDER" in text

    def test_the_page_costs_few_queries(self, client):
        come_in(client, administrator(), provider())
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/checklist")
        assert len(queries) <= 30

    @pytest.mark.parametrize("rights", [{}, {"is_staff": True}])
    def test_nobody_else_does(self, checklist, rights):
        response = checklist(person("mallory", **rights))
        assert response.status_code in (302, 403)
        assert b"data-code" not in response.content

    def test_a_stranger_is_sent_to_sign_in(self, client):
        assert client.get("/admin/checklist").status_code == 302

    def test_it_is_only_read(self, client):
        come_in(client, administrator(), provider())
        assert client.post("/admin/checklist").status_code == 405

    def test_the_admin_leads_there(self, checklist, client):
        checklist(administrator())
        assert 'href="/admin/checklist"' in client.get("/admin/").content.decode()
