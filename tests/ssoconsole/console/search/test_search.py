"""One box on every page of the admin: what is found by whom, and what nobody learns by it."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import ClaimedName, Identity, SignInAttempt
from providers.signin.traces import normal_name
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import key_ring
from tests.ssoconsole.pages.page_reading import Page
from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password, person, provider, staff
from tests.support.leaks import assert_without
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.models import Audience, Bot, TokenRecord, TokenRefusal
from tokens.records.services import issue_token

pytestmark = pytest.mark.django_db
SEARCH = "/admin/search"
BY = Actor("user", "bob")
NOTHING = "Nothing that you may see is called so."
SECRET = "ssoc_" + "a1B2" * 12


@pytest.fixture
def bob(client):
    come_in_by_password(client, administrator("bob"))
    return client


@pytest.fixture
def issued():
    audience = save_audience(
        audience=Audience(identifier="https://api.example", name="API", scopes=["a"]), by=BY
    )
    bot = save_bot(bot=Bot(name="nightly-export"), grants=[GrantSpec(audience, ["a"])], by=BY)
    lifetime = timedelta(minutes=10)
    return issue_token(bot=bot, audience=audience, scopes=["a"], lifetime=lifetime, label="", by=BY)[1]


@pytest.fixture
def world(issued):
    """One of each kind, by the name of its model."""
    corp = provider(client_id="console-at-corp")
    alice = person("alice@corp.example", name="Alice", email="Alice.A@mail.example")
    Identity.objects.create(provider=corp, sub="00u-alice", user=alice)
    now = timezone.now()
    attempt = SignInAttempt.objects.create(
        provider=corp, reference="canyon-lamp-violet", outcome="not_admitted", started_at=now
    )
    name_hash = key_ring().keyed_hash(normal_name("carol@rival.example"), purpose=ClaimedName.PURPOSE)
    ClaimedName.objects.create(attempt=attempt, name_hash=name_hash)
    refusal = TokenRefusal.objects.create(
        reference="canyon-lamp-violet-river",
        at=now,
        door="token",
        endpoint="/oauth/token",
        status=401,
        code="unknown_client",
        answered="invalid_client",
        unverified_client_id="nightly-exprot",
        actor="anonymous",
    )
    return {
        "user": alice,
        "bot": Bot.objects.get(),
        "provider": corp,
        "tokenrecord": TokenRecord.objects.get(),
        "signinattempt": attempt,
        "tokenrefusal": refusal,
    }


APPS = {"user": "accounts", "bot": "tokens", "provider": "providers", "tokenrecord": "tokens"}
APPS |= {"signinattempt": "providers", "tokenrefusal": "tokens"}
FOUND = [
    ("alice@corp.example", "user"),
    ("ALICE@corp.EXAMPLE", "user"),
    ("alice@c", "user"),
    ("  alice.a@MAIL.example\n", "user"),
    ("00u-alice", "user"),
    ("nightly-export", "bot"),
    ("Nightly-EXPORT", "bot"),
    ("nightly", "bot"),
    ("corp sso", "provider"),
    ("corp", "provider"),
    ("console-at-corp", "provider"),
    ("https://corp.example", "provider"),
    ("{jti}", "tokenrecord"),
    ("carol@rival.example", "signinattempt"),
    ("Carol@Rival.example", "signinattempt"),
    ("canyon-lamp-violet", "signinattempt"),
    ("Canyon, lamp. VIOLET", "signinattempt"),
    ("canyon lamp violet river", "tokenrefusal"),
    ("nightly-exprot", "tokenrefusal"),
]


def page_of(world, kind):
    return f"/admin/{APPS[kind]}/{kind}/{world[kind].pk}/change/"


def typed(text, world):
    return text.format(jti=world["tokenrecord"].jti)


class FindingTests:
    @pytest.mark.parametrize(("text", "kind"), FOUND)
    def test_what_is_one_thing_leads_to_it(self, bob, world, text, kind):
        answer = bob.post(SEARCH, {"q": typed(text, world)})
        assert (answer.status_code, answer.get("Location")) == (302, page_of(world, kind))

    @pytest.mark.parametrize(("text", "kind"), FOUND)
    def test_who_may_view_that_kind_alone_finds_it_and_nothing_else(self, client, world, text, kind):
        rights = [f"view_{kind}", *(["view_identity"] if text == "00u-alice" else [])]
        answer = staff(client, *rights).post(SEARCH, {"q": typed(text, world)})
        assert answer.get("Location") == page_of(world, kind)

    @pytest.mark.parametrize(("text", "kind"), FOUND)
    def test_who_may_view_everything_but_that_kind_is_not_told_that_it_is_there(
        self, client, world, text, kind
    ):
        may = Permission.objects.filter(codename__startswith="view_").exclude(codename=f"view_{kind}")
        if (text, kind) == ("canyon lamp violet river", "tokenrefusal"):
            may = may.exclude(codename="view_signinattempt")
        dave = staff(client, *may.values_list("codename", flat=True))
        with CaptureQueriesContext(connection) as asked:
            page = dave.post(SEARCH, {"q": typed(text, world)}).content.decode()
        table = world[kind]._meta.db_table
        names = [
            f'FROM "{table}" WHERE "{table}"."{column}"' for column in ("reference", "jti", "name", "slug")
        ]
        assert NOTHING in page
        assert page_of(world, kind) not in page
        assert [query for query in asked if any(name in query["sql"] for name in names)] == []

    def test_by_a_subject_finds_nobody_who_may_not_view_identities(self, client, world):
        assert NOTHING in staff(client, "view_user").post(SEARCH, {"q": "00u-alice"}).content.decode()

    def test_what_is_several_things_is_shown_by_kind(self, bob, world):
        save_bot(bot=Bot(name="alice-bot"), grants=[], by=BY)
        page = bob.post(SEARCH, {"q": "alice"})
        titles = [group.title for group in page.context["groups"]]
        assert titles == ["Users", "Bots"]
        assert page_of(world, "user") in page.content.decode()

    def test_of_many_ten_are_shown_and_the_list_has_the_others(self, bob, world):
        Bot.objects.bulk_create(Bot(name=f"batch-{number:02}") for number in range(15))
        page = bob.post(SEARCH, {"q": "batch-"}).content.decode()
        assert len(re.findall(r">batch-\d\d</a>", page)) == 10
        more = "/admin/tokens/bot/?q=batch-"
        assert f'href="{more}"' in page
        assert "15 bots" in bob.get(more).content.decode()

    def test_a_bot_comes_before_what_was_refused_to_its_name(self, bob, world):
        TokenRefusal.objects.update(unverified_client_id="nightly-export")
        assert bob.post(SEARCH, {"q": "nightly-export"}).url == page_of(world, "bot")

    def test_who_may_not_view_bots_finds_what_was_refused_to_their_names(self, client, world):
        TokenRefusal.objects.update(unverified_client_id="nightly-export")
        answer = staff(client, "view_tokenrefusal").post(SEARCH, {"q": "nightly-export"})
        assert answer.get("Location") == page_of(world, "tokenrefusal")

    @pytest.mark.parametrize(
        "text", ["%", "_", "mallory", "alice@corp.exampl_", "\\", "'", "{jti}x", "x" * 512]
    )
    def test_what_is_nothing_is_said_to_be_nothing(self, bob, world, text):
        answer = bob.post(SEARCH, {"q": typed(text, world)})
        assert answer.status_code == 200
        assert NOTHING in answer.content.decode()

    @pytest.mark.parametrize("text", ["", " ", "\0", "\0 \0"])
    def test_nothing_is_not_looked_for(self, bob, world, text):
        answer = bob.post(SEARCH, {"q": text})
        assert answer.status_code == 200
        assert NOTHING not in answer.content.decode()


class HostileTests:
    def test_a_nul_is_passed_over(self, bob, world):
        assert bob.post(SEARCH, {"q": "nightly\0-export"}).url == page_of(world, "bot")

    def test_half_a_surrogate_pair_is_no_fault(self, bob, world):
        body = b'--b\r\nContent-Disposition: form-data; name="q"\r\n\r\na+2AA-b\r\n--b--\r\n'
        answer = bob.post(SEARCH, body, content_type="multipart/form-data; boundary=b; charset=utf-7")
        assert answer.status_code in (200, 400)

    def test_sixty_kilobytes_are_not_looked_up(self, client, world):
        dave = staff(client, "view_user", "view_bot", "view_provider", "view_tokenrecord")
        with CaptureQueriesContext(connection) as asked:
            page = dave.post(SEARCH, {"q": "nightly-" * 7_500}).content.decode()
        assert_without(page, "nightly-nightly-")
        assert [query for query in asked if '"tokens_bot"' in query["sql"]] == []

    def test_a_form_from_elsewhere_is_refused(self, bob, world):
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = bob.cookies
        assert strict.post(SEARCH, {"q": "nightly-export"}).status_code == 403

    def test_what_stands_in_an_address_is_not_looked_for(self, bob, world):
        answer = bob.get(SEARCH, {"q": "alice@corp.example"})
        assert answer.status_code == 200
        assert "alice@corp.example" not in answer.content.decode()

    @pytest.mark.parametrize("method", ["put", "delete", "patch"])
    def test_no_other_method_is_answered(self, bob, method):
        assert getattr(bob, method)(SEARCH).status_code == 405

    def test_markup_is_shown_as_it_was_typed(self, bob):
        page = bob.post(SEARCH, {"q": '"><b>'}).content.decode()
        assert 'value="&quot;&gt;&lt;b&gt;"' in page

    @pytest.mark.parametrize("who", ["stranger", "mallory"])
    def test_who_does_not_administer_is_sent_away_whatever_is_there(self, client, world, who):
        if who == "mallory":
            come_in_by_password(client, person("mallory"))
        for text in ("nightly-export", "nothing at all"):
            assert client.post(SEARCH, {"q": text}).url == "/admin/login/?next=/admin/search"


class TokenTests:
    @pytest.fixture(params=["{}", "Bearer {}", "  {}\n", '"{}"', "Authorization: Bearer {}"])
    def pasted(self, request, issued):
        return request.param.format(issued)

    def test_a_token_is_explained_by_the_doctor(self, bob, issued, pasted):
        answer = bob.post(SEARCH, {"q": pasted})
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "Every step, in the order of checking" in page
        assert_without(page, issued)

    def test_who_is_no_superuser_is_told_whose_the_doctor_is_and_nothing_of_the_token(
        self, client, issued, pasted
    ):
        page = staff(client, "view_tokenrecord", "view_bot").post(SEARCH, {"q": pasted}).content.decode()
        assert "is for superusers" in page
        assert_without(page, issued, TokenRecord.objects.get().jti, "nightly-export")

    @pytest.mark.parametrize("secret", [SECRET, "eyJhbGciOiJFUzI1NiIsInR5cCI", "a.b" * 200])
    def test_what_may_be_one_or_a_secret_is_not_shown_again(self, bob, secret):
        page = bob.post(SEARCH, {"q": secret}).content.decode()
        assert "The token does not count" in page
        assert_without(page, secret)

    def test_a_name_that_begins_like_one_is_a_name(self, bob):
        eyjolf = person("eyjolfurgudmundsson@corp.example")
        assert bob.post(SEARCH, {"q": eyjolf.username}).url.endswith(f"/user/{eyjolf.pk}/change/")


class BoxTests:
    @pytest.mark.parametrize(
        "path", ["/", "/admin/", SEARCH, "/admin/tokens/bot/", "/admin/tokens/bot/add/", "/admin/checklist"]
    )
    def test_it_is_on_every_page_and_posts(self, bob, path):
        page = Page(bob.get(path).content.decode())
        (box,) = [form for form in page.all("form") if form.get("action") == SEARCH]
        assert box["method"] == "post"
        assert box["role"] == "search"
        assert page.unlabelled_fields() == []
        assert page.inline_code() == []

    def test_the_password_door_and_people_who_do_not_administer_have_none(self, client, db):
        assert SEARCH not in client.get("/admin/login/").content.decode().replace("next=", "")
        come_in_by_password(client, person("mallory"))
        assert SEARCH not in client.get("/").content.decode()

    def test_an_answer_is_kept_by_no_cache(self, bob, world):
        assert "no-store" in bob.post(SEARCH, {"q": "a"})["Cache-Control"]


def statements(client, text):
    with CaptureQueriesContext(connection) as asked:
        client.post(SEARCH, {"q": text})
    return [query["sql"] for query in asked]


def test_it_asks_as_often_however_many_there_are(bob, world):
    bob.get("/admin/")
    few = statements(bob, "batch-")
    Bot.objects.bulk_create(Bot(name=f"batch-{number:03}") for number in range(300))
    User.objects.bulk_create(User(username=f"batch-{number:03}") for number in range(300))
    many = statements(bob, "batch-")
    assert len(few) <= 20
    assert len(many) <= len(few)
    by_text = [sql for sql in many if "batch-" in sql and '"jti" = ' not in sql]
    assert [sql for sql in by_text if "LIMIT 11" not in sql and "LIMIT 1" not in sql] == []


@pytest.mark.parametrize(("text", "table"), [("batch-", "tokens_bot"), ("batch-7", "accounts_user")])
def test_it_reads_along_an_index(bob, world, text, table):
    asked = [
        sql for sql in statements(bob, text) if sql.startswith("SELECT") and f'FROM "{table}" WHERE' in sql
    ]
    searches = [sql for sql in asked if text in sql]
    assert searches
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        for sql in searches:
            cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}")
            plan = " ".join(str(row) for row in cursor.fetchall())
            assert "SEARCH" in plan or "Index Cond" in plan, (sql, plan)
