"""Telling a name from what was pasted and may be a secret."""

import re

from tokens.protocol.client_secret import PREFIX
from tokens.protocol.examination.text import read_unverified

# Characters; the longest that is looked up are issuers.
LONGEST = 512

# The header of a JWT is a JSON object, in base64url; before it stands what is copied along. An address has an @.
_TOKEN = re.compile(
    r"(?i)\W{0,20}(?:authorization\W{1,5})?(?:bearer\W{1,5})?(?:ey[A-Za-z0-9]|ewo)[\w-]{16,}[^@]*"
)


def is_for_the_doctor(text: str) -> bool:
    """
    Tell whether a text is, or should be, a token or a secret: it is explained, never looked up and never shown.

    What is longer than any name is taken for one too.
    """
    if len(text) > LONGEST or text.startswith(PREFIX):
        return True
    return _TOKEN.fullmatch(text) is not None or read_unverified(text).header is not None
