"""Text from strangers that is to become a name."""

import unicodedata

# Control characters, invisible formatting (bidirectional controls among them), surrogates, and the separators
# of lines and paragraphs: with them one name is shown as another.
DECEPTIVE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def is_deceptive(text: str) -> bool:
    """Tell whether `text` has characters that are not seen, or that change what is seen of the others."""
    return any(unicodedata.category(character) in DECEPTIVE for character in text)


def plain(text: str) -> str:
    """Return `text` without such characters, and without blanks around it."""
    return "".join(c for c in text if unicodedata.category(c) not in DECEPTIVE).strip()
