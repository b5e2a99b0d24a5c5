"""An attempt as the steps of an examination."""

from providers.explanations.meanings import meaning_of
from providers.explanations.stages import stages_of
from providers.models import SignInAttempt
from ssoconsole.platform.examination.checks import Check, failed, passed


def checks_of_attempt(attempt: SignInAttempt) -> list[Check]:
    """Return the stages that were passed and, for a refused attempt, the outcome as the step that failed."""
    checks = [passed(stage.name, stage.took) for stage in stages_of(attempt) if stage.state == "passed"]
    if attempt.outcome == "ok":
        return checks
    meaning = meaning_of(attempt.outcome)
    name = attempt.outcome or "unfinished"
    expected = attempt.expected or "an answer that can be used"
    received = attempt.received or meaning.happened
    return [*checks, failed(name, expected=expected, received=received, remedy=meaning.remedy)]
