"""What a test needs from outside Python may be missing on a developer's machine, never in CI."""

import os

import pytest


def missing(what, command):
    """Skip and say which command installs it; in CI (`CI=true`) a skip would hide a hole, so fail."""
    message = f"{what} is missing; run: {command}"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def mark_users_of(items, *, fixtures, marker):
    """Mark every collected test that asks for one of `fixtures`, so that `-m` can leave them out."""
    for item in items:
        if fixtures & set(getattr(item, "fixturenames", ())):
            item.add_marker(marker)
