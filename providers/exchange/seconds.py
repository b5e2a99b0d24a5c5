"""Reading `expires_in` (RFC 6749 section 5.1, RFC 9126 section 2.2)."""


def whole_seconds(value: object) -> int | None:
    """Read leniently: providers send it as text too. None for what is no whole number from 0 up."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
