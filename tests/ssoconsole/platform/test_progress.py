"""Whoever waits for a long command sees how far it has come."""

from io import StringIO

import pytest
from django.core.management.base import OutputWrapper

from ssoconsole.platform import progress
from ssoconsole.platform.progress import Progress


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.fixture
def told(monkeypatch):
    """What is told of so many items that take so many seconds each."""

    def told(stream, *, items=4, seconds=6.0, total=None):
        clock = iter(range(1000))
        monkeypatch.setattr(progress, "monotonic", lambda: 0.0)
        wrapped = stream if stream is None else OutputWrapper(stream)
        given = []
        for item in Progress(wrapped).over(range(items), total=total or items, what="bots"):
            given.append(item)
            now = (next(clock) + 1) * seconds
            monkeypatch.setattr(progress, "monotonic", lambda now=now: now)
        assert given == list(range(items))
        return stream.getvalue() if stream else None

    return told


def test_a_log_has_a_line_now_and_then(told):
    assert told(StringIO()) == "bots: 2 of 4\nbots: 4 of 4\n"


def test_a_terminal_has_a_bar_that_leaves_nothing_behind(told):
    said = told(Terminal(), items=2)
    assert said == f"\rbots [{'#' * 15:<30}] 1/2\rbots [{'#' * 30}] 2/2\r\x1b[K"


@pytest.mark.parametrize("stream", [StringIO, Terminal])
def test_what_is_soon_done_is_not_told(told, stream):
    assert told(stream(), seconds=0.01) == ""


def test_nobody_is_told_who_does_not_want_it(told):
    assert told(None) is None


def test_more_than_was_expected_is_no_fault(told):
    assert "4/2" in told(Terminal(), total=2)
