"""docs/events.md has every event that the code writes, and no other."""

import ast
import re

from providers.models import DiscoveryDrift, SignInAttempt
from providers.signin.traces import ACTIONS
from tests.support.servers import ROOT
from tokens.models import Credential

# The place of the event's name among the arguments.
WRITERS = {"record_event": 0, "record_change": 0, "happens": 1}
SIGN_INS = [ACTIONS.get(purpose, purpose) for purpose in SignInAttempt.Purpose.values]
# Names that are put together when the event is written.
COMPOSED = {
    *SIGN_INS,
    *(f"{name}_refused" for name in SIGN_INS),
    *(f"provider_drift_{decision}" for decision in DiscoveryDrift.Decision.values if decision),
    *(f"{kind}_added" for kind in Credential.Kind.values),
    *(f"{noun}_{verb}" for noun in ("user", "group") for verb in ("created", "changed", "deleted")),
}
# Names that a variable or a constant holds; each is somewhere in the code as it stands.
HELD = {
    *("break_glass_signin", "identity_created", "identity_linked", "provider_rolled_back"),
    *("provider_trial_confirmed", "provider_changed", "provider_enabled", "provider_disabled"),
}


def sources():
    for app in ("providers", "tokens", "ssoconsole"):
        yield from (path.read_text() for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)


def names_of_events():
    """The first argument of each writer: names that stand there, and the text of what else stands there."""
    told, others = set(), set()
    for node in (node for text in sources() for node in ast.walk(ast.parse(text))):
        if not isinstance(node, ast.Call):
            continue
        place = WRITERS.get(getattr(node.func, "id", None) or getattr(node.func, "attr", None))
        if place is not None and len(node.args) > place:
            name = node.args[place]
            (told if isinstance(name, ast.Constant) else others).add(
                name.value if isinstance(name, ast.Constant) else ast.unparse(name)
            )
    return told, others


def documented():
    page = (ROOT / "docs" / "events.md").read_text()
    cells = re.findall(r"^\| (`.+?`) \|", page, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]


def test_every_event_has_its_row_and_every_row_its_event():
    told, _ = names_of_events()
    rows = documented()
    assert len(rows) == len(set(rows)) > 60
    assert set(rows) == told | COMPOSED | HELD


def test_a_name_that_does_not_stand_where_the_event_is_written_is_known_here():
    """A new one is to be added to the sets above, and to the page."""
    _, others = names_of_events()
    assert others == {
        *("action", "ACTION", "CONFIRMED", "ROLLED_BACK", "f'{kind.value}_added'", "f'{noun}_deleted'"),
        *("f'provider_drift_{decision.value}'", "f'{noun}_changed' if change else f'{noun}_created'"),
        "action if attempt.outcome == SUCCESS else f'{action}_refused'",
    }
    code = "".join(sources())
    assert [name for name in HELD if f'"{name}"' not in code] == []
