"""The reference of a sign-in: what a refused person can read out, and an administrator can look up."""

from ssoconsole.references.words import draw_words, normalize_reference, words

__all__ = ["new_reference", "normalize_reference", "words"]

# 2.6 thousand million references. The traces of programs' refusals have more, so that one is never the other.
WORDS = 3


def new_reference() -> str:
    """Three random words with hyphens between them, such as `canyon-lamp-violet`."""
    return draw_words(WORDS)
