"""A reader of iCalendar (RFC 5545) that knows nothing of the writer: strict about lines, folds and escapes."""

import re
from datetime import UTC, datetime

LINE = re.compile(r"([A-Z-]+):(.*)", re.DOTALL)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
ESCAPES = {"\\": "\\", ";": ";", ",": ",", "n": "\n", "N": "\n"}
TEXTS = ("SUMMARY", "DESCRIPTION", "UID")
MOMENTS = ("DTSTART", "DTSTAMP")


def content_lines(raw):
    """The unfolded lines; the raw ones are checked for what section 3.1 demands."""
    assert raw.endswith(b"\r\n")
    physical = raw[:-2].split(b"\r\n")
    assert all(len(line) <= 75 for line in physical)
    assert all(b"\r" not in line and b"\n" not in line for line in physical)
    for line in physical:
        line.decode()  # no character is split
    lines = []
    for line in physical:
        if line.startswith((b" ", b"\t")):
            lines[-1] += line[1:]
        else:
            lines.append(line)
    return [line.decode() for line in lines]


def text(value):
    """Section 3.3.11: nothing stands for itself that must be escaped, and no escape is unknown."""
    assert not re.search(r"[;,]", ESCAPED.sub("", value))
    assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value)
    return ESCAPED.sub(lambda found: ESCAPES[found.group(1)], value)


def moment(value):
    return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def read(raw):
    """The events of a calendar, each a dict of its properties."""
    first, *inner, last = content_lines(raw)
    assert (first, last) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert "VERSION:2.0" in inner
    assert any(line.startswith("PRODID:") for line in inner)
    events, current = [], None
    for line in inner:
        name, value = LINE.fullmatch(line).groups()
        if (name, value) == ("BEGIN", "VEVENT"):
            assert current is None
            current = {}
        elif (name, value) == ("END", "VEVENT"):
            assert {"UID", "DTSTAMP", "DTSTART"} <= current.keys()
            events.append(current)
            current = None
        elif current is not None:
            assert name not in current
            current[name] = text(value) if name in TEXTS else moment(value) if name in MOMENTS else value
    assert current is None
    return events
