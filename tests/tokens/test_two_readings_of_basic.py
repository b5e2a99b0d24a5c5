"""A secret with a plus or a percent sign works in both ways that clients write HTTP Basic, and costs no more."""

import base64
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tokens_cast import basic

from tokens.credentials.services import add_client_secret, retire_credential
from tokens.models import Credential

SECRETS = {
    "a plus sign": "q7Yw+0dFzB2kLm9XvT4sRj6NcPa1HgUe5o",
    "a percent sign": "q7Yw%0dFzB2kLm9XvT4sRj6NcPa1HgUe5o",
    "what looks encoded": "q7Yw%2BdFzB2kLm9XvT4sRj6NcPa1HgUe5o",
    "a percent sign that encodes nothing": "q7Yw%zdFzB2kLm9XvT4sRj6NcPa1HgUe5o%",
    "a blank": "q7Yw 0dFzB2kLm9XvT4sRj6NcPa1HgUe5o",
    "neither": "q7Yw/0dFzB2kLm9XvT4sRj6NcPa1HgUe5o=",
}


def as_it_stands(name, secret):
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


WRITTEN = {"encoded first (RFC 6749)": basic, "as it stands (RFC 7617)": as_it_stands}


@pytest.fixture(params=SECRETS.values(), ids=SECRETS.keys())
def given(request, bot, by):
    return add_client_secret(bot=bot, by=by, client_secret=request.param)[1]


@pytest.fixture(params=WRITTEN.values(), ids=WRITTEN.keys())
def header(request, bot, given):
    return request.param(bot.name, given)


def test_it_gets_introspects_and_revokes_a_token(oauth, header):
    for _ in range(2):  # by what the process remembers, too
        answer = oauth.token(header)
        assert answer.status_code == 200, answer.content
        token = answer.json()["access_token"]
        assert oauth.introspect(token, header).json()["active"] is True
        assert oauth.revoke(token, header).status_code == 200
        assert oauth.introspect(token, header).json() == {"active": False}


def test_it_costs_the_statements_of_any_other_secret(oauth, me, header):
    def counted(auth):
        token = oauth.token(auth).json()["access_token"]
        oauth.introspect(token, auth)
        with CaptureQueriesContext(connection) as statements:
            oauth.introspect(oauth.token(auth).json()["access_token"], auth)
        return len(statements)

    assert counted(header) == counted(me)


def test_its_hash_stays_its_own(oauth, header, given):
    before = Credential.objects.get().secret_hash
    assert oauth.token(header).status_code == 200
    assert Credential.objects.get().secret_hash == before


def test_after_the_ring_has_a_newer_key_the_hash_moves_to_that_of_the_same_secret(
    oauth, header, given, settings
):
    newer = base64.urlsafe_b64encode(b"n" * 32).rstrip(b"=").decode()
    settings.FIELD_ENCRYPTION_KEYS = [newer, *settings.FIELD_ENCRYPTION_KEYS]
    before = Credential.objects.get().secret_hash
    for _ in range(2):
        assert oauth.token(header).status_code == 200
    assert Credential.objects.get().secret_hash != before
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    assert oauth.token(header).status_code == 200


def test_retired_it_works_in_neither_way(oauth, header, by):
    assert oauth.token(header).status_code == 200
    retire_credential(credential=Credential.objects.get(), by=by)
    assert oauth.token(header).status_code == 401


@pytest.mark.parametrize("wrong", ["q7Yw+0dFzB2kLm9XvT4sRj6NcPa1HgUe5x", "%2B", "+", "%"])
@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
def test_another_secret_is_refused_in_both_ways_by_as_many_statements(oauth, bot, by, wrong, written):
    add_client_secret(bot=bot, by=by, client_secret=SECRETS["a plus sign"])

    def refused(auth):
        with CaptureQueriesContext(connection) as statements:
            assert oauth.token(auth).status_code == 401
        return len(statements)

    assert refused(written(bot.name, wrong)) == refused((bot.name, "wrong" * 8))


def test_a_form_is_read_in_one_way(oauth, bot, by):
    secret = add_client_secret(bot=bot, by=by, client_secret=SECRETS["a plus sign"])[1]
    ask = f"grant_type=client_credentials&client_id={bot.name}&client_secret="
    assert oauth.post("/oauth/token", ask + secret.replace("+", "%2B")).status_code == 200
    assert oauth.post("/oauth/token", ask + secret).status_code == 401


def test_the_answer_quotes_neither_reading(oauth, bot, header, given):
    Credential.objects.all().delete()
    answer = oauth.token(header)
    assert given not in answer.content.decode()
    assert given not in json.dumps(dict(answer.headers))
