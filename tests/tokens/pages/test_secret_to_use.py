"""A new secret ends by itself, and its page has what a program does with it; the secret stands in none of it."""

import subprocess
from datetime import timedelta

import pytest
import yaml
from django.test import Client
from django.utils import timezone
from tokens_cast import METADATA, PASSWORD_BACKEND

from tests.ssoconsole.pages.page_reading import Page
from tokens.bots.services import GrantSpec, save_bot
from tokens.models import Bot, Credential

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(people):
    client = Client()
    client.force_login(people["bob"], PASSWORD_BACKEND)
    return client


def make(admin, bot, **form):
    return admin.post(f"/admin/tokens/bot/{bot.pk}/new-secret", form)


def newest():
    return Credential.objects.latest("created_at")


def test_the_form_offers_ninety_days_first(admin, bot):
    page = admin.get(f"/admin/tokens/bot/{bot.pk}/new-secret").content.decode()
    assert '<option value="90" selected>' in page
    for days in ("7", "30", "60", "never"):
        assert f'<option value="{days}">' in page


@pytest.mark.parametrize("days", [7, 30, 60, 90])
def test_it_ends_when_the_form_says(admin, bot, days):
    make(admin, bot, ends_in=str(days))
    ends_in = newest().expires_at - timezone.now()
    assert timedelta(days=days, minutes=-1) < ends_in <= timedelta(days=days)


def test_never_is_said_in_so_many_words(admin, bot):
    make(admin, bot, ends_in="never")
    assert newest().expires_at is None


def test_a_moment_that_is_typed_counts_before_the_choice(admin, bot):
    make(admin, bot, ends_in="90", expires_at_0="2099-01-31", expires_at_1="12:00")
    assert newest().expires_at.year == 2099


@pytest.mark.parametrize("ends_in", ["1", "-7", "9999999999", "90 days"])
def test_another_choice_is_none(admin, bot, ends_in):
    before = Credential.objects.count()
    assert make(admin, bot, ends_in=ends_in).status_code == 200
    assert Credential.objects.count() == before


def snippets(admin, bot):
    page = admin.get(make(admin, bot, ends_in="7")["Location"]).content.decode()
    document = Page(page)
    secret = next(field["value"] for field in document.all("input") if field.get("id") == "client-secret")
    titles = [area["aria-label"] for area in document.all("textarea")]
    texts = [part.partition(">")[2].partition("</textarea>")[0] for part in page.split("<textarea ")[1:]]
    return secret, dict(zip(titles, texts, strict=True))


def unescaped(text):
    return text.replace("&quot;", '"').replace("&#x27;", "'").replace("&gt;", ">").replace("&amp;", "&")


def test_each_place_has_its_words_and_none_has_the_secret(admin, bot):
    secret, found = snippets(admin, bot)
    assert [*found] == ["curl", "Python", "GitHub Actions", "Kubernetes", "OpenMetadata ingestion"]
    for text in found.values():
        assert secret not in text
        assert METADATA in unescaped(text)
    for title in ("curl", "Python", "GitHub Actions"):
        assert "/oauth/token" in found[title]
        assert bot.name in found[title]


def test_what_is_yaml_is_well_formed_and_what_is_python_compiles(admin, bot):
    _, found = snippets(admin, bot)
    compile(unescaped(found["Python"]), "snippet", "exec")
    env = yaml.safe_load(unescaped(found["Kubernetes"]))["env"]
    assert env[0]["valueFrom"]["secretKeyRef"] == {"name": bot.name, "key": "client-secret"}
    assert yaml.safe_load(unescaped(found["GitHub Actions"]))[0]["name"] == "Fetch a token"
    assert yaml.safe_load(unescaped(found["OpenMetadata ingestion"]))["workflowConfig"]


@pytest.mark.parametrize(
    "identifier", ["https://x.example/$(id)", "https://x.example/';id;'", "https://x.example/{a}&b=c"]
)
def test_the_name_of_an_audience_writes_nothing_into_a_shell_or_a_program(admin, audience, by, identifier):
    type(audience).objects.filter(pk=audience.pk).update(identifier=identifier)
    audience.refresh_from_db()
    bot = save_bot(bot=Bot(name="Night_Bot"), grants=[GrantSpec(audience, ["metadata.read"])], by=by)
    _, found = snippets(admin, bot)
    for title in ("curl", "GitHub Actions"):
        word = unescaped(found[title]).rpartition(" -d ")[2].partition(" | jq")[0].strip()
        said = subprocess.run(["sh", "-c", f"printf %s {word}"], capture_output=True, text=True, check=True)
        assert said.stdout == f"resource={identifier}"
    compile(unescaped(found["Python"]), "snippet", "exec")
    kubernetes = yaml.safe_load(unescaped(found["Kubernetes"]))["env"]
    assert kubernetes[2]["value"] == identifier
    assert kubernetes[0]["valueFrom"]["secretKeyRef"]["name"] == "night-bot"
