"""
The words that references are drawn from.

Each of the 1381 is from the English list of BIP-0039 (MIT licence), without the short, the gloomy and those
that sound like another; the first four letters tell them apart.
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


def draw_words(number: int) -> str:
    """Return that many random words with hyphens between them; they say nothing about what they stand for."""
    return "-".join(secrets.SystemRandom().choices(words(), k=number))


def normalize_reference(text: str) -> str:
    """Return a reference as it is stored, from however it was typed: other case, blanks, full stops."""
    return "-".join(re.findall(r"[a-z]+", text.lower()))


def number_of_words(text: str) -> int:
    """Return how many words of ours a text consists of; 0 if any of it is something else."""
    typed = re.fullmatch(r"\s*([a-z]+(?:[\s,.\-]+[a-z]+)*)[\s.]*", text[:100].lower())
    found = normalize_reference(typed.group(1)).split("-") if typed and len(text) <= 100 else []
    return len(found) if set(found) <= set(words()) else 0
