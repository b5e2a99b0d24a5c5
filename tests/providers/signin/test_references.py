"""Three words that a person can read out, and no two alike."""

import re

import pytest

from providers.models import SignInAttempt
from providers.signin import attempts
from ssoconsole.platform import references
from tests.providers.signin.journey import trace_of


def test_there_are_enough_short_and_different_words():
    words = references.words()
    assert len(words) >= 1024
    assert all(re.fullmatch(r"[a-z]{4,7}", word) for word in words)
    assert len({word[:4] for word in words}) == len(words)


def test_a_reference_is_three_of_them():
    found = attempts.new_reference().split("-")
    assert len(found) == 3
    assert set(found) <= set(references.words())


@pytest.mark.parametrize("typed", ["canyon lamp violet", "Canyon-Lamp-Violet", " canyon  lamp,violet. "])
def test_a_reference_is_understood_however_it_is_typed(typed):
    assert references.normalize_reference(typed) == "canyon-lamp-violet"


def test_words_that_are_taken_are_drawn_again(db, visitor, monkeypatch):
    drawn = iter(["a-b-c", "a-b-c", "d-e-f"])
    monkeypatch.setattr(attempts, "new_reference", lambda: next(drawn))
    found = [trace_of(visitor.client.get("/callback?state=x")).reference for _ in range(2)]
    assert found == ["a-b-c", "d-e-f"]


def test_without_free_words_the_refusal_still_has_a_page(db, visitor, monkeypatch):
    monkeypatch.setattr(attempts, "new_reference", lambda: "a-b-c")
    visitor.client.get("/callback?state=x")
    response = visitor.client.get("/callback?state=x")
    assert response.status_code == 400
    assert re.search(r'data-reference="[a-z]+-[a-z]+-[a-z]+"', response.content.decode())
    assert SignInAttempt.objects.count() == 1
