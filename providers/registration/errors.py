"""Why a registration was not saved."""

from collections.abc import Mapping

from ssoconsole.platform.errors import DomainError


class RegistrationInvalid(DomainError):
    """The registration has errors; `problems` maps each field to sentences."""

    code = "registration_invalid"

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        self.problems = dict(problems)
        text = "; ".join(f"{field}: {' '.join(found)}" for field, found in self.problems.items())
        super().__init__(text, received=text)


class RehearsalRequired(DomainError):
    """This could lock people out, or let others in: it wants a rehearsal first."""

    code = "rehearsal_required"

    def __init__(self, changed: tuple[str, ...]) -> None:
        self.changed = changed
        super().__init__(
            expected="a successful rehearsal of this registration in the last 30 minutes, or the word “anyway”",
            received=f"a change of {', '.join(changed)} without one",
        )


class ProviderInUse(DomainError):
    """People, sessions or sign-in attempts refer to this provider: it can be disabled, not deleted."""

    code = "provider_in_use"
