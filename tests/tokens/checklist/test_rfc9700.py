"""RFC 9700, as far as it is about the side that issues tokens."""

import pytest
from tokens_cast import basic

from tests.support.leaks import assert_without
from tokens.credentials.services import add_client_secret
from tokens.models import Credential, TokenRecord

pytestmark = pytest.mark.django_db


def test_9700_2_4_the_password_grant_is_not_served(oauth, me):
    answer = oauth.post("/oauth/token", "grant_type=password&username=a&password=b", auth=me)
    assert answer.json()["error"] == "unsupported_grant_type"


def test_9700_2_3_a_token_is_restricted_to_one_audience(oauth, me):
    body = "grant_type=client_credentials&resource=https://metadata.example&resource=https://b.example"
    assert oauth.post("/oauth/token", body, auth=me).json()["error"] == "invalid_target"


def test_9700_2_6_metadata_is_published(oauth, db):
    assert oauth.http.get("/.well-known/oauth-authorization-server").status_code == 200


def test_9700_4_12_credentials_are_never_redirected(oauth, me):
    for path in ("/oauth/token", "/oauth/introspect", "/oauth/revoke"):
        assert oauth.post(path, "x=1", auth=me).status_code not in (301, 302, 303, 307, 308)
        assert oauth.post(f"{path}/", "x=1", auth=me).status_code == 404


def test_9700_4_15_a_client_chooses_neither_its_name_nor_its_subject(oauth, me):
    answer = oauth.token(basic("mallory", me[1]))
    assert answer.status_code == 401


def test_9700_4_16_no_page_may_be_framed(client, db):
    answer = client.get("/signin")
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_9700_tokens_and_secrets_are_not_kept(oauth, bot, me, by, token):
    secret = add_client_secret(bot=bot, by=by)[1]
    kept = str(list(TokenRecord.objects.values())) + str(list(Credential.objects.values()))
    assert_without(kept, token, token.split(".")[2], secret, me[1])
