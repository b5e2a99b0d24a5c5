"""What is exported is right by the linter's own rules, and comes back as the same registration."""

import io
import itertools

import pytest
from django.core.management import call_command

from providers.models import Provider
from tests.providers.openmetadata.conftest import SECRET, exported, linted, registration

TARGETS = ("docker", "kubernetes", "bare-metal")
CARRIED = (
    "kind",
    "name",
    "issuer",
    "client_id",
    "token_endpoint_auth_method",
    "response_type",
    "pkce",
    "principal_claims",
    "admin_principals",
    "allowed_email_domains",
    "self_signup",
    "client_secret",
)
MAPPINGS = (
    {},
    {
        "principal_claims": ["upn", "sub"],
        "mapping": {"email": "mail", "name": "name", "groups": "groups"},
        "admin_principals": ["alice"],
    },
)
COMBINATIONS = list(
    itertools.product(("custom-oidc", "onelogin"), (True, False), TARGETS, (True, False), MAPPINGS)
)


def settings_file(files):
    """The one that holds the settings; a Compose override or a script are beside it."""
    return next(name for name in files if not name.endswith(".sh") and not name.startswith("docker-compose"))


def carried(provider):
    """Everything that OpenMetadata knows too; of the mapping that is the address, and not the groups."""
    return {name: getattr(provider, name) for name in CARRIED} | {"email": provider.mapping["email"]}


def import_file(path, **options):
    call_command("openmetadata_import", str(path), stdout=io.StringIO(), stderr=io.StringIO(), **options)


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "public", "target", "jwt", "mapping"), COMBINATIONS)
def test_an_export_is_clean_and_comes_back_the_same(
    kind, public, target, jwt, mapping, tmp_path, monkeypatch
):
    before = carried(registration(kind, public=public, **mapping))
    keys = {"jwt_keys": "/keys", "key_id": "7f1d2c1e-0000-4000-8000-000000000001"} if jwt else {}
    files = exported(tmp_path, target, server_url="https://metadata.example", **keys)
    assert linted(*tmp_path.iterdir()) == []
    assert not any(SECRET in text for text in files.values())

    Provider.objects.all().delete()
    for name in ("CORP_CLIENT_SECRET", "OIDC_CLIENT_SECRET"):
        monkeypatch.setenv(name, SECRET)
    # Helm's values name a Kubernetes secret, which only the administrator can reach.
    given = {"client_secret_env": "CORP_CLIENT_SECRET"} if target == "kubernetes" else {}
    import_file(tmp_path / settings_file(files), slug="corp", **given)
    assert carried(Provider.objects.get(slug="corp")) == before


@pytest.mark.django_db
@pytest.mark.parametrize("target", TARGETS)
def test_an_import_of_what_was_exported_changes_nothing(target, corp, tmp_path):
    files = exported(tmp_path, target)
    out = io.StringIO()
    call_command("openmetadata_import", str(tmp_path / settings_file(files)), dry_run=True, stdout=out)
    assert "Nothing to change." in out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("target", TARGETS)
def test_without_an_address_of_the_server_each_line_to_fill_in_says_so(target, corp, tmp_path):
    files = exported(tmp_path, target)
    lines = files[settings_file(files)].splitlines()
    local = [number for number, line in enumerate(lines) if "localhost:8585" in line]
    assert local
    assert all("Fill in: the address" in lines[number - 1] for number in local)
    assert linted(*tmp_path.iterdir()) == []
