"""Calendars as text (RFC 5545): the little of it that a feed of moments needs. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

PRODUCT = "-//SSO Console//Ending soon//EN"
LINE_OCTETS = 75  # section 3.1, without the line break


@dataclass(frozen=True, slots=True)
class Entry:
    """One moment in the calendar; `uid` is the same at every reading, so that calendars update it."""

    uid: str
    at: datetime
    summary: str
    description: str
    url: str


def calendar(name: str, entries: Iterable[Entry], *, stamp: datetime) -> bytes:
    """Return a whole VCALENDAR (section 3.4), in UTF-8, with lines that are folded and end in CRLF."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        f"X-WR-CALNAME:{_text(name)}",
        *(line for entry in entries for line in _event(entry, stamp)),
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def _event(entry: Entry, stamp: datetime) -> list[str]:
    """A VEVENT without a duration (section 3.6.1), which keeps nobody's time busy."""
    return [
        "BEGIN:VEVENT",
        f"UID:{_text(entry.uid)}",
        f"DTSTAMP:{_moment(stamp)}",
        f"DTSTART:{_moment(entry.at)}",
        f"SUMMARY:{_text(entry.summary)}",
        f"DESCRIPTION:{_text(entry.description)}",
        f"URL:{_plain(entry.url)}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _moment(moment: datetime) -> str:
    """Form 2 of section 3.3.5, UTC; the year has four digits whatever the C library thinks."""
    utc = moment.astimezone(UTC)
    return f"{utc.year:04}{utc:%m%dT%H%M%S}Z"


def _text(value: str) -> str:
    """Section 3.3.11: what would end the value or its line is escaped."""
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    lines = escaped.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\\n".join(_plain(line) for line in lines)


def _plain(value: str) -> str:
    """Without the controls that no content line may have, and without halves of surrogate pairs."""
    allowed = (letter for letter in value if letter == "\t" or ord(letter) >= 0x20)
    shown = (letter for letter in allowed if letter != "\x7f" and not 0xD800 <= ord(letter) <= 0xDFFF)
    return "".join(shown)


def _folded(line: str) -> bytes:
    """Section 3.1: at most 75 octets a line, never in the middle of a character; a blank begins the rest."""
    folded, room, octets = [], LINE_OCTETS, 0
    for letter in line:
        encoded = letter.encode()
        if octets + len(encoded) > room:
            folded.append(b"\r\n ")
            room, octets = LINE_OCTETS - 1, 0
        folded.append(encoded)
        octets += len(encoded)
    return b"".join(folded) + b"\r\n"
