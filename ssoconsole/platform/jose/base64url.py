"""base64url as RFC 7515 section 2 means it: no padding, and one spelling for each value."""

import base64


def encode(raw: bytes) -> str:
    """Return `raw` in base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """
    Return the bytes `text` stands for.

    Raises ValueError for padding, foreign characters and non-zero trailing bits: two texts for one value
    would let a token be altered and still verify.
    """
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != text.encode():
        raise ValueError("not canonical base64url")
    return raw
