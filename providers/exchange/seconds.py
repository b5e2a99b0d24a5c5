"""Reading `expires_in` (RFC 6749 section 5.1, RFC 9126 section 2.2)."""


def whole_seconds(value: object) -> int | None:
    """Read leniently: providers send it as text or with a fraction too. None for what is no number from 0 up."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return int(value)
