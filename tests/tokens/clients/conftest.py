"""Consoles of their own process, and programs of npm beside them."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.optional import missing

ROOT = Path(__file__).resolve().parents[3]
CLIENTS = ROOT / "tests" / "support" / "clients"


@pytest.fixture
def console_with(forge, migrated_database, tmp_path, console_process):
    """The address of a running console that a configuration was applied to."""

    def start(configuration):
        env = {"DATABASE_URL": migrated_database, "DJANGO_SETTINGS_MODULE": "ssoconsole.settings"}
        file = tmp_path / "console.yaml"
        file.write_text(json.dumps(configuration))  # JSON is YAML
        forge.run(["manage.py", "apply", file], env=os.environ | env).check_returncode()
        return console_process(env=env).url

    return start


def learnt_by(script, *, folder=CLIENTS, **question):
    """What a program of Node prints as JSON; it finds npm's packages and its QUESTION."""
    if not (CLIENTS / "node_modules").is_dir() or not shutil.which("node"):
        missing("npm's OAuth clients", f"npm ci --no-audit --no-fund --prefix {CLIENTS.relative_to(ROOT)}")
    env = os.environ | {"QUESTION": json.dumps(question)}
    done = subprocess.run(["node", script], cwd=folder, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
