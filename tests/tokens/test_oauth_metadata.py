"""What is advertised works, what is not advertised fails (RFC 8414), and keys are published in time."""

from datetime import timedelta

import pytest
import time_machine
from assertions import Signer, by_assertion
from django.utils import timezone
from tokens_cast import BASE_URL, basic

from ssoconsole.platform.jose.keys import JwkSet
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.keyless import set_public_keys
from tokens.keys.services import compromise_signing_key, ensure_signing_key, rotate_signing_key
from tokens.models import Audience, Bot, SigningKey
from tokens.records.services import issue_token

WELL_KNOWN = "/.well-known/oauth-authorization-server"
DOCUMENTS = [WELL_KNOWN, "/.well-known/jwks.json", "/api/v1/system/config/jwks"]

pytestmark = pytest.mark.django_db


def path_of(url):
    assert url.startswith(BASE_URL + "/")
    return url.removeprefix(BASE_URL)


@pytest.fixture
def metadata(oauth):
    return oauth.http.get(WELL_KNOWN).json()


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_are_for_everybody_for_five_minutes(oauth, path):
    answer = oauth.http.get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "public, max-age=300"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert oauth.http.head(path).status_code == 200


@pytest.mark.parametrize("path", DOCUMENTS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_documents_are_only_read(oauth, path, method):
    answer = oauth.http.generic(method, path)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


def test_the_issuer_is_the_iss_of_tokens(oauth, metadata, token, me):
    assert metadata["issuer"] == BASE_URL == oauth.introspect(token, me).json()["iss"]


def test_the_issuer_does_not_follow_the_host_header(oauth, settings):
    settings.ALLOWED_HOSTS = ["*"]
    assert oauth.http.get(WELL_KNOWN, HTTP_HOST="evil.example").json()["issuer"] == BASE_URL


def test_every_advertised_grant_type_works(oauth, metadata, me):
    for grant_type in metadata["grant_types_supported"]:
        answer = oauth.post(path_of(metadata["token_endpoint"]), {"grant_type": grant_type}, auth=me)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "grant_type",
    [
        "authorization_code",
        "implicit",
        "password",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "CLIENT_CREDENTIALS",
    ],
)
def test_no_unadvertised_grant_type_works(oauth, metadata, me, grant_type):
    assert grant_type not in metadata["grant_types_supported"]
    answer = oauth.post(path_of(metadata["token_endpoint"]), {"grant_type": grant_type}, auth=me)
    assert answer.json()["error"] == "unsupported_grant_type"


SIGNER, MAC = Signer(), Signer("HS256")
METHODS = {
    "client_secret_basic": lambda me, bearer: ({}, basic(*me)),
    "client_secret_post": lambda me, bearer: ({"client_id": me[0], "client_secret": me[1]}, None),
    "Bearer": lambda me, bearer: ({}, f"Bearer {bearer}"),
    "none": lambda me, bearer: ({"client_id": me[0]}, None),
    "private_key_jwt": lambda me, bearer: (by_assertion(SIGNER.assertion(me[0])), None),
    "client_secret_jwt": lambda me, bearer: (by_assertion(MAC.assertion(me[0])), None),
}
ENDPOINTS = {
    "token": {"grant_type": "client_credentials"},
    "introspection": {"token": "x"},
    "revocation": {"token": "x"},
}


@pytest.fixture
def bearer(console, by):
    bot = save_bot(bot=Bot(name="admin-bot"), grants=[GrantSpec(console, ["console.read"])], by=by)
    return issue_token(bot=bot, audience=console, scopes=None, lifetime=timedelta(hours=1), by=by)[1]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("method", METHODS)
def test_exactly_the_advertised_client_authentication_works(
    oauth, metadata, bot, me, bearer, endpoint, method, by
):
    set_public_keys(bot=bot, jwks=SIGNER.jwks, jwks_uri=None, by=by)
    more, auth = METHODS[method](me, bearer)
    url = metadata[f"{endpoint}_endpoint"]
    answer = oauth.post(path_of(url), {**ENDPOINTS[endpoint], **more}, auth=auth)
    advertised = metadata[f"{endpoint}_endpoint_auth_methods_supported"]
    assert answer.status_code == (200 if method in advertised else 401)


def test_nothing_is_advertised_that_does_not_exist(metadata):
    assert set(metadata) == {
        "issuer",
        "token_endpoint",
        "jwks_uri",
        "introspection_endpoint",
        "revocation_endpoint",
        "status_list_aggregation_endpoint",
        "response_types_supported",
        "grant_types_supported",
        "token_endpoint_auth_methods_supported",
        "token_endpoint_auth_signing_alg_values_supported",
        "introspection_endpoint_auth_methods_supported",
        "introspection_endpoint_auth_signing_alg_values_supported",
        "revocation_endpoint_auth_methods_supported",
        "revocation_endpoint_auth_signing_alg_values_supported",
    }
    assert metadata["response_types_supported"] == []


def keys(oauth):
    return oauth.http.get("/.well-known/jwks.json").json()["keys"]


def kids(oauth):
    return {key["kid"] for key in keys(oauth)}


def test_the_key_set_is_strictly_public(oauth, by):
    for alg in ("RS256", "EdDSA"):
        ensure_signing_key(alg=alg, by=by)
    published = keys(oauth)
    assert len({key["kid"] for key in published}) == len(published) == 9
    for key in published:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k", "oth"} & set(key)
        assert key["use"] == "sig"
        assert key["alg"] in ("ES256", "RS256", "EdDSA")
        assert key["kty"] in ("EC", "RSA", "OKP")
    assert not JwkSet.parse({"keys": published}).refused
    assert oauth.http.get("/api/v1/system/config/jwks").json() == {"keys": published}


@pytest.mark.parametrize("alg", ["RS256", "EdDSA"])
def test_the_keys_of_an_audience_are_published_before_its_first_token(oauth, by, alg):
    SigningKey.objects.filter(alg=alg).delete()
    save_audience(audience=Audience(identifier="https://a.example", name="A", signing_alg=alg), by=by)
    assert alg in {key["alg"] for key in keys(oauth)}


def test_a_key_is_published_before_it_signs(oauth, by):
    before = kids(oauth)
    assert rotate_signing_key(alg="ES256", by=by).kid in before


def test_a_retired_key_is_published_until_the_last_token_is_past_its_end(oauth, me, audience, token, by):
    old = SigningKey.objects.signing().get(alg="ES256")
    rotate_signing_key(alg="ES256", by=by)
    old.refresh_from_db()
    assert old.verify_until >= timezone.now() + timedelta(days=89)  # the longest lifetime of any such API
    with time_machine.travel(old.verify_until - timedelta(seconds=1), tick=False):
        assert old.kid in kids(oauth)
        assert old.state(at=timezone.now()) == "retired"
    with time_machine.travel(old.verify_until, tick=False):
        assert old.kid not in kids(oauth)
        assert old.state(at=timezone.now()) == "gone"


def test_a_compromised_key_is_out_at_once(oauth, by):
    bad = SigningKey.objects.signing().get(alg="ES256")
    compromise_signing_key(kid=bad.kid, by=by)
    assert bad.kid not in kids(oauth)


def test_without_the_database_there_are_no_keys_and_no_lies(oauth, monkeypatch):
    from django.db import OperationalError

    def away(*args, **kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr("django.db.models.query.QuerySet._fetch_all", away)
    answer = oauth.http.get("/.well-known/jwks.json")
    assert answer.status_code == 503
    assert answer["Cache-Control"] == "no-store"
