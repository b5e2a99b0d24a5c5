"""One line an event, for machines and for people, whatever a stranger writes into it."""

import io
import json
import logging

import pytest
import structlog

from ssoconsole.platform import logs


@pytest.fixture(params=["json", "console"])
def log(request):
    """The form, and what is written in it."""
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter(request.param))
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.INFO)
    yield request.param, stream
    root.removeHandler(handler)
    root.setLevel(level)


AWKWARD = ["\x1b[31mred", "\x9b31m", "two\nlines", "\r\x08", "\u2028", "\u202eltr", "\x00", "a\ttab"]


@pytest.mark.parametrize("text", AWKWARD, ids=ascii)
@pytest.mark.parametrize(
    "write",
    [
        lambda text: structlog.get_logger("anything").info("asked", path=text),
        lambda text: structlog.get_logger("anything").info(text),
        lambda text: logging.getLogger("anything").info("asked for %s", text),
        lambda text: logs.log_at_once(logging.getLogger("anything"), "request", path=text),
    ],
    ids=["field", "event", "Django's own", "at once"],
)
def test_no_text_moves_a_terminal_or_begins_a_line(log, write, text):
    write(text)
    line = log[1].getvalue()
    assert line.count("\n") == 1
    assert line.removesuffix("\n").isprintable()


def test_a_line_that_is_written_at_once_says_what_all_others_do(log):
    form, stream = log
    structlog.get_logger("requests").info("request", method="GET", status=200)
    logs.log_at_once(logging.getLogger("requests"), "request", method="GET", status=200)
    first, second = stream.getvalue().splitlines()
    if form == "json":
        first, second = json.loads(first), json.loads(second)
        assert {**first, "timestamp": ""} == {**second, "timestamp": ""}
        assert first["timestamp"][-1] == second["timestamp"][-1] == "Z"
    else:
        assert first.split(" ", 1)[1] == second.split(" ", 1)[1]


def test_nothing_is_written_at_once_below_the_level(log):
    logger = logging.getLogger("quiet")
    logger.setLevel(logging.WARNING)
    logs.log_at_once(logger, "request")
    assert log[1].getvalue() == ""


def test_django_writes_no_line_a_second_time():
    assert logging.getLogger("django").handlers == []
    assert logging.getLogger("django").propagate
