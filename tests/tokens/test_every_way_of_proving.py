"""A bot with a secret is answered at once, by other code than one with a key: each promise, each way of proving."""

from datetime import timedelta

import pytest
from assertions import Signer, by_assertion
from tokens_cast import state

from ssoconsole.platform.eventlog.models import Event
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, disable_bot, save_bot
from tokens.credentials.authentication import MOST_PER_ADDRESS, count_failure
from tokens.credentials.keyless import set_public_keys
from tokens.credentials.services import add_client_secret, note_use, retire_credential
from tokens.models import Audience, Bot, Credential, StatusList, TokenRecord
from tokens.oauth.introspect import RESOURCE_SERVER
from tokens.records.services import issue_token
from tokens.status import services as status

HOUR = timedelta(hours=1)
FROM, ELSEWHERE = "203.0.113.9", "198.51.100.7"


@pytest.fixture(scope="module")
def signer():
    return Signer()


@pytest.fixture
def other_audience(by):
    other = Audience(identifier="https://other.example", name="Other", scopes=["other.read"])
    return save_audience(audience=other, by=by)


@pytest.fixture
def api(audience, by):
    """A bot that is an API: what the two ways prove."""
    return save_bot(bot=Bot(name="api"), grants=[GrantSpec(audience, [], [RESOURCE_SERVER])], by=by)


@pytest.fixture(params=["a secret", "a secret that is known", "a secret in the form", "a key"])
def ask(request, oauth, api, by, signer):
    """Send a form as the API, proven in one way, from an address."""
    secret = add_client_secret(bot=api, by=by)[1]
    set_public_keys(bot=api, jwks=signer.jwks, jwks_uri=None, by=by)

    def ask(path, address=FROM, **form):
        if request.param == "a key":
            form |= by_assertion(signer.assertion(api.name))
            return oauth.post(path, form, REMOTE_ADDR=address)
        if request.param == "a secret in the form":
            return oauth.post(
                path, form | {"client_id": api.name, "client_secret": secret}, REMOTE_ADDR=address
            )
        return oauth.post(path, form, auth=(api.name, secret), REMOTE_ADDR=address)

    if request.param == "a secret that is known":
        ask("/oauth/introspect", token="x")
    return ask


def sees(ask, token, **more):
    answer = ask("/oauth/introspect", token=token, **more)
    assert answer.status_code == 200, answer.content
    return answer.json()["active"]


def token_for(bot, audience, by):
    return issue_token(bot=bot, audience=audience, scopes=None, lifetime=HOUR, by=by)[1]


def test_an_api_sees_tokens_for_itself(ask, bot, audience, by):
    token = token_for(bot, audience, by)
    assert sees(ask, token)
    assert sees(ask, token)


def test_and_none_for_another_api_where_it_is_a_mere_customer(ask, api, bot, audience, other_audience, by):
    grants = [
        GrantSpec(audience, [], [RESOURCE_SERVER]),
        GrantSpec(other_audience, ["other.read"], ["reader"]),
    ]
    save_bot(bot=api, grants=grants, by=by)
    save_bot(bot=bot, grants=[GrantSpec(other_audience, ["other.read"])], by=by)
    token = token_for(bot, other_audience, by)
    assert not sees(ask, token)
    assert not sees(ask, token)


def test_and_none_for_another_api_where_it_has_no_grant(ask, bot, other_audience, by):
    save_bot(bot=bot, grants=[GrantSpec(other_audience, ["other.read"])], by=by)
    assert not sees(ask, token_for(bot, other_audience, by))


def test_its_own_it_sees_everywhere(ask, api, audience, other_audience, by):
    grants = [GrantSpec(audience, [], [RESOURCE_SERVER]), GrantSpec(other_audience, ["other.read"])]
    save_bot(bot=api, grants=grants, by=by)
    assert sees(ask, token_for(api, other_audience, by))


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
def test_from_a_foreign_network_it_is_nobody(ask, api, audience, by, path):
    api.allowed_networks = ["203.0.113.0/24"]
    save_bot(bot=api, grants=None, by=by)
    token = token_for(api, audience, by)
    form = {"token": token, "grant_type": "client_credentials"}
    before = state()[:3]
    answer = ask(path, ELSEWHERE, **form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert state()[:3] == before
    assert ask(path, FROM, **form).status_code == 200
    form["token"] = token_for(api, audience, by)
    assert ask(path, ELSEWHERE, **form).status_code == 401
    assert TokenRecord.objects.latest("number").revoked_at is None


def test_what_comes_into_being_for_it_is_on_record_with_where_it_asked_from(ask, monkeypatch):
    monkeypatch.setattr(status, "_known", {})
    monkeypatch.setattr(status, "_unsure", set())
    StatusList.objects.all().delete()
    assert ask("/oauth/token", grant_type="client_credentials").status_code == 200
    made = Event.objects.filter(action="status_list_created").latest("pk")
    assert (made.actor, made.address) == ("bot:api", FROM)


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
def test_stopped_it_is_nobody_at_once(ask, api, by, path):
    form = {"token": "x", "grant_type": "client_credentials"}
    assert ask(path, **form).status_code == 200
    disable_bot(bot=api, by=by)
    assert ask(path, **form).status_code == 401


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
def test_by_a_credential_that_is_retired_it_is_nobody_at_once(ask, api, by, path):
    form = {"token": "x", "grant_type": "client_credentials"}
    assert ask(path, **form).status_code == 200
    for credential in Credential.objects.filter(bot=api):
        retire_credential(credential=credential, by=by)
    assert ask(path, **form).status_code == 401


def test_what_it_gives_up_is_on_record_as_given_up_by_it_from_there(ask, api, audience, by):
    token = token_for(api, audience, by)
    record = TokenRecord.objects.get(bot=api)
    for _ in range(2):
        assert ask("/oauth/revoke", token=token).status_code == 200
    record.refresh_from_db()
    assert record.revoked_by == "bot:api"
    event = Event.objects.get(action="token_revoked")
    assert (event.actor, event.target, event.address) == ("bot:api", "api", FROM)
    assert event.after == {"jti": record.jti}


def test_what_is_anothers_it_cannot_give_up_though_it_sees_it(ask, bot, audience, by):
    token = token_for(bot, audience, by)
    assert ask("/oauth/revoke", token=token).status_code == 200
    assert sees(ask, token)
    assert not Event.objects.filter(action="token_revoked").exists()


def test_a_token_whose_signature_is_broken_is_not_given_up(ask, api, audience, by):
    token = token_for(api, audience, by)
    head, _, signature = token.rpartition(".")
    assert ask("/oauth/revoke", token=f"{head}.{signature[::-1]}").status_code == 200
    assert sees(ask, token)


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
def test_the_use_is_noted_with_where_it_came_from(ask, api, audience, by, path):
    token = token_for(api, audience, by)
    assert ask(path, token=token, grant_type="client_credentials").status_code == 200
    [used] = Credential.objects.exclude(last_used_at=None)
    assert (used.bot, used.last_used_from) == (api, FROM)


@pytest.mark.parametrize("name", ["client_id", "client_secret", "client_assertion"])
def test_who_shows_a_bearer_proves_himself_in_no_other_way_beside_it(oauth, console, by, name):
    bot = save_bot(bot=Bot(name="admin"), grants=[GrantSpec(console, ["console.read"])], by=by)
    bearer = f"Bearer {token_for(bot, console, by)}"
    assert oauth.introspect("x", bearer).status_code == 200
    answer = oauth.introspect("x", bearer, **{name: "x"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(("scope", "may"), [("console.read", True), ("console.write", True), (None, False)])
def test_a_bearer_of_either_scope_may_ask(oauth, console, by, scope, may):
    bot = save_bot(bot=Bot(name="admin"), grants=[GrantSpec(console, [scope] if scope else [])], by=by)
    answer = oauth.introspect("x", f"Bearer {token_for(bot, console, by)}")
    assert answer.status_code == (200 if may else 401)


def test_a_name_that_looks_like_an_address_makes_nobody_wait(db):
    """Else a stranger could use up the tries of an address that is not his."""
    for _ in range(MOST_PER_ADDRESS + 1):
        count_failure(client_id=f"address:{FROM}", source=ELSEWHERE)
    assert count_failure(client_id="bot", source=FROM) is None


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("fe80::1%eth0", "fe80::1"),
        (FROM, FROM),
        ("2001:db8::1", "2001:db8::1"),
        ("unix:", None),
        (None, None),
    ],
)
def test_where_a_credential_was_used_is_kept_as_an_address(bot, secret, address, kept):
    credential = Credential.objects.get(bot=bot)
    note_use(credential, address=address, at=credential.created_at)
    credential.refresh_from_db()
    assert credential.last_used_from == kept
