"""This release, as it is checked out, and the next one: the same with another version and one more migration."""

import re
import shutil
import sys

from tests.deploy.tools import run
from tests.support.servers import ROOT, SAFE

PARTS = (
    *("manage.py", "ssoconsole", "providers", "tokens", "templates", "static", "docs", "deploy"),
    *("requirements.txt", "requirements-otel.txt"),
)
OF_THE_IMAGE = ("manage.py", "ssoconsole", "providers", "tokens", "templates", "static", "deploy/docker")
UNSENT = shutil.ignore_patterns("__pycache__", "secrets", ".env", "tls", "settings")
NEXT = "9.9.9"
# On the table that is written while the release before serves: its code knows nothing of the column.
MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("tokens", "{latest}")]
    operations = [
        migrations.AddField("tokenrecord", "region", models.CharField(max_length=20, db_default="")),
    ]
"""


def check_out(folder):
    """What a clone of this repository has that is installed, without what an operator has put there."""
    for part in PARTS:
        _copy(ROOT / part, folder / part)
    return folder


def fetch_the_next(checkout):
    migrations = checkout / "tokens" / "migrations"
    latest = max(path.stem for path in migrations.glob("[0-9]*.py"))
    (migrations / "9999_where_a_token_was_issued.py").write_text(MIGRATION.format(latest=latest))
    version = checkout / "ssoconsole" / "platform" / "version.py"
    version.write_text(
        re.sub(r"^VERSION = .*$", f'VERSION = "{NEXT}"', version.read_text(), flags=re.MULTILINE)
    )


def build(checkout, image):
    """What an image has of a checkout, prepared as the Dockerfile does it."""
    for part in OF_THE_IMAGE:
        _copy(checkout / part, image / part)
    environment = SAFE | {"DJANGO_SETTINGS_MODULE": "ssoconsole.settings"}
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    run(*collect, cwd=image, env=environment)
    run(sys.executable, "-m", "compileall", "-q", "ssoconsole", "providers", "tokens", cwd=image)
    return image


def _copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=UNSENT, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)
