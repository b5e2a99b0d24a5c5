"""RFC 8725: every kind of JWT at every door, each with a good signature by a key which that door trusts."""

import json
import time
from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest
from assertions import Signer, by_assertion
from tokens_cast import BASE_URL, claims_in

from ssoconsole.platform.jose.sign import sign_jwt
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.keyless import set_public_keys
from tokens.keys.services import private_keys
from tokens.models import SigningKey
from tokens.records.services import issue_token

pytestmark = pytest.mark.django_db

SIGNER = Signer("ES256")
KINDS = [
    *("access token", "console token", "openmetadata token", "status list"),
    *("client assertion", "ID token", "logout token", "DPoP proof", "introspection answer"),
]
# Which kind each door takes; every other is refused.
TAKES = {
    "introspection": {"access token", "console token", "openmetadata token"},
    "revocation": {"access token", "console token", "openmetadata token"},
    "REST API": {"console token"},
    "caller of introspection": {"console token"},
    "client authentication": {"client assertion"},
}


@pytest.fixture
def jwts(oauth, bot, audience, console, openmetadata, by):
    """One of each kind. What no door here issues is signed twice: by the console's own key, and by the bot's."""
    grants = [GrantSpec(audience, []), GrantSpec(console, ["console.read"]), GrantSpec(openmetadata, [])]
    save_bot(bot=bot, grants=grants, by=by)
    set_public_keys(bot=bot, jwks=SIGNER.jwks, jwks_uri=None, by=by)
    hour = timedelta(hours=1)

    def issued(where):
        return issue_token(bot=bot, audience=where, scopes=None, lifetime=hour, by=by)[1]

    now = int(time.time())
    about = {"iss": BASE_URL, "sub": bot.name, "aud": bot.name, "iat": now, "exp": now + 60, "jti": "j"}
    logout = {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}, "sid": "s"}
    token = issued(audience)
    made = {
        "access token": [token],
        "console token": [issued(console)],
        "openmetadata token": [issued(openmetadata)],
        "status list": [oauth.http.get("/oauth/status/0").content.decode()],
        "client assertion": [SIGNER.assertion(bot.name)],
        "ID token": signed_twice({**about, "nonce": "n"}, "JWT"),
        "logout token": signed_twice({**about, **logout}, "logout+jwt"),
        "DPoP proof": signed_twice({**claims_in(token), "htm": "POST", "htu": BASE_URL}, "dpop+jwt"),
        "introspection answer": signed_twice(claims_in(token), "token-introspection+jwt"),
    }
    # And whatever one door accepts, under the type of another kind.
    assertion = claims_in(made["client assertion"][0])
    for kind, typ in (
        ("logout token", "logout+jwt"),
        ("status list", "statuslist+jwt"),
        ("access token", "at+jwt"),
    ):
        made[kind] += [SIGNER.sign({**assertion, "jti": typ}, typ=typ)]
    return made


def signed_twice(claims, typ):
    key = SigningKey.objects.signing().get(alg="ES256")
    ours = sign_jwt(claims, key=private_keys.of(key), alg="ES256", kid=key.kid, typ=typ)
    return [ours, SIGNER.sign(claims, typ=typ)]


def is_taken(oauth, me, door, jwt):
    if door == "introspection":
        return oauth.introspect(jwt, me).json()["active"]
    if door == "revocation":
        live = oauth.introspect(jwt, me).json()["active"]
        oauth.revoke(jwt, me)
        return live and not oauth.introspect(jwt, me).json()["active"]
    if door == "REST API":
        return oauth.http.get("/api/v1/bots", HTTP_AUTHORIZATION=f"Bearer {jwt}").status_code == 200
    if door == "caller of introspection":
        return oauth.introspect("x", f"Bearer {jwt}").status_code == 200
    answer = oauth.token(**by_assertion(jwt, resource="https://metadata.example"))
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


@pytest.mark.parametrize("door", TAKES)
def test_8725_8_each_door_takes_its_own_kinds_and_no_other(oauth, me, jwts, door):
    assert set(jwts) == set(KINDS)
    for kind, several in jwts.items():
        genuine, *others = several
        assert is_taken(oauth, me, door, genuine) is (kind in TAKES[door]), kind
        for other in others:
            assert not is_taken(oauth, me, door, other), kind


@pytest.mark.parametrize("alg", ["none", "noNE", "es256", "HS256", "RS256", ""])
def test_8725_1_the_algorithm_is_that_of_the_key_and_not_of_the_token(oauth, me, token, alg):

    kid = SigningKey.objects.signing().get(alg="ES256").kid
    header = (
        urlsafe_b64encode(json.dumps({"alg": alg, "kid": kid, "typ": "at+jwt"}).encode()).decode().rstrip("=")
    )
    _, payload, signature = token.split(".")
    for text in (f"{header}.{payload}.{signature}", f"{header}.{payload}."):
        assert oauth.introspect(text, me).json() == {"active": False}


@pytest.mark.parametrize(
    "kid", ["' OR 1=1 --", "../../etc/passwd", "x" * 300, "*)(uid=*", "http://evil.example"]
)
def test_8725_7_a_kid_is_a_name_and_nothing_else(oauth, me, token, kid):
    key = SigningKey.objects.signing().get(alg="ES256")
    text = sign_jwt(claims_in(token), key=private_keys.of(key), alg="ES256", kid=kid, typ="at+jwt")
    assert oauth.introspect(text, me).json() == {"active": False}


def test_8725_9_json_serialization_and_other_alphabets_are_no_token(oauth, me, token):
    header, payload, signature = token.split(".")
    for text in (
        f'{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}',
        f"{token}=",
        f"{token}\n",
    ):
        assert oauth.introspect(text, me).json() == {"active": False}
