"""POST /oauth/token, when all is well (RFC 6749 section 5.1, RFC 8707, RFC 9068)."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from joserfc import jwt
from joserfc.jwk import KeySet
from tokens_cast import BASE_URL, METADATA, basic

from ssoconsole.platform.actors import Actor
from tests.support.databases import go_by_what_was_done
from tests.support.leaks import assert_without
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret
from tokens.models import Bot, TokenRecord
from tokens.protocol.client_authentication import hint_of
from tokens.status.services import status_of


def verified(oauth, token, algorithms=("ES256", "RS256")):
    """What an API does that knows only the console's address: discovery, keys, an independent library."""
    metadata = oauth.http.get("/.well-known/oauth-authorization-server").json()
    keys = oauth.http.get(metadata["jwks_uri"].removeprefix(BASE_URL)).json()
    return jwt.decode(token, KeySet.import_key_set(keys), algorithms=list(algorithms))


def statements(captured):
    return [query["sql"] for query in captured if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def test_an_independent_library_verifies_the_token_from_discovery(oauth, me):
    answer = oauth.token(me)
    token = verified(oauth, answer.json()["access_token"])
    assert token.header["typ"] == "at+jwt"
    assert token.header["alg"] == "ES256"
    claims = token.claims
    record = TokenRecord.objects.get(jti=claims["jti"])
    assert (record.issued_by, record.credential.hint) == ("bot:ingestion-bot", hint_of(me[1]))
    assert claims == {
        "iss": BASE_URL,
        "sub": "ingestion-bot",
        "client_id": "ingestion-bot",
        "aud": METADATA,
        "scope": "metadata.read metadata.write",
        "roles": ["ingestor"],
        "iat": int(record.issued_at.timestamp()),
        "exp": int(record.expires_at.timestamp()),
        "jti": record.jti,
        "status": status_of(record.number, by=Actor.command("test")),
    }


def test_the_answer_is_what_rfc_6749_says(oauth, me):
    answer = oauth.token(me)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Pragma"] == "no-cache"
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
    assert body["token_type"] == "Bearer"
    assert type(body["expires_in"]) is int
    claims = verified(oauth, body["access_token"]).claims
    assert body["expires_in"] == claims["exp"] - claims["iat"] == 3600
    assert body["scope"] == "metadata.read metadata.write"


def test_a_bot_may_ask_for_less(oauth, me):
    body = oauth.token(me, scope="metadata.read").json()
    assert body["scope"] == "metadata.read"
    assert verified(oauth, body["access_token"]).claims["scope"] == "metadata.read"


@pytest.mark.parametrize(
    "parameters",
    [{"resource": METADATA}, {"audience": METADATA}, {"resource": METADATA, "audience": METADATA}],
)
def test_a_bot_may_name_the_api(oauth, me, parameters):
    assert verified(oauth, oauth.token(me, **parameters).json()["access_token"]).claims["aud"] == METADATA


def test_the_secret_may_come_in_the_body(oauth, me):
    answer = oauth.token(client_id=me[0], client_secret=me[1])
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "client_secret",
    [
        "a:colon:in:the:middle:4f9d8A7b6C5e3D2f",
        "100%percent%25and+plus+4f9d8A7b6C5e3D2f",
        "spaces in it and more 4f9d8A7b6C5e3D2f",
        "Schlüssel für die Tür 4f9d8A7b6C5e3D2f",
    ],
)
def test_any_printable_secret_works_in_header_and_body(oauth, bot, by, client_secret):
    add_client_secret(bot=bot, by=by, client_secret=client_secret)
    assert oauth.token((bot.name, client_secret)).status_code == 200
    assert oauth.token(client_id=bot.name, client_secret=client_secret).status_code == 200


def test_unknown_parameters_are_ignored(oauth, me):
    assert oauth.token(me, foo="bar", client_id=me[0]).status_code == 200


def test_an_empty_parameter_counts_as_absent(oauth, me):
    assert (
        oauth.token(me, scope="", resource="", client_secret="").json()["scope"]
        == "metadata.read metadata.write"
    )


def test_every_token_is_another(oauth, me):
    first, second = (oauth.token(me).json()["access_token"] for _ in range(2))
    assert verified(oauth, first).claims["jti"] != verified(oauth, second).claims["jti"]


def test_no_refresh_token_is_given(oauth, me):
    assert "refresh_token" not in oauth.token(me).json()


def test_a_bot_with_several_apis_gets_a_token_for_the_one_it_names(oauth, bot, me, audience, console, by):
    save_bot(
        bot=bot,
        grants=[GrantSpec(audience, ["metadata.read"]), GrantSpec(console, ["console.read"])],
        by=by,
    )
    answer = oauth.token(me, resource=console.identifier)
    claims = verified(oauth, answer.json()["access_token"]).claims
    assert (claims["aud"], claims["scope"]) == (console.identifier, "console.read")


def test_an_openmetadata_token_has_the_form_of_openmetadata(oauth, bot, me, openmetadata, by):
    save_bot(bot=bot, grants=[GrantSpec(openmetadata, [], ["Admin"])], by=by)
    token = verified(oauth, oauth.token(me).json()["access_token"], ["RS256"])
    assert list(token.header) == ["kid", "alg", "typ"]
    assert (token.header["alg"], token.header["typ"]) == ("RS256", "JWT")
    assert list(token.claims) == [
        "iss",
        "sub",
        "email",
        "isBot",
        "tokenType",
        "iat",
        "exp",
        "roles",
        "jti",
        "aud",
        "status",
    ]
    assert token.claims["email"] == "ingestion-bot@localhost"
    assert token.claims["isBot"] is True
    assert token.claims["tokenType"] == "BOT"
    assert token.claims["roles"] == ["Admin"]


def test_an_api_may_have_eddsa(oauth, bot, me, audience, by):
    audience.signing_alg = "EdDSA"
    audience.save()
    answer = oauth.token(me)
    kid = json.loads(oauth.http.get("/.well-known/jwks.json").content)["keys"]
    assert "EdDSA" in {key["alg"] for key in kid}
    assert oauth.introspect(answer.json()["access_token"], me).json()["active"] is True


def test_issuing_takes_one_statement(oauth, me):
    go_by_what_was_done()
    oauth.token(me)  # the first time in a minute it reads all that, and writes down that the secret was used
    with CaptureQueriesContext(connection) as captured:
        assert oauth.token(me).status_code == 200
    assert len(statements(captured)) == 1, statements(captured)


def test_the_secret_reaches_no_log_and_no_event(oauth, me, caplog, capsys):
    oauth.token(me)
    oauth.token((me[0], me[1] + "x"))
    oauth.token((me[1], me[1]))
    printed = capsys.readouterr()
    assert_without(caplog.text + printed.out + printed.err, me[1])


def test_a_scheme_in_any_case_is_basic(oauth, me):
    assert oauth.token(basic(*me).replace("Basic", "bAsIc")).status_code == 200


def test_a_bot_named_like_a_person_is_still_a_bot(oauth, audience, by, people):
    bot = save_bot(bot=Bot(name="mallory"), grants=[GrantSpec(audience, ["metadata.read"])], by=by)
    secret = add_client_secret(bot=bot, by=by)[1]
    claims = verified(oauth, oauth.token(("mallory", secret)).json()["access_token"]).claims
    # What tells a bot from a person is that client_id and sub are the same (RFC 9068 section 2.2).
    assert claims["client_id"] == claims["sub"] == "mallory"
