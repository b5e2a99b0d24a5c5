"""Bodies and lists of the API are taken to the letter: what the schema does not say is refused, never guessed."""

import json

import pytest
from tokens_cast import METADATA, problem, state

from providers.models import Provider
from tokens.models import Bot, Credential

BOT = {"name": "nightly", "description": "x", "allowed_networks": ["192.0.2.0/24"]}
API = {"identifier": "https://a", "name": "A"}
OTHER_TYPES = {
    "a number for a text": ("/api/v1/bots", {**BOT, "description": 5}, "description"),
    "true for a text": ("/api/v1/bots", {**BOT, "name": True}, "name"),
    "1 for true": ("/api/v1/bots", {**BOT, "disabled": 1}, "disabled"),
    "a word for true": ("/api/v1/bots", {**BOT, "disabled": "yes"}, "disabled"),
    "a number in a list of texts": (
        "/api/v1/bots",
        {**BOT, "allowed_networks": ["::/0", 7]},
        "allowed_networks",
    ),
    "a text for a number": ("/api/v1/audiences", {**API, "token_lifetime": "60"}, "token_lifetime"),
    "true for a number": ("/api/v1/audiences", {**API, "token_lifetime": True}, "token_lifetime"),
    "a number for a moment": (
        "/api/v1/bots/ingestion-bot/secrets",
        {"expires_at": 4_000_000_000},
        "expires_at",
    ),
    "a text that is too long before its blanks go": (
        "/api/v1/audiences",
        {**API, "name": "A" + " " * 100},
        "name",
    ),
    "a number in an object of texts": (
        "/api/v1/providers",
        {"slug": "a", "client_id": "b", "mapping": {"email": 1}},
        "mapping",
    ),
}


@pytest.mark.parametrize("case", OTHER_TYPES)
def test_a_value_of_another_type_is_refused_with_its_name(bob, bot, case):
    path, body, member = OTHER_TYPES[case]
    before = state()[:3]
    answer = problem(bob.post(path, body, format="json"), 400, "invalid")
    [[sentence]] = answer["errors"].values()
    assert (list(answer["errors"]), sentence.startswith("This ")) == ([member], True)
    assert state()[:3] == before
    assert not Provider.objects.exists()


TRUST = {"issuer": "https://idp.example", "audience": "https://c.example", "subject": "system:a"}
BLANKS = {
    "a bot's name": ("POST", "/api/v1/bots", {"name": "nightly "}),
    "the name of one that changes": ("PATCH", "/api/v1/bots/ingestion-bot", {"name": "ingestion-bot "}),
    "the audience of a grant": ("POST", "/api/v1/bots", {**BOT, "grants": [{"audience": f"{METADATA} "}]}),
    "an audience": ("POST", "/api/v1/audiences", {**API, "identifier": "https://a "}),
}


@pytest.mark.parametrize("case", BLANKS)
def test_a_blank_at_the_end_of_a_name_is_not_tidied_away(bob, bot, case):
    method, path, body = BLANKS[case]
    before = state()[:3]
    answer = bob.generic(method, path, json.dumps(body), content_type="application/json")
    assert answer.status_code in (400, 409), answer.content
    assert state()[:3] == before


@pytest.mark.parametrize("member", TRUST)
def test_nor_one_in_a_rule_which_is_compared_to_the_letter(bob, bot, member):
    trust = {**TRUST, member: f"{TRUST[member]} "}
    path = "/api/v1/bots/ingestion-bot/credentials"
    assert bob.post(path, {"kind": "federation", "trust": trust}, format="json").status_code == 201
    assert Credential.objects.get().trust[member] == trust[member]


@pytest.mark.parametrize(
    "text",
    [
        '{"label": "a", "label": "b"}',
        '{"label": ' + "[" * 50_000,
        '{"label": "\\ud800"}',
        '{"\\u0000": 1}',
        '{"label": NaN}',
        "1" * 5_000,
        "{",
    ],
)
def test_json_that_parsers_read_differently_is_refused(bob, bot, text):
    answer = bob.generic("POST", f"/api/v1/bots/{bot.name}/secrets", text.encode("utf-8", "surrogatepass"))
    assert answer.status_code == 415  # the type is part of it
    answer = bob.generic("POST", f"/api/v1/bots/{bot.name}/secrets", text, content_type="application/json")
    problem(answer, 400, "parse_error")
    assert not Credential.objects.exists()


def test_a_byte_order_mark_before_a_body_says_nothing(bob, bot):
    path = f"/api/v1/bots/{bot.name}/secrets"
    text = "\ufeff" + '{"label": "nightly"}'
    assert bob.generic("POST", path, text, content_type="application/json").json()["label"] == "nightly"
    problem(bob.generic("POST", path, "\ufeff" + text, content_type="application/json"), 400, "parse_error")


def test_a_body_in_another_encoding_is_not_guessed_at(bob, bot):
    body = json.dumps({"description": "é"}, ensure_ascii=False).encode("utf-16")
    answer = bob.generic(
        "PATCH", f"/api/v1/bots/{bot.name}", body, content_type="application/json; charset=utf-16"
    )
    problem(answer, 400, "parse_error")
    assert Bot.objects.get().description == bot.description


@pytest.mark.parametrize("size", ["0", "-1", "201", "true", "1.5", "", " 5", "\u0665", "9" * 5_000])
def test_the_size_of_a_page_is_a_number_from_1_to_200(bob, bot, size):
    problem(bob.get("/api/v1/bots", {"page_size": size}), 400, "invalid")


@pytest.mark.parametrize("size", ["1", "200"])
def test_every_size_in_between_is_one(bob, bot, size):
    assert bob.get("/api/v1/bots", {"page_size": size}).status_code == 200
