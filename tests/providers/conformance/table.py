"""
The tables of docs/conformance.md: what the registry says of every module, and how it went.

`python -m tests.providers.conformance.table` runs the modules and writes them; a test keeps them equal to the
registry, with every module passed.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.providers.conformance.plans import PLANS, Plan
from tests.providers.conformance.registry import HAPPY_PATHS, MODULES, Case, cases_of, load_every_module
from tests.support.real_provider import what_is_lacking

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[2] / "docs" / "conformance.md"
BEGIN, END = "<!-- the tables begin -->\n", "<!-- the tables end -->\n"
PASSED = "passed"


class Recorder:
    """A pytest plugin that remembers how each test went; whatever did not pass is no pass, a skip neither."""

    def __init__(self) -> None:
        self.results: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = report.nodeid.rpartition("::")[2]
        if report.outcome != PASSED:
            self.results[test] = report.outcome
        elif report.when == "call":
            self.results.setdefault(test, PASSED)


def green() -> dict[str, str]:
    """The results that a run without a failure has."""
    load_every_module()
    cases = [(module, case) for name, module in MODULES.items() for case in cases_of(name)]
    results = {f"{module.test.__name__}[{case.id}]": PASSED for module, case in cases}
    return results | dict.fromkeys(HAPPY_PATHS, PASSED)


def with_tables(document: str, results: Mapping[str, str]) -> str:
    """The document with new tables; `results` has for each test that ran how it went: `test_name[case]`."""
    load_every_module()
    tables = "\n".join([_summary(), *(_plan(plan, results) for plan in PLANS), _happy_paths(results)])
    before, rest = document.split(BEGIN)
    return f"{before}{BEGIN}\n{tables}\n{END}{rest.split(END)[1]}"


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _head(*cells: str) -> list[str]:
    return [_row(*cells), f"|{'---|' * len(cells)}"]


def _summary() -> str:
    lines = ["## The plans", "", *_head("plan", "published as", "modules", "runs")]
    for plan in PLANS:
        runs = [case for name in plan.modules for case in _cases(plan, name)]
        number = f"{len(plan.modules)} more of {plan.count}" if plan.selected else plan.count
        lines.append(_row(plan.title, f"`{plan.published}`", number, len(runs)))
    return "\n".join([*lines, ""])


def _plan(plan: Plan, results: Mapping[str, str]) -> str:
    asks = f"`response_type={plan.response_type}`{', `response_mode=form_post`' if plan.form_post else ''}"
    lines = [f"## {plan.title}", "", f"`{plan.published}`, {asks}", ""]
    lines += _head("module", "profiles", "test", "the console", "result")
    return "\n".join([*lines, *(_module(plan, name, results) for name in plan.modules), ""])


def _module(plan: Plan, name: str, results: Mapping[str, str]) -> str:
    module, cases = MODULES[name], _cases(plan, name)
    profiles = ", ".join(case.profile.title for case in cases)
    went = {case.profile.key: results.get(f"{module.test.__name__}[{case.id}]", "not run") for case in cases}
    return _row(f"`{name}`", profiles, _link(module.test), module.verdict, _in_short(went))


def _cases(plan: Plan, name: str) -> list[Case]:
    return [case for case in cases_of(name) if case.plan is plan]


def _link(test: object) -> str:
    file = Path(test.__code__.co_filename).name
    return f"[`{test.__name__}`](../tests/providers/conformance/{file})"


def _in_short(went: Mapping[str, str]) -> str:
    """One word if it is the same for all, else each with what it is for."""
    words = set(went.values())
    return words.pop() if len(words) == 1 else ", ".join(f"{word} ({key})" for key, word in went.items())


def _happy_paths(results: Mapping[str, str]) -> str:
    lines = [
        "## At a provider that somebody else wrote",
        "",
        "Each plan's happy path at npm's `oidc-provider`; for OneLogin at its second issuer, shaped like that.",
        "",
        *_head("plan", "test", "what happens", "result"),
    ]
    for name, path in HAPPY_PATHS.items():
        [title] = [plan.title for plan in PLANS if plan.key == path.plan]
        went = {test: word for test, word in results.items() if re.fullmatch(rf"{name}(\[.*)?", test)}
        lines.append(_row(title, _link(path.test), path.does, _in_short(went or {name: "not run"})))
    return "\n".join([*lines, ""])


def main() -> int:
    """Run the modules, write the tables; the exit status is the run's. Where a part cannot run nothing is written."""
    if lacking := what_is_lacking():
        sys.exit(f"The happy paths need {lacking[0]}, and nothing was written.\n\tHINT: {lacking[1]}")
    recorder = Recorder()
    status = pytest.main([str(HERE), "-q", "--ignore-glob=*_table.py"], plugins=[recorder])
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(), recorder.results))
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
