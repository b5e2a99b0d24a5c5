"""Of every outcome an administrator is told what it means."""

import pytest

from providers.errors import every_outcome
from providers.explanations.meanings import LOGOUT_MEANINGS, MEANINGS, meaning_of
from providers.protocol.logout_token import every_logout_refusal


def test_every_outcome_has_a_meaning_and_every_meaning_an_outcome():
    assert sorted(MEANINGS) == sorted(outcome.code for outcome in every_outcome())
    assert sorted(LOGOUT_MEANINGS) == sorted(refusal.code for refusal in every_logout_refusal())


@pytest.mark.parametrize("outcome", ["ok", "", "forgotten", *MEANINGS, *LOGOUT_MEANINGS])
def test_whatever_the_outcome_something_is_said(outcome):
    meaning = meaning_of(outcome)
    assert meaning.happened.endswith(".")
    assert meaning.remedy.endswith(".")
