"""What looks like a fault and is none stays silent: two set-ups and more for each finding there is."""

import ssl
from collections import Counter

import pytest

from providers.protocol.preflight.codes import CODES
from tests.providers.diagnosis.bases import BASES
from tests.providers.diagnosis.right_setups import RIGHT

TLS = [
    {"name": "localhost", "days": 32},
    {"name": "127.0.0.1", "days": 3650},
    {"name": "localhost", "days": 4},
    {"name": "localhost", "days": 29},
    {"name": "localhost", "days": 90, "highest": ssl.TLSVersion.TLSv1_2},
]
LIKE_NO_TLS = [code for code in CODES if code.startswith(("certificate_", "tls_"))]


@pytest.mark.parametrize("right", RIGHT, ids=lambda right: right.what)
def test_nothing_is_found_fault_with(examine, right):
    report = examine(right.base, right.made_by)
    assert [each for each in report.findings if each.severity != "info"] == []
    assert not {each.code for each in report.findings} & {*right.looks_like}
    assert report.ok


@pytest.mark.parametrize("options", TLS)
def test_no_fault_is_found_with_a_certificate_that_is_good(examine, authority, options):
    report = examine("tls", lambda op: op.speak_tls(authority.context(**options), options["name"]) or {})
    assert (report.ok, [*report.findings]) == (True, [])


def test_each_finding_has_two_that_look_like_it():
    counted = Counter(code for right in RIGHT for code in right.looks_like)
    counted.update(LIKE_NO_TLS * len(TLS))
    assert counted.keys() <= CODES.keys()
    assert [code for code in CODES if counted[code] < 2] == []
    assert len({right.what for right in RIGHT}) == len(RIGHT)
    assert {right.base for right in RIGHT} <= BASES.keys()
