"""Every deliberate misconfiguration is named, with the remedy; what works stays silent."""

import pytest

from providers.protocol.preflight.codes import CODES
from tests.providers.diagnosis.bases import BASES
from tests.providers.diagnosis.misconfigurations import ROWS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_what_is_broken_comes_first_with_its_remedy(examine, row):
    report = examine(row.base, row.breaks)
    assert report.findings, report.checks
    first = report.findings[0]
    assert first.code == row.code, report.findings
    assert row.words in first.remedy
    assert report.ok == (CODES[row.code].severity != "error")
    # One thing is broken, and no second error is made of it.
    errors = {each.code for each in report.findings if each.is_error}
    assert errors <= {row.code}, report.findings


@pytest.mark.parametrize("base", BASES)
def test_what_works_stays_silent(examine, base):
    report = examine(base)
    assert report.ok
    assert [each for each in report.findings if each.severity != "info"] == []
    assert not any(check.ok is False for check in report.checks)


def test_there_are_enough_rows_and_each_is_another_one():
    assert len({row.what for row in ROWS}) == len(ROWS) >= 60
    assert {row.base for row in ROWS} <= BASES.keys()
