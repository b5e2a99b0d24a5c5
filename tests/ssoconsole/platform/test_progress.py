"""Whoever waits for a long command sees how far it has come."""

from io import StringIO

import pytest
from django.core.management import call_command, load_command_class
from django.core.management.base import OutputWrapper

from ssoconsole.platform import progress


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.fixture
def told(monkeypatch):
    """What is told of so many items that take so many seconds each."""

    def told(stream, *, items=4, seconds=6.0, total=4, each=1):
        clock = iter(range(1000))
        monkeypatch.setattr(progress, "monotonic", lambda: 0.0)
        wrapped = stream if stream is None else OutputWrapper(stream)
        given = []
        with progress.shown_on(wrapped):
            for item in progress.over(range(items), total=total, what="bots", each=each):
                given.append(item)
                now = (next(clock) + 1) * seconds
                monkeypatch.setattr(progress, "monotonic", lambda now=now: now)
        assert given == list(range(items))
        return stream.getvalue() if stream else None

    return told


def test_a_log_has_a_line_now_and_then(told):
    assert told(StringIO()) == "bots: 2 of 4\nbots: 4 of 4\n"


def test_a_terminal_has_a_bar_that_leaves_nothing_behind(told):
    said = told(Terminal(), items=2, total=2)
    assert said == f"\rbots [{'#' * 15:<30}] 1/2\rbots [{'#' * 30}] 2/2\r\x1b[K"


@pytest.mark.parametrize("stream", [StringIO, Terminal])
def test_what_is_soon_done_is_not_told(told, stream):
    assert told(stream(), seconds=0.01) == ""


def test_nobody_is_told_who_does_not_want_it(told):
    assert told(None) is None


def test_more_than_was_expected_is_no_fault(told):
    assert "4/2" in told(Terminal(), total=2)


def test_where_nobody_knows_how_many_there_are_it_is_told_how_many_were_done(told):
    assert told(StringIO(), total=None, each=1000) == "bots: 2000\nbots: 4000\n"
    assert told(Terminal(), total=None, items=1) == "\rbots: 1\r\x1b[K"


LONG = {"apply", "cleanup", "openmetadata_import", "reencrypt", "restore"}


@pytest.mark.parametrize("name", sorted(LONG))
@pytest.mark.parametrize("quiet", [False, True])
def test_a_long_command_tells_its_own_errors_stream_unless_it_is_to_be_quiet(monkeypatch, name, quiet):
    command = load_command_class("ssoconsole", name)
    monkeypatch.setattr(progress, "ELSEWHERE", 0.0)
    monkeypatch.setattr(
        type(command), "handle", lambda *_, **__: list(progress.over("ab", total=2, what="letters")) and None
    )
    said = StringIO()
    needed = {"apply": ["x"], "openmetadata_import": ["x"], "restore": ["x"]}.get(name, [])
    call_command(command, *needed, stderr=said, quiet=quiet)
    assert said.getvalue() == ("" if quiet else "letters: 1 of 2\nletters: 2 of 2\n")
    assert list(progress.over("ab", total=2, what="letters")) == ["a", "b"]
    assert said.getvalue().count("letters") == (0 if quiet else 2)  # nobody is told once it has ended
