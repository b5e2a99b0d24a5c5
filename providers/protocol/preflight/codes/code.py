"""One entry of the table of findings."""

from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "info"]


class Code(NamedTuple):
    """
    What a finding means, whatever the provider. `title` is the fact, `remedy` what the administrator does.

    An *error* stops people from signing in, or makes it unsafe; a *warning* may; *info* is good to know.
    """

    severity: Severity
    title: str
    remedy: str


Codes = dict[str, Code]
