"""docs/configuration.md is applied as it stands, so that it cannot rot."""

import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from ssoconsole.console.configuration.shape import section_items

pytestmark = pytest.mark.django_db


@pytest.fixture
def blocks():
    text = (Path(settings.BASE_DIR) / "docs" / "configuration.md").read_text()
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_complete_example_applies(apply, blocks):
    example = next(text for language, text in blocks if language == "yaml")

    answer = apply(example)

    assert answer.summary == "4 created, 0 changed, 0 unchanged, 0 disabled", answer.err
    assert apply(example).out.startswith("Nothing to change.")


def test_the_complete_example_has_every_key(blocks):
    example = next(text for language, text in blocks if language == "yaml")

    for item in section_items().values():
        for key in item.keys:
            assert re.search(rf"\b{key}:", example), key


def yaml_that(blocks, has):
    (found,) = [yaml.safe_load(text) for language, text in blocks if language == "yaml" and has in text]
    return found


def test_the_job_for_kubernetes_is_that_of_the_migrations_but_for_what_it_does(blocks):
    """The manifests under deploy/ are built and started by tests of their own; this one starts as they do."""
    job = yaml_that(blocks, "name: sso-console-apply")
    model = yaml.safe_load((Path(settings.BASE_DIR) / "deploy/kubernetes/base/migrate.yaml").read_text())
    model["metadata"] = job["metadata"]
    model["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] = "command"
    pod, mine = model["spec"]["template"]["spec"], job["spec"]["template"]["spec"]
    container, own = pod["containers"][0], mine["containers"][0]
    assert own["args"] == ["apply", "/etc/sso-console/console.yaml", "--prune"]
    container["args"] = own["args"]
    container["envFrom"] += [{"secretRef": {"name": "sso-console-clients"}}]
    container["volumeMounts"] += [
        {"name": "configuration", "mountPath": "/etc/sso-console", "readOnly": True}
    ]
    pod["volumes"] += [{"name": "configuration", "configMap": {"name": "sso-console-configuration"}}]
    assert job == model


def test_the_overlay_that_it_is_put_into_names_it_and_makes_its_file(blocks):
    mine = yaml_that(blocks, "configMapGenerator:")
    overlay = Path(settings.BASE_DIR) / "deploy/kubernetes/overlays/production/kustomization.yaml"
    model = yaml.safe_load(overlay.read_text())
    assert [each for each in mine["resources"] if each != "apply.yaml"] == model["resources"]
    assert mine["configMapGenerator"] == [{"name": "sso-console-configuration", "files": ["console.yaml"]}]
    assert [image["name"] for image in model["images"]] == [
        "sso-console"
    ]  # whose name and tag kustomize fills in


def test_the_example_of_errors_is_told_as_it_says(apply, blocks):
    example = [text for language, text in blocks if language == "yaml"][1]
    told = next(text for language, text in blocks if language == "text")

    answer = apply(example)

    assert [f"console.yaml:{line}" for line in answer.problems] == told.splitlines()
