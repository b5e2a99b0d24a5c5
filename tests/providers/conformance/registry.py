"""Which test is which module, and what the console does in it: what the tests assert and the table prints."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

from tests.providers.conformance.plans import PLANS, Plan
from tests.providers.conformance.profiles import PROFILES, Profile


@dataclass(frozen=True)
class Module:
    """
    A module as its test has it. `refuses` is the outcome code of a refusal, None where the module is accepted.

    `does` says what else there is to say; `only` names the one profile that the module applies to.
    """

    name: str
    test: Callable
    refuses: str | None
    does: str
    only: str | None

    @property
    def file(self) -> str:
        return Path(self.test.__code__.co_filename).name

    @property
    def profiles(self) -> tuple[Profile, ...]:
        return tuple(profile for profile in PROFILES if self.only in (None, profile.key))

    @property
    def verdict(self) -> str:
        said = f"refuses: `{self.refuses}`" if self.refuses else "accepts"
        return f"{said}; {self.does}" if self.does else said


@dataclass(frozen=True)
class Case:
    """One run of a module: in this plan, by a console with this profile."""

    module: Module
    plan: Plan
    profile: Profile

    @property
    def id(self) -> str:
        return f"{self.plan.key}-{self.profile.key}"


MODULES: dict[str, Module] = {}


def module(*, refuses: str | None = None, does: str = "", only: str | None = None) -> Callable:
    """
    Make a test the module that it is named after, run in every plan that has it and for every profile.

    Its `run` knows the case; a refusal is judged by the outcome given here.
    """

    def register(test: Callable) -> Callable:
        name = test.__name__.removeprefix("test_").replace("_", "-")
        MODULES[name] = Module(name, test, refuses, does, only)
        cases = cases_of(name)
        return pytest.mark.parametrize("run", cases, ids=[case.id for case in cases], indirect=True)(test)

    return register


def cases_of(name: str) -> list[Case]:
    """Every run of a module; none where no plan has it, which a test of the table finds."""
    plans = [plan for plan in PLANS if name in plan.modules]
    return [Case(MODULES[name], plan, profile) for plan in plans for profile in MODULES[name].profiles]


@dataclass(frozen=True)
class HappyPath:
    """A test that runs a plan's happy path against a provider that somebody else wrote."""

    plan: str
    test: Callable
    does: str


HAPPY_PATHS: dict[str, HappyPath] = {}


def happy_path(plan: str, does: str) -> Callable:
    """Make a test the happy path of a plan at npm's oidc-provider; `does` is its line in the table."""

    def register(test: Callable) -> Callable:
        HAPPY_PATHS[test.__name__] = HappyPath(plan, test, does)
        return test

    return register


def load_every_module() -> None:
    """Import the tests beside this file, so that nothing is missing here when only some of them run."""
    for file in sorted(Path(__file__).parent.glob("test_*_module*.py")):
        import_module(f"{__package__}.{file.stem}")
    import_module(f"{__package__}.test_real_provider_plans")
