"""Every finding is a fact with a remedy, and is made somewhere."""

import re
from pathlib import Path

from providers.protocol.preflight.codes import CODES
from tests.providers.diagnosis.misconfigurations import ROWS

ROOT = Path(__file__).parents[3]
QUOTED = re.compile(r'"([a-z]+_[a-z_]+)"')


def test_every_finding_has_a_fact_and_something_to_do():
    for code, (severity, title, remedy) in CODES.items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", code)
        assert severity in ("error", "warning", "info")
        assert re.fullmatch(r"[A-Z].+\.", title), code
        assert re.fullmatch(r"[A-Z].+\.", remedy), code
        assert "|" not in title + remedy


def test_every_row_of_misconfigurations_names_a_finding_that_there_is():
    assert {row.code for row in ROWS} <= CODES.keys()


def test_no_finding_is_documented_and_never_made():
    """Codes are written out in the judgements, or made of a prefix and the reason."""
    sources = [
        path.read_text()
        for folder in ("providers/diagnosis", "providers/protocol/preflight")
        for path in (ROOT / folder).rglob("*.py")
        if path.parent.name != "codes"
    ]
    made = {code for source in sources for code in QUOTED.findall(source)}
    reasons = {word for source in sources for word in re.findall(r'(?:"|}_)([a-z_]+)"', source)}
    for code in CODES:
        prefix, _, reason = code.partition("_")
        assert code in made or (prefix in ("discovery", "keys", "issuer") and reason in reasons), code
