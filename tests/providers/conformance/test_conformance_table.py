"""docs/conformance.md says what the tests do, the plans are whole, and no module is let off."""

from types import SimpleNamespace

import pytest

from tests.providers.conformance import table
from tests.providers.conformance.plans import PLANS
from tests.providers.conformance.registry import HAPPY_PATHS, MODULES, cases_of, load_every_module

NUMBERS = {
    "basic": 14,
    "config": 6,
    "formpost-basic": 14,
    "formpost-implicit": 12,
    "rp-logout": 3,
    "backchannel": 8,
    "third-party-login": 1,
    "refresh": 3,
}
TESTS = sorted(table.HERE.glob("test_*_module*.py"))


@pytest.fixture(autouse=True)
def _every_module():
    load_every_module()


def test_the_document_is_what_the_tests_say_and_every_module_has_passed():
    written = table.DOCUMENT.read_text()
    assert written == table.with_tables(written, table.green()), (
        "run python -m tests.providers.conformance.table"
    )


def test_every_plan_has_its_number_of_modules():
    whole = [plan for plan in PLANS if not plan.selected]
    assert {plan.key: len(set(plan.modules)) for plan in whole} == NUMBERS
    assert {plan.key: plan.count for plan in whole} == NUMBERS


def test_every_module_has_a_test_and_every_test_a_module():
    assert {name for plan in PLANS for name in plan.modules} == MODULES.keys()
    written = "".join(file.read_text() for file in TESTS)
    assert written.count("\ndef test_") == len(MODULES)


def test_every_module_runs_for_both_profiles_unless_it_says_which():
    for name, module in MODULES.items():
        plans = [plan for plan in PLANS if name in plan.modules]
        assert len(cases_of(name)) == len(plans) * (1 if module.only else 2)


def test_every_plan_has_a_happy_path_at_a_real_provider():
    whole = [plan.key for plan in PLANS if not plan.selected]
    assert sorted(path.plan for path in HAPPY_PATHS.values()) == sorted(whole)


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_no_module_is_skipped_or_expected_to_fail(file):
    assert not {"skip", "xfail", "importorskip"} & set(
        file.read_text().replace("(", " ").replace(".", " ").split()
    )


def test_a_module_that_did_not_pass_is_told():
    results = table.green() | {"test_oidcc_client_test[basic-onelogin]": "failed"}
    del results["test_oidcc_client_test_invalid_iss[basic-custom]"]
    results |= {"test_basic": "skipped"}
    document = table.with_tables(f"{table.BEGIN}{table.END}", results)
    assert document.count("passed (custom), failed (onelogin)") == 1
    assert document.count("not run (custom), passed (onelogin)") == 1
    assert document.count("| skipped |") == 1


def test_a_test_that_breaks_while_it_is_taken_down_has_not_passed():
    recorder = table.Recorder()
    for when, outcome in [("setup", "passed"), ("call", "passed"), ("teardown", "failed")]:
        recorder.pytest_runtest_logreport(SimpleNamespace(nodeid="a::b[c]", when=when, outcome=outcome))
    assert recorder.results == {"b[c]": "failed"}


def test_without_node_nothing_is_written_and_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setattr("tests.support.real_provider.shutil.which", lambda name: None)
    monkeypatch.setattr(table, "pytest", None)  # nothing is run
    before = table.DOCUMENT.read_text()
    with pytest.raises(SystemExit, match=r"Node\.js(.|\n)*HINT: apt-get install nodejs"):
        table.main()
    assert table.DOCUMENT.read_text() == before
