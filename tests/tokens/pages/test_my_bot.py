"""The owner of a bot makes and retires its secrets and tokens, within the grants that administrators gave it."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.ssoconsole.pages.pages_cast import administrator, come_in, person, provider
from tests.support.revoked import revoke_by_hand
from tests.tokens.tokens_cast import BASE_URL, METADATA, OAuth
from tokens.admin.bot_forms import NewSecretForm
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, disable_bot, retire_bot, save_bot
from tokens.credentials.keyless import add_federation
from tokens.credentials.services import add_client_secret, retire_credential
from tokens.models import Audience, Bot, Credential, TokenRecord
from tokens.my_bot import MOST_LIVE_SECRETS
from tokens.records.services import issue_token

BY = Actor.command("test")
PAGE = "/bots/nightly"


@pytest.fixture
def corp(db):
    return provider()


@pytest.fixture
def audience(db):
    made = Audience(identifier=METADATA, name="Metadata", scopes=["read", "write"], max_token_lifetime=86_400)
    return save_audience(audience=made, by=BY)


@pytest.fixture
def alice(corp):
    """She owns the bot, and administers nothing."""
    return person("alice@corp.example")


@pytest.fixture
def bot(alice, audience):
    bot = Bot(name="nightly", owner=alice.username)
    return save_bot(bot=bot, grants=[GrantSpec(audience, ["read"])], by=BY)


@pytest.fixture
def her_browser(alice, bot, corp):
    return browser_of(alice, corp)


def browser_of(user, at_provider):
    client = Client()
    come_in(client, user, at_provider)
    return client


@pytest.mark.parametrize("owner", ["alice@corp.example", "ALICE@Corp.Example"])
def test_the_owner_is_named_in_any_case(her_browser, bot, owner):
    Bot.objects.update(owner=owner)
    assert her_browser.get(PAGE).status_code == 200
    assert "nightly" in her_browser.get("/").content.decode()


def do(client, deed, *, page=PAGE, **data):
    return client.post(page, {"do": deed, **data})


def shown_value(client, answer):
    """What the page behind the redirect shows at the first look."""
    assert answer.status_code == 302, answer.content.decode()
    body = client.get(answer["Location"]).content.decode()
    return re.search(r'<textarea[^>]* id="value"[^>]*>([^<]*)</textarea>', body)[1]


def secret_of(bot):
    return add_client_secret(bot=bot, label="old", by=BY)


def token_of(bot, audience, **more):
    given = {"scopes": ["read"], "lifetime": timedelta(minutes=5), "label": "by hand", "by": BY} | more
    return issue_token(bot=bot, audience=audience, **given)


def everything():
    return [list(model.objects.order_by("pk").values()) for model in (Bot, Credential, TokenRecord)]


class OwnerTests:
    def test_finds_the_page_from_the_start_page(self, her_browser):
        assert f'href="{PAGE}"' in her_browser.get("/").content.decode()
        assert her_browser.get(PAGE).status_code == 200

    def test_makes_a_secret_that_works_and_is_shown_once(self, her_browser, bot):
        answer = do(her_browser, "make-secret", label="cron", ends_in="30")
        client_secret = shown_value(her_browser, answer)
        assert OAuth().token(("nightly", client_secret)).status_code == 200
        again = her_browser.get(answer["Location"]).content.decode()
        assert client_secret not in again
        assert "shown its secret already" in again
        kept = Credential.objects.get()
        assert timedelta(days=29) < kept.expires_at - timezone.now() <= timedelta(days=30)
        assert kept.created_by == "user:alice@corp.example"
        assert Event.objects.filter(action="client_secret_added", actor="user:alice@corp.example").exists()

    def test_retires_a_secret(self, her_browser, bot):
        credential, client_secret = secret_of(bot)
        do(her_browser, "retire-secret", which=credential.pk)
        assert OAuth().token(("nightly", client_secret)).status_code == 401
        credential.refresh_from_db()
        assert credential.retired_by == "user:alice@corp.example"

    def test_issues_a_token_within_the_grant(self, her_browser, bot, audience):
        _, client_secret = secret_of(bot)
        token = shown_value(her_browser, do(her_browser, "issue-token", audience=audience.pk, label="once"))
        told = OAuth().introspect(token, ("nightly", client_secret)).json()
        assert (told["active"], told["scope"], told["sub"]) == (True, "read", "nightly")
        assert TokenRecord.objects.get().issued_by == "user:alice@corp.example"

    def test_revokes_one_token_or_all(self, her_browser, bot, audience):
        first, second, third = (token_of(bot, audience)[0] for _ in range(3))
        do(her_browser, "revoke-token", which=first.pk)
        assert list(TokenRecord.objects.filter(revocation=None)) == [third, second]
        do(her_browser, "revoke-all")
        assert not TokenRecord.objects.filter(revocation=None).exists()
        assert set(TokenRecord.objects.values_list("revocation__by", flat=True)) == {
            "user:alice@corp.example"
        }

    @pytest.mark.parametrize(
        ("changed", "badge", "is_offered"),
        [
            ({"label": "changed"}, None, True),
            ({"expires_at": None}, None, True),
            ({"expires_at": timezone.now()}, "Ended", False),
            (None, "Revoked", False),
        ],
    )
    def test_may_revoke_what_has_not_ended(self, her_browser, bot, audience, changed, badge, is_offered):
        record, _ = issue_token(bot=bot, audience=audience, scopes=None, lifetime=timedelta(hours=1), by=BY)
        if changed is None:
            revoke_by_hand(record)
        else:
            TokenRecord.objects.update(**changed)
        body = her_browser.get(PAGE).content.decode()
        assert [word for word in ("Ended", "Revoked") if f">{word}<" in body] == ([badge] if badge else [])
        assert ('value="revoke-token"' in body) == is_offered

    def test_sees_what_was_refused_to_the_bot(self, her_browser, bot):
        refused = OAuth().token(("nightly", "x" * 40)).json()
        page = her_browser.get(PAGE).content.decode()
        assert refused["error_uri"].rpartition("/")[2] in page

    def test_sees_no_secret_and_no_token(self, her_browser, bot, audience):
        client_secret, token = secret_of(bot)[1], token_of(bot, audience)[1]
        page = her_browser.get(PAGE)
        assert client_secret not in page.content.decode()
        assert token not in page.content.decode()
        assert "no-store" in page["Cache-Control"]

    def test_reads_it_in_as_many_statements_however_much_there_is(
        self, her_browser, bot, audience, django_assert_max_num_queries
    ):
        for _ in range(30):
            secret_of(bot)
            token_of(bot, audience)
        her_browser.get(PAGE)
        with django_assert_max_num_queries(13):
            page = her_browser.get(PAGE).content.decode()
        assert page.count('value="revoke-token"') == 20


REFUSED = {
    "more than is granted": ("issue-token", {"scopes": "write"}),
    "longer than the audience allows": ("issue-token", {"lifetime": "7"}),
    "an end that is past": ("make-secret", {"expires_at_0": "2020-01-01", "expires_at_1": "10:00"}),
    "an end that is none": ("make-secret", {"ends_in": "1000"}),
    "a label without end": ("make-secret", {"label": "x" * 101}),
    "an audience that was not granted": ("issue-token", {"audience": "999"}),
}


@pytest.mark.parametrize("why", REFUSED)
def test_the_owner_is_told_why_not_and_nothing_happens(her_browser, bot, audience, why):
    deed, data = REFUSED[why]
    before = everything()
    answer = do(her_browser, deed, **{"audience": audience.pk} | data)
    assert answer.status_code == 400
    assert "errorlist" in answer.content.decode()
    assert everything() == before


def test_a_person_has_no_more_secrets_than_can_be_kept_in_mind(her_browser, bot):
    for _ in range(MOST_LIVE_SECRETS):
        secret_of(bot)
    answer = do(her_browser, "make-secret")
    assert answer.status_code == 400
    assert "Retire some of them first" in answer.content.decode()
    assert Credential.objects.count() == MOST_LIVE_SECRETS


def test_only_secrets_that_work_are_counted(her_browser, bot):
    rule = {"issuer": "https://idp.example", "audience": "console", "subject": "team:nightly", "claims": {}}
    add_federation(bot=bot, rule=rule, jwks=None, jwks_uri=None, by=BY)
    retire_credential(credential=secret_of(bot)[0], by=BY)
    for _ in range(MOST_LIVE_SECRETS - 1):
        secret_of(bot)
    assert [do(her_browser, "make-secret").status_code for _ in range(2)] == [302, 400]


@pytest.mark.parametrize("end", [disable_bot, retire_bot])
def test_a_bot_that_was_stopped_gets_no_token_from_its_owner(her_browser, bot, audience, end):
    end(bot=bot, by=BY)
    assert do(her_browser, "issue-token", audience=audience.pk).status_code == 400
    assert not TokenRecord.objects.exists()


@pytest.mark.parametrize("deed", ["make-secret", "issue-token"])
def test_a_bot_that_administers_the_console_is_a_superusers(her_browser, bot, audience, deed):
    console = Audience.objects.get(identifier=f"{BASE_URL}/api/v1")
    save_bot(bot=bot, grants=[GrantSpec(audience, ["read"]), GrantSpec(console, ["console.write"])], by=BY)
    before = everything()
    assert do(her_browser, deed, audience=console.pk).status_code == 400
    assert everything() == before


DEEDS = {
    "make-secret": lambda bot, audience: {},
    "retire-secret": lambda bot, audience: {"which": secret_of(bot)[0].pk},
    "issue-token": lambda bot, audience: {"audience": audience.pk},
    "revoke-token": lambda bot, audience: {"which": token_of(bot, audience)[0].pk},
    "revoke-all": lambda bot, audience: token_of(bot, audience) and {},
}


def nobody_signed_in(corp, alice, bot):
    return Client(), 302


def mallory(corp, alice, bot):
    return browser_of(person("mallory@corp.example"), corp), 404


def somebody_who_looks_after_bots(corp, alice, bot):
    return browser_of(person("carol@corp.example", is_staff=True), corp), 404


def an_administrator(corp, alice, bot):
    return browser_of(administrator(), corp), 404  # in the admin, where it is on record as his


def the_owner_before(corp, alice, bot):
    browser = browser_of(alice, corp)
    bot.owner = "mallory@corp.example"
    save_bot(bot=bot, grants=None, by=BY)
    return browser, 404


def whoever_took_the_name_since(corp, alice, bot):
    Bot.objects.filter(pk=bot.pk).update(owner_named_at=timezone.now() - timedelta(days=1))
    return browser_of(alice, corp), 404


def the_owner_who_was_disabled(corp, alice, bot):
    browser = browser_of(alice, corp)
    alice.is_active = False
    alice.save()
    return browser, 302


STRANGERS = [
    nobody_signed_in, mallory, somebody_who_looks_after_bots, an_administrator, the_owner_before,
    whoever_took_the_name_since, the_owner_who_was_disabled,
]  # fmt: skip


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("deed", DEEDS)
def test_for_everybody_else_there_is_no_such_bot(corp, alice, bot, audience, stranger, deed):
    data = DEEDS[deed](bot, audience)
    browser, status = stranger(corp, alice, bot)
    before = everything()
    assert browser.get(PAGE).status_code == status
    assert do(browser, deed, **data).status_code == status
    assert everything() == before


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"owner": "mallory@corp.example"}, 404),
        ({"disabled_at": timezone.now(), "retired_at": timezone.now()}, 400),
    ],
)
def test_what_happened_to_the_bot_after_it_was_read_counts(her_browser, bot, monkeypatch, changed, status):
    judge = NewSecretForm.is_valid

    def meanwhile(form):
        Bot.objects.filter(pk=bot.pk).update(**changed)
        return judge(form)

    monkeypatch.setattr(NewSecretForm, "is_valid", meanwhile)
    assert do(her_browser, "make-secret").status_code == status
    assert not Credential.objects.exists()


def test_neither_does_a_page_of_another_site_do_anything(alice, bot, corp):
    strict = Client(enforce_csrf_checks=True)
    come_in(strict, alice, corp)
    before = everything()
    assert do(strict, "make-secret").status_code == 403
    assert everything() == before


@pytest.mark.parametrize("deed", ["retire-secret", "revoke-token"])
@pytest.mark.parametrize("which", ["another bot's", "nobody's", "no key\0", ""])
def test_what_is_not_of_this_bot_is_not_there(her_browser, bot, audience, deed, which):
    other = save_bot(bot=Bot(name="other"), grants=[GrantSpec(audience, ["read"])], by=BY)
    theirs = {"retire-secret": secret_of(other)[0], "revoke-token": token_of(other, audience)[0]}[deed]
    before = everything()
    given = {"another bot's": theirs.pk, "nobody's": "999"}.get(which, which)
    assert do(her_browser, deed, which=given).status_code == 404
    assert everything() == before


def test_of_another_bot_its_page_tells_nothing(her_browser, bot, audience):
    other = save_bot(bot=Bot(name="other"), grants=[GrantSpec(audience, ["read"])], by=BY)
    told = [add_client_secret(bot=each, label=f"secret of {each}", by=BY)[0].label for each in (bot, other)]
    told += [token_of(each, audience)[0].jti for each in (bot, other)]
    refused = [OAuth().token((each.name, "x" * 40)).json()["error_uri"] for each in (bot, other)]
    told += [uri.rpartition("/")[2] for uri in refused]
    page = her_browser.get(PAGE).content.decode()
    assert [each in page for each in told] == [True, False] * 3


def test_what_was_made_for_one_of_her_bots_is_not_shown_as_anothers(her_browser, alice, bot, audience):
    save_bot(bot=Bot(name="other", owner=alice.username), grants=[GrantSpec(audience, ["read"])], by=BY)
    for deed in ("make-secret", "issue-token"):
        where = do(her_browser, deed, audience=audience.pk)["Location"]
        assert her_browser.get(where.replace(PAGE, "/bots/other")).status_code == 404


def test_what_was_made_is_for_the_browser_that_made_it(her_browser, alice, bot, corp):
    where = do(her_browser, "make-secret")["Location"]
    for browser in (browser_of(alice, corp), browser_of(person("mallory@corp.example"), corp)):
        assert 'id="value"' not in browser.get(where).content.decode()
    assert her_browser.head(where).status_code == 200
    assert 'id="value"' in her_browser.get(where).content.decode()


def test_an_unknown_deed_is_none(her_browser, bot):
    assert do(her_browser, "delete").status_code == 404
