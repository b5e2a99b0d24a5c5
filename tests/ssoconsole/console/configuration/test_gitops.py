"""What docs/gitops.md gives to other programs names options, exit codes and manifests that there are."""

import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from ssoconsole.management.commands.apply import Command

DOCUMENT = (Path(settings.BASE_DIR) / "docs" / "gitops.md").read_text()
CONFIGURATION = (Path(settings.BASE_DIR) / "docs" / "configuration.md").read_text()


def documents():
    for text in re.findall(r"^```yaml\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL):
        for document in yaml.safe_load_all(text):
            yield from document if isinstance(document, list) else [document]


def of_kind(kind):
    (found,) = [document for document in documents() if document.get("kind") == kind]
    return found


def test_argo_runs_the_job_after_the_roll_out_and_deletes_the_last_one():
    text = re.search(r"```yaml\n(apiVersion: batch/v1.*?)```", CONFIGURATION, re.DOTALL)[1]
    notes = yaml.safe_load(text)["metadata"]["annotations"]
    assert notes == {
        "argocd.argoproj.io/hook": "PostSync",
        "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation",
    }
    assert of_kind("Application")["spec"]["destination"]["namespace"] == "sso-console"


def test_flux_makes_the_job_anew_and_waits_for_it():
    spec, source = of_kind("Kustomization")["spec"], of_kind("GitRepository")["metadata"]
    assert (spec["force"], spec["wait"]) == (True, True)
    assert spec["sourceRef"] == {"kind": "GitRepository", "name": source["name"]}


def test_ansible_s_tasks_take_the_exit_codes_as_apply_gives_them():
    (play,) = [document for document in documents() if "tasks" in document]
    possible = Command().create_parser("manage.py", "apply")._option_string_actions
    commands = [task for task in play["tasks"] if "ansible.builtin.command" in task]
    for task in commands:
        program, command, _, *options = task["ansible.builtin.command"]["argv"]
        assert (program, command) == ("sso-console", "apply")
        assert [option for option in options if option not in possible] == []
        assert "--exit-code" in options
        name = task["register"]
        assert task["changed_when"] == f"{name}.rc == 2"
        assert task["failed_when"] == f"{name}.rc not in [0, 2]"
    (looks,) = [task for task in commands if task.get("check_mode") is False]
    assert "--dry-run" in looks["ansible.builtin.command"]["argv"]


@pytest.mark.parametrize(
    "option", sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", DOCUMENT)) - {"--check"})
)
def test_every_option_that_is_told_is_one_of_apply(option):
    assert option in Command().create_parser("manage.py", "apply")._option_string_actions
