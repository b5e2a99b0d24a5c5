"""docs/warnings.md explains every code that the watch can tell."""

import re
from pathlib import Path

from django.conf import settings

from providers.drift.pending import CODES


def test_the_table_is_complete_and_right():
    text = (Path(settings.BASE_DIR) / "docs" / "warnings.md").read_text()
    rows = re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \| (error|warning|info) \|", text, re.MULTILINE)
    told = {code: severity for codes, severity in rows for code in re.findall(r"`([a-z_]+)`", codes)}
    assert told == {code: severity for code, (severity, _, _) in CODES.items()}
