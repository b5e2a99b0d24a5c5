"""
Thousands of answers with one thing changed: nobody signs in by a forged one, and none is a fault of ours.

FUZZ_CASES says how many; the rules that decide are in fuzz_rules.py, apart from the console's own.
"""

import logging

import pytest
from hypothesis import strategies as st

from providers.metadata import ensure_discovery, refetch_keys
from ssoconsole.platform.outbound import connection
from tests.providers.fuzz import fuzz_answers, fuzz_callback, fuzz_count, fuzz_id_token, fuzz_signature
from tests.providers.fuzz.fuzz_case import Case
from tests.providers.fuzz.fuzz_world import World, undone
from tests.providers.signin.journey import register

# Of another person, honestly vouched for: where there is no userinfo to contradict it, that is no forgery.
ALL_BUT_SUB = [name for name in fuzz_id_token.CLAIMS if name != "sub"]


@pytest.fixture
def world(op, monkeypatch):
    """A provider that is known and whose keys are; ES256, because it is quick to sign."""
    op.client.id_token_signed_response_alg = "ES256"
    world = World(op, "corp")
    monkeypatch.setattr(connection, "resolve", lambda *args, **kwargs: [])
    monkeypatch.setattr(connection, "connect", world.connect)
    rules = [{"claim_value": "admins", "group": "Admins"}]
    for slug, fields in {
        "corp": {},
        "other": {},
        "posting": {"response_type": "id_token"},
    }.items():
        provider = register(op, slug=slug, signing_algs=["ES256"], group_rules=rules, **fields)
        ensure_discovery(provider)
        refetch_keys(provider)
    logging.disable(logging.WARNING)  # a line for each of thousands of requests
    yield world
    logging.disable(logging.NOTSET)


def test_the_honest_answer_signs_in(world):
    """Otherwise everything below would be refused for nothing."""
    for world.slug in ("corp", "other", "posting"):
        with undone():
            world.leave()
            response = world.come_back(Case("honest"))
            assert response.status_code == 302
            world.judge(Case("honest"), response)


ID_TOKENS = {
    "claims": (fuzz_id_token.sure_claims, fuzz_id_token.of_claims),
    "header": (fuzz_id_token.sure_headers, fuzz_id_token.of_header),
    "compact form": (fuzz_signature.sure_forms, fuzz_signature.of_compact_form),
    "signature": (fuzz_signature.sure_signatures, fuzz_signature.of_signature),
}
ANSWERS = {
    "token response": (fuzz_answers.sure_token_responses, fuzz_answers.of_token_response),
    "userinfo": (fuzz_answers.sure_userinfo, fuzz_answers.of_userinfo),
    "callback": (fuzz_callback.sure_callbacks, fuzz_callback.of_callback),
}


@pytest.mark.parametrize("part", ID_TOKENS)
def test_no_forged_id_token_signs_in(world, part):
    sure, drawn = ID_TOKENS[part]
    at_the_token_endpoint = fuzz_id_token.at_the_token_endpoint
    world.attack(
        drawn().map(at_the_token_endpoint),
        sure=[*map(at_the_token_endpoint, sure())],
        at_least=fuzz_count.cases_for(part),
    )


@pytest.mark.parametrize("part", ANSWERS)
def test_no_forged_answer_signs_in(world, part):
    sure, drawn = ANSWERS[part]
    world.attack(drawn(), sure=sure(), at_least=fuzz_count.cases_for(part))


def test_no_forged_form_signs_in(world):
    world.slug = "posting"
    sure = [*fuzz_id_token.sure_claims(ALL_BUT_SUB), *fuzz_signature.sure_signatures()]
    forgeries = st.one_of(
        fuzz_id_token.of_claims(ALL_BUT_SUB),
        *(drawn() for part, (_, drawn) in ID_TOKENS.items() if part != "claims"),
    )
    world.attack(
        fuzz_callback.of_posted_answer(forgeries),
        sure=[*map(fuzz_callback.posted, sure)],
        at_least=fuzz_count.cases_for("posted answer"),
    )


def test_the_parts_are_all_of_it():
    assert {*ID_TOKENS, *ANSWERS, "posted answer"} == set(fuzz_count.PARTS)
    assert sum(map(fuzz_count.cases_for, fuzz_count.PARTS)) >= fuzz_count.CASES
