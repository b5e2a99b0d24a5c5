"""Alarms and dashboard: taken and tried by promtool, and asking for nothing that the console does not serve."""

import json
import re

import pytest
import yaml
from django.test import Client

from ssoconsole.console.expiry.endings import KINDS
from ssoconsole.platform.runs.models import LastRun
from tests.deploy.names import DEPLOY
from tests.deploy.tools import run, tool
from tests.support.servers import ROOT

MONITORING = DEPLOY / "monitoring"
RULES = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"][0]["rules"]
PANELS = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
# What Prometheus itself adds to every series, and histograms to theirs.
EVERYWHERE = {"job", "instance", "namespace", "le"}


@pytest.fixture(scope="module")
def promtool():
    return tool("promtool", package="prometheus")


def expressions():
    """Every expression by where it stands."""
    found = {rule["alert"]: rule["expr"] for rule in RULES}
    for panel in PANELS:
        for target in panel["targets"]:
            found[f"{panel['title']} {target['refId']}"] = target["expr"]
    return found


def metrics_of(expression):
    """The metrics in an expression, each with the labels by which it is chosen."""
    for name, chosen in re.findall(r"(sso_console_\w+)(?:\{([^}]*)\})?", expression):
        yield name, set(re.findall(r"(\w+)\s*[=!]~?", chosen))


def grouped_by(expression):
    for labels in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression):
        yield from filter(None, re.split(r",\s*", labels))


def labels_of_the_docs():
    """The labels of each metric, by the table of docs/operation.md."""
    table = (ROOT / "docs" / "operation.md").read_text().split("## Metrics\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(sso_console_\w+)` \|([^|]*)\|", table, re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}


def family_of(name, known):
    """The metric that a series belongs to: a histogram has three kinds of them."""
    return name if name in known else re.sub(r"_(bucket|count|sum)$", "", name)


def test_the_rules_are_ones(promtool):
    run(promtool, "check", "rules", str(MONITORING / "alerts.yaml"))


def test_each_alarm_is_raised_when_it_should_be_and_not_otherwise(promtool):
    run(promtool, "test", "rules", str(MONITORING / "alerts_test.yaml"))


def test_one_that_is_wrong_would_be_found(promtool, tmp_path):
    for path in MONITORING.glob("alerts*.yaml"):
        text = path.read_text().replace("> 0.05", "> 0.5").replace('outcome!="ok"', 'outcome="ok"')
        (tmp_path / path.name).write_text(text)
    with pytest.raises(AssertionError, match="SSOConsoleErrors"):
        run(promtool, "test", "rules", str(tmp_path / "alerts_test.yaml"))


@pytest.mark.parametrize("alert", [rule["alert"] for rule in RULES])
def test_each_alarm_is_tried_and_explained(alert):
    tried = (MONITORING / "alerts_test.yaml").read_text()
    assert tried.count(alert) >= 2  # that it is raised, and that it is not where all is well
    assert f"| `{alert}` |" in (ROOT / "docs" / "deployment.md").read_text()


def test_every_expression_is_one(promtool, tmp_path):
    rules = [
        {
            "record": f"number_{number}",
            "expr": expression.replace("$__rate_interval", "5m").replace("$job", ".*"),
        }
        for number, expression in enumerate(expressions().values())
    ]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    run(promtool, "check", "rules", str(tmp_path / "rules.yaml"))


def test_nothing_is_asked_for_that_is_not_served(db):
    page = Client().get("/metrics", HTTP_HOST="localhost:8000").content.decode()
    served = dict(re.findall(r"^# TYPE (sso_console_\w+) (\w+)$", page, re.MULTILINE))
    asked = {name for text in expressions().values() for name, _ in metrics_of(text)}
    assert len(asked) > 20
    for name in asked:
        kind = served.get(family_of(name, served))
        assert kind, name
        assert (kind == "histogram") == (family_of(name, served) != name), name
        assert (kind == "counter") == name.endswith("_total"), name
    # And each of them is somewhere to be seen.
    targets = [target["expr"] for panel in PANELS for target in panel["targets"]]
    shown = {family_of(name, served) for text in targets for name, _ in metrics_of(text)}
    assert {name for name in served if not name.endswith("_created")} - shown == set()


@pytest.mark.parametrize("title", expressions())
def test_every_label_is_one_that_it_has(title):
    known, expression = labels_of_the_docs(), expressions()[title]
    here = set()
    for name, chosen in metrics_of(expression):
        labels = known[family_of(name, known)]
        assert chosen <= labels | EVERYWHERE, name
        here |= labels
    assert set(grouped_by(expression)) <= here | EVERYWHERE


def test_every_command_and_kind_that_is_named_is_one():
    known = {"what": set(LastRun.What.values), "kind": set(KINDS)}
    named = [
        (label, value)
        for text in (*expressions().values(), (MONITORING / "alerts_test.yaml").read_text())
        for label, values in re.findall(r'\b(what|kind)[=!]~?"([^"]+)"', text)
        for value in values.split("|")
    ]
    assert len(named) > 20
    assert [(label, value) for label, value in named if value not in known[label]] == []


def test_what_a_panel_says_of_a_series_is_one_of_its_labels():
    for panel in PANELS:
        for target in panel["targets"]:
            said = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert said <= set(grouped_by(target["expr"])), panel["title"]


def test_every_panel_has_a_place_of_its_own():
    taken = set()
    for panel in PANELS:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
