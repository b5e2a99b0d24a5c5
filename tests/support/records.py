"""What an event has to say, where not every value is known beforehand."""


def fits(expected, found):
    """Tell whether `found` is what is expected, member by member; `...` stands for some value that is there."""
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and expected.keys() == found.keys()
            and all(fits(value, found[name]) for name, value in expected.items())
        )
    return bool(found) if expected is ... else found == expected
