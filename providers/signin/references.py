"""
References in words: what a refused person can read out, and an administrator can look up.

Three of the 1381 words in `words.txt` make 2.6 thousand million references. The words are from the English
list of BIP-0039 (MIT licence), without the short, the gloomy and those that sound like another; the first
four letters tell them apart.
"""

import re
import secrets
from functools import cache
from pathlib import Path

WORDS_FILE = Path(__file__).with_name("words.txt")


@cache
def words() -> tuple[str, ...]:
    """All words there are, in the order of the file."""
    return tuple(WORDS_FILE.read_text(encoding="ascii").split())


def new_reference() -> str:
    """
    Three random words with hyphens between them, such as `canyon-lamp-violet`; says nothing about the
    attempt.
    """
    return "-".join(secrets.choice(words()) for _ in range(3))


def normalize_reference(text: str) -> str:
    """Return a reference as it is stored, from however it was typed: other case, blanks, full stops."""
    return "-".join(re.findall(r"[a-z]+", text.lower()))
