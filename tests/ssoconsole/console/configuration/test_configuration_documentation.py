"""docs/configuration.md is applied as it stands, so that it cannot rot."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from ssoconsole.console.configuration.shape import section_items

pytestmark = pytest.mark.django_db


@pytest.fixture
def blocks():
    text = (Path(settings.BASE_DIR) / "docs" / "configuration.md").read_text()
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_complete_example_applies(apply, blocks):
    example = next(text for language, text in blocks if language == "yaml")

    answer = apply(example)

    assert answer.summary == "4 created, 0 changed, 0 unchanged, 0 disabled", answer.err
    assert apply(example).out.startswith("Nothing to change.")


def test_the_complete_example_has_every_key(blocks):
    example = next(text for language, text in blocks if language == "yaml")

    for item in section_items().values():
        for key in item.keys:
            assert re.search(rf"\b{key}:", example), key


def test_the_example_of_errors_is_told_as_it_says(apply, blocks):
    example = [text for language, text in blocks if language == "yaml"][1]
    told = next(text for language, text in blocks if language == "text")

    answer = apply(example)

    assert [f"console.yaml:{line}" for line in answer.problems] == told.splitlines()
