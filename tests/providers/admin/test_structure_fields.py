"""Lists and maps are edited as lines, and nothing is lost on the way."""

import pytest
from django.forms import ValidationError

from providers.admin.fields import GroupRulesField, LinesField, PairsField

VALUES = [
    (LinesField, ["a", "b: c"]),
    (LinesField, []),
    (PairsField, {"a": "b", "url": "https://corp.example/x"}),
    (PairsField, {}),
    (GroupRulesField, [{"claim_value": "urn:a", "group": "A"}]),
    (GroupRulesField, []),
]


@pytest.mark.parametrize(("field", "value"), VALUES)
def test_a_value_comes_back_from_its_text(field, value):
    text = field(required=False).prepare_value(value)
    assert field(required=False).clean(text) == value
    assert not field(required=False).has_changed(value, text)


@pytest.mark.parametrize(("field", "value"), VALUES)
def test_nothing_typed_is_the_empty_value(field, value):
    assert field(required=False).clean(None) == field(required=False).clean("") == type(value)()


@pytest.mark.parametrize(("field", "text"), [(PairsField, "a"), (GroupRulesField, "a: b"), (LinesField, "[")])
def test_text_that_is_neither_lines_nor_json_is_refused_and_counts_as_a_change(field, text):
    with pytest.raises(ValidationError):
        field(required=False).clean(text)
    assert field(required=False).has_changed([], text)


@pytest.mark.parametrize("field", [LinesField, PairsField, GroupRulesField])
def test_a_damaged_value_is_shown_as_json(field):
    assert field(required=False).prepare_value([1]) == "[1]"
    assert field(required=False).prepare_value(None) is None
