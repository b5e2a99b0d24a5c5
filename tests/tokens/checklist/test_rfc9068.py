"""RFC 9068 and RFC 8707: what a JWT access token says, and for which API it is."""

import pytest
from assertions import Signer
from tokens_cast import BASE_URL, METADATA, claims_in

from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret
from tokens.models import Audience, Bot, TokenRecord

pytestmark = pytest.mark.django_db


def header_of(token):
    return claims_in(f".{token.split('.')[0]}.")


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA"])
def test_9068_1_every_token_is_signed_with_the_algorithm_of_its_audience(oauth, me, audience, alg):
    audience.signing_alg = alg
    audience.save()
    token = oauth.token(me).json()["access_token"]
    assert header_of(token)["alg"] == alg
    assert oauth.introspect(token, me).json()["active"] is True


def test_9068_2_typ_is_written_as_it_should_be(token):
    assert header_of(token)["typ"] == "at+jwt"


def test_9068_3_every_required_claim_is_there(token):
    assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} <= set(claims_in(token))


def test_9068_4_sub_is_the_client_and_nobody_chooses_it(oauth, me):
    for chosen in ("sub", "client_id_claim", "act", "username"):
        claims = claims_in(oauth.token(me, **{chosen: "mallory"}).json()["access_token"])
        assert claims["sub"] == claims["client_id"] == "ingestion-bot"


def test_9068_4_a_bot_named_like_a_person_can_be_told_from_them(oauth, audience, by, people):
    bot = save_bot(bot=Bot(name="mallory"), grants=[GrantSpec(audience, ["metadata.read"])], by=by)
    secret = add_client_secret(bot=bot, by=by)[1]
    claims = claims_in(oauth.token(("mallory", secret)).json()["access_token"])
    assert claims["client_id"] == claims["sub"] == "mallory"  # a person's token has another client_id


def test_9068_5_scopes_mean_something_at_the_audience(oauth, me, audience):
    claims = claims_in(oauth.token(me, scope="metadata.read").json()["access_token"])
    assert set(claims["scope"].split()) <= set(Audience.objects.get(identifier=claims["aud"]).scopes)


def test_9068_6_resource_is_the_audience(oauth, bot, me, audience, console, by):
    save_bot(bot=bot, grants=[GrantSpec(audience, []), GrantSpec(console, ["console.read"])], by=by)
    for resource in (METADATA, console.identifier):
        assert claims_in(oauth.token(me, resource=resource).json()["access_token"])["aud"] == resource


REFUSED = {
    "ambiguous": ("", "invalid_target"),
    "unknown": ("&resource=https://nobody.example", "invalid_target"),
    "two of them": (f"&resource={METADATA}&resource={BASE_URL}/api/v1", "invalid_target"),
    "relative": ("&resource=/api", "invalid_target"),
    "with a fragment": (f"&resource={METADATA}%23x", "invalid_target"),
    "a slash more": (f"&resource={METADATA}/", "invalid_target"),
    "a scope of the other API": (f"&resource={METADATA}&scope=console.read", "invalid_scope"),
    "scopes of both": (f"&resource={METADATA}&scope=metadata.read+console.read", "invalid_scope"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_9068_6_8707_what_is_ambiguous_or_unknown_gets_no_token(oauth, bot, me, audience, console, by, what):
    save_bot(
        bot=bot, grants=[GrantSpec(audience, ["metadata.read"]), GrantSpec(console, ["console.read"])], by=by
    )
    more, error = REFUSED[what]
    answer = oauth.post("/oauth/token", f"grant_type=client_credentials{more}", auth=me)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert not TokenRecord.objects.exists()


def test_9068_7_roles_are_a_list(token):
    assert claims_in(token)["roles"] == ["ingestor"]


def test_9068_8_the_api_itself_takes_only_its_own_tokens(anybody, oauth, bot, me, token, console, by):
    save_bot(bot=bot, grants=[GrantSpec(console, ["console.read"])], by=by)
    own = oauth.token(me).json()["access_token"]
    forged = Signer("ES256", kid=header_of(own)["kid"]).sign(claims_in(own), typ="at+jwt")
    for text, status in ((own, 200), (token, 401), (forged, 401)):
        assert anybody.get("/api/v1/bots", HTTP_AUTHORIZATION=f"Bearer {text}").status_code == status


def test_9068_9_each_api_has_an_identifier_of_its_own(bob, audience):
    answer = bob.post("/api/v1/audiences", {"identifier": METADATA, "name": "Second"})
    assert (answer.status_code, answer.json()["code"]) == (409, "audience_taken")
