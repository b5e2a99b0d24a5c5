"""Each code that a program can be refused with is explained, in the documentation by the same words."""

import inspect
import re
from pathlib import Path

import pytest
from rest_framework import exceptions

from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.jose import errors as jose_errors
from ssoconsole.platform.jose.errors import JwtRefused
from tokens import errors
from tokens.refusals.meanings import REFUSAL_MEANINGS, meaning_of

DOCUMENT = (Path(__file__).parents[3] / "docs" / "outcomes.md").read_text().partition("# Refusals of bots")[2]
ROWS = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", DOCUMENT, re.MULTILINE)


def codes_in(module, kind):
    found = [each for _, each in inspect.getmembers(module, inspect.isclass) if issubclass(each, kind)]
    return {getattr(each, "code", None) or each.default_code for each in found}


def test_every_code_that_there_is_has_a_meaning():
    every = codes_in(errors, DomainError) | codes_in(jose_errors, JwtRefused)
    every |= codes_in(exceptions, exceptions.APIException) | {"token_unreadable", "temporarily_unavailable"}
    assert set(REFUSAL_MEANINGS) == every


def test_the_documentation_and_the_table_are_the_same_words():
    assert {code: (happened, remedy) for code, happened, remedy in ROWS} == {
        code: (meaning.happened, meaning.remedy) for code, meaning in REFUSAL_MEANINGS.items()
    }


@pytest.mark.parametrize("code", [*REFUSAL_MEANINGS, "forgotten"])
def test_each_says_what_happened_what_was_expected_and_what_to_do(code):
    meaning = meaning_of(code)
    assert meaning.happened.endswith(".")
    assert meaning.remedy.endswith(".")
    assert meaning.expected
