"""How long a token lives: seconds, or the words that OpenMetadata uses."""

from datetime import timedelta

from tokens.errors import LifetimeInvalid

WORDS: dict[str, timedelta | None] = {
    "OneHour": timedelta(hours=1),
    "1": timedelta(days=1),
    "7": timedelta(days=7),
    "30": timedelta(days=30),
    "60": timedelta(days=60),
    "90": timedelta(days=90),
    "Unlimited": None,
}
LONGEST = timedelta(days=36_525)  # a century: what is longer means Unlimited and should say so


def parse_lifetime(value: object) -> timedelta | None:
    """
    Return how long a token is to live, None for no end.

    A number is seconds; a text is one of the words, so that "1" is a day and 1 is a second. Raises
    LifetimeInvalid.
    """
    if isinstance(value, str) and value in WORDS:
        return WORDS[value]
    if isinstance(value, bool) or not isinstance(value, int):
        raise LifetimeInvalid(received=repr(value)[:50])
    if not 1 <= value <= LONGEST.total_seconds():
        raise LifetimeInvalid(
            expected=f"1 to {int(LONGEST.total_seconds())} seconds", received=str(value)[:50]
        )
    return timedelta(seconds=value)


def shown_lifetime(word: str) -> str:
    """Return one of the words as a person reads it."""
    if word.isdecimal():
        return "1 day" if word == "1" else f"{word} days"
    return {"OneHour": "1 hour", "Unlimited": "Unlimited: no end"}[word]


def parse_lifetime_text(text: str) -> timedelta | None:
    """Read a command line: one of the words, otherwise a number of seconds. Raises LifetimeInvalid."""
    seconds = text.isascii() and text.isdecimal() and len(text) < 20
    return parse_lifetime(int(text) if seconds and text not in WORDS else text)
