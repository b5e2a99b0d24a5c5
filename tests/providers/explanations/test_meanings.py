"""What an administrator is told of an outcome is what the documentation says of it, word for word."""

import re
from pathlib import Path

import pytest

from providers.errors import every_outcome
from providers.explanations.meanings import LOGOUT_MEANINGS, MEANINGS, meaning_of
from providers.protocol.logout_token import every_logout_refusal

DOCUMENT = (Path(__file__).parents[3] / "docs" / "outcomes.md").read_text()
SIGN_INS = re.findall(r"^\| `(\w+)` \| \d+ \| (.+?) \| (.+?) \|$", DOCUMENT, re.MULTILINE)
LOGOUTS = re.findall(
    r"^\| `(\w+)` \| ([^|]+?) \| ([^|]+?) \|$", DOCUMENT.partition("# Refusals of bots")[0], re.MULTILINE
)


def test_the_documentation_of_sign_ins_and_the_table_are_the_same_words():
    assert {code: (happened, remedy) for code, happened, remedy in SIGN_INS} == {
        code: (meaning.happened, meaning.remedy) for code, meaning in MEANINGS.items()
    }


def test_the_documentation_of_logouts_and_the_table_are_the_same_words():
    assert {code: (happened, remedy) for code, happened, remedy in LOGOUTS} == {
        code: (meaning.happened, meaning.remedy) for code, meaning in LOGOUT_MEANINGS.items()
    }


def test_every_outcome_has_a_meaning_and_every_meaning_an_outcome():
    assert sorted(MEANINGS) == sorted(outcome.code for outcome in every_outcome())
    assert sorted(LOGOUT_MEANINGS) == sorted(refusal.code for refusal in every_logout_refusal())


@pytest.mark.parametrize("outcome", ["ok", "", "forgotten", *MEANINGS, *LOGOUT_MEANINGS])
def test_whatever_the_outcome_something_is_said(outcome):
    meaning = meaning_of(outcome)
    assert meaning.happened.endswith(".")
    assert meaning.remedy.endswith(".")
