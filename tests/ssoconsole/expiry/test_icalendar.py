"""Whatever a name holds, a calendar reads it as it is, and nothing of it becomes a line of its own."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ssoconsole.expiry.calendar.icalendar import Entry, calendar
from tests.ssoconsole.expiry.reading_calendars import content_lines, read

STAMP = datetime(2026, 11, 26, 21, 0, tzinfo=UTC)
MOMENTS = st.datetimes(timezones=st.timezones()).filter(lambda moment: 1970 <= moment.year <= 9998)
# Text with what the format is written in, more often than chance would have it.
TEXTS = st.text() | st.text(alphabet="\\;,:\r\n\t \"'äé\N{GRINNING FACE}BEGINVT", max_size=200)
ENTRIES = st.builds(
    Entry, uid=st.uuids().map(str), at=MOMENTS, summary=TEXTS, description=TEXTS, url=st.just("https://x/")
)


def as_read(value):
    """What is left of a text without line breaks of other systems and without controls."""
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        letter for letter in lines if letter in "\t\n" or (ord(letter) >= 0x20 and letter != "\x7f")
    )


def utc_second(moment):
    return moment.astimezone(UTC).replace(microsecond=0)


@given(entries=st.lists(ENTRIES, max_size=4))
def test_what_is_written_is_read(entries):
    events = read(calendar("SSO Console", entries, stamp=STAMP))
    assert [event["SUMMARY"] for event in events] == [as_read(entry.summary) for entry in entries]
    assert [event["DESCRIPTION"] for event in events] == [as_read(entry.description) for entry in entries]
    assert [event["DTSTART"] for event in events] == [utc_second(entry.at) for entry in entries]
    assert {event["DTSTAMP"] for event in events} <= {STAMP}


@given(name=TEXTS)
def test_a_name_begins_no_event(name):
    lines = content_lines(calendar(name, [], stamp=STAMP))
    assert len(lines) == 5
    assert read(calendar(name, [], stamp=STAMP)) == []


def test_halves_of_characters_are_left_out():
    entry = Entry("uid", STAMP, "a\ud800b", "", "https://x/")
    assert read(calendar("x", [entry], stamp=STAMP))[0]["SUMMARY"] == "ab"


def test_a_year_has_four_digits():
    entry = Entry("uid", datetime(33, 4, 3, tzinfo=UTC), "", "", "")
    assert b"DTSTART:00330403T000000Z\r\n" in calendar("x", [entry], stamp=STAMP)
