"""Each code that a program can be refused with is explained."""

import inspect

import pytest
from rest_framework import exceptions

from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.jose import errors as jose_errors
from ssoconsole.platform.jose.errors import JwtRefused
from tokens import errors
from tokens.refusals.meanings import REFUSAL_MEANINGS, meaning_of


def codes_in(module, kind):
    found = [each for _, each in inspect.getmembers(module, inspect.isclass) if issubclass(each, kind)]
    return {getattr(each, "code", None) or each.default_code for each in found}


def test_every_code_that_there_is_has_a_meaning():
    every = codes_in(errors, DomainError) | codes_in(jose_errors, JwtRefused)
    every |= codes_in(exceptions, exceptions.APIException) | {"token_unreadable", "temporarily_unavailable"}
    assert set(REFUSAL_MEANINGS) == every


@pytest.mark.parametrize("code", [*REFUSAL_MEANINGS, "forgotten"])
def test_each_says_what_happened_what_was_expected_and_what_to_do(code):
    meaning = meaning_of(code)
    assert meaning.happened.endswith(".")
    assert meaning.remedy.endswith(".")
    assert meaning.expected
